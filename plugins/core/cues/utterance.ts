import { layOut, Span } from "./lines.ts";
import type { SpokenCue } from "./schedule.ts";
import { type SplitRules, split } from "./split.ts";
import { tidy, type Unit, unitsOf } from "./units.ts";
import { type SpokenText, timesOf, withPauses } from "./word-times.ts";

/** What was said in one utterance, in each of the languages that are shown. */
export interface SpokenUtterance {
  /** In the order of display. Texts may be untidy; empty ones are not shown. */
  readonly texts: readonly SpokenText[];
  readonly speaker?: string;
}

export interface UtteranceRules extends SplitRules {
  /** Puts `SPEAKER: ` before the first words of an utterance. */
  readonly prefix: boolean;
}

/**
 * The cues of one utterance, in order of time. Their times are those of the first text with words, else of the first text; the others
 * follow by share of their length. No text, no cues.
 */
export function cuesOf(utterance: SpokenUtterance, rules: UtteranceRules): SpokenCue[] {
  const texts = utterance.texts
    .map((spoken) => ({ ...spoken, text: tidy(spoken.text) }))
    .filter(({ text }) => text !== "");
  const timed = texts.find(({ words }) => words !== undefined && words.length > 0) ?? texts[0];
  if (timed === undefined) return [];
  const speaker = utterance.speaker === undefined ? undefined : tidy(utterance.speaker);
  const plain = unitsOf(timed.text, rules.lineChars);
  const times = timesOf(timed, plain);
  const units = texts.map((spoken, i) => {
    const own = spoken === timed ? withPauses(plain, times) : unitsOf(spoken.text, rules.lineChars);
    return i === 0 && rules.prefix && speaker ? [...prefixUnits(speaker, rules.lineChars), ...spaced(own)] : own;
  });
  const spans = units.map(Span.of);
  const lead = texts.indexOf(timed);
  const inLeadOrder = [...spans.slice(lead, lead + 1), ...spans.slice(0, lead), ...spans.slice(lead + 1)];
  const [first, last] = [plain[0], plain.at(-1)];
  const startMs = first === undefined ? timed.startMs : times.startOf(first);
  const endMs = last === undefined ? timed.endMs : times.endOf(last);
  return split({ spans: inLeadOrder, startMs, endMs }, times, rules).map((group) => {
    const [timedSpan, ...others] = group.spans;
    const shown = [...others.slice(0, lead), ...(timedSpan ? [timedSpan] : []), ...others.slice(lead)];
    return {
      startMs: group.startMs,
      endMs: group.endMs,
      lines: shown.flatMap((span) => layOut(span, rules)),
      readingChars: Math.max(...shown.map((span) => span.width)),
      ...(speaker ? { speaker } : {}),
    };
  });
}

/** They stand at the start of the text and take no time. */
const prefixUnits = (speaker: string, lineChars: number): Unit[] =>
  unitsOf(`${speaker}:`, lineChars).map((unit) => ({ ...unit, from: 0, to: 0, ends: "word" }));

const spaced = ([first, ...rest]: readonly Unit[]): Unit[] => (first ? [{ ...first, spaced: true }, ...rest] : []);
