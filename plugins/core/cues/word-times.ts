import type { Unit } from "./units.ts";

/** A word as heard, in milliseconds from the start of the stream. */
export interface TimedWord {
  readonly text: string;
  readonly startMs: number;
  readonly endMs: number;
}

export interface SpokenText {
  /** Tidy: see `tidy`. */
  readonly text: string;
  readonly startMs: number;
  readonly endMs: number;
  readonly words?: readonly TimedWord[];
}

/** When the units of a text were spoken, in milliseconds, rising. */
export interface UnitTimes {
  startOf(unit: Unit): number;
  endOf(unit: Unit): number;
}

interface Anchor {
  /** How many letters and digits stand before it. */
  readonly at: number;
  readonly ms: number;
}

/** How many letters a word may be ahead of where it was expected, when the text was rewritten after recognition (numbers, spelling). */
const LOOK_AHEAD_LETTERS = 40;

/**
 * Times of units, from the words found in the text, and between them by share of letters. Without words the whole text is shared out so.
 * Only letters and digits are counted, so punctuation after a word ends with the word.
 */
export function timesOf(spoken: SpokenText, units: readonly Unit[]): UnitTimes {
  const letters = lettersOf(spoken.text);
  const total = letters.text.length;
  if (total === 0) return { startOf: () => spoken.startMs, endOf: () => spoken.endMs };
  const anchors = anchorsOf(spoken, letters, new Set(units.map((unit) => letters.before[unit.from] ?? total)));
  return {
    startOf: (unit) => startAt(anchors, letters.before[unit.from] ?? total),
    endOf: (unit) => endAt(anchors, letters.before[unit.to] ?? total),
  };
}

/** A silence this long between two words is where a phrase ends; a recogniser that writes no commas leaves no other sign. */
const PAUSE_MS = 300;

/** The same units, with the pauses between words taken for ends of phrases. */
export const withPauses = (units: readonly Unit[], times: UnitTimes): Unit[] =>
  units.map((unit, i) => {
    const next = units[i + 1];
    const pausing = next !== undefined && unit.ends === "word" && times.startOf(next) - times.endOf(unit) >= PAUSE_MS;
    return pausing ? { ...unit, ends: "phrase" } : unit;
  });

interface Letters {
  /** Letters and digits in lower case, nothing else. */
  readonly text: string;
  /** For each UTF-16 offset of the text, how many of them stand before it. */
  readonly before: Uint32Array;
}

const lettersIn = (text: string): string => text.toLowerCase().replace(/[^\p{L}\p{N}]/gu, "");

function lettersOf(text: string): Letters {
  const before = new Uint32Array(text.length + 1);
  let kept = "";
  let offset = 0;
  for (const character of text) {
    before.fill(kept.length, offset, offset + character.length);
    kept += lettersIn(character);
    offset += character.length;
  }
  before[text.length] = kept.length;
  return { text: kept, before };
}

/** In rising order of place and time; where two stand at one place, the first ends what is before it and the last begins what follows. */
function anchorsOf(spoken: SpokenText, letters: Letters, boundaries: ReadonlySet<number>): Anchor[] {
  const total = letters.text.length;
  const anchors: Anchor[] = [];
  let cursor = 0;
  for (const word of spoken.words ?? []) {
    const wanted = lettersIn(word.text);
    const at = wanted === "" ? undefined : place(letters.text, wanted, cursor, boundaries);
    if (at === undefined) continue;
    cursor = at + wanted.length;
    anchors.push({ at, ms: word.startMs }, { at: cursor, ms: word.endMs });
  }
  if (anchors[0]?.at !== 0) anchors.unshift({ at: 0, ms: spoken.startMs });
  if (anchors.at(-1)?.at !== total) anchors.push({ at: total, ms: spoken.endMs });
  let latest = Number.NEGATIVE_INFINITY;
  return anchors.map(({ at, ms }) => {
    latest = Math.max(latest, ms);
    return { at, ms: latest };
  });
}

function place(letters: string, wanted: string, cursor: number, boundaries: ReadonlySet<number>): number | undefined {
  if (letters.startsWith(wanted, cursor)) return cursor;
  const at = letters.slice(cursor, cursor + LOOK_AHEAD_LETTERS + wanted.length).indexOf(wanted);
  if (at < 0) return undefined;
  const end = cursor + at + wanted.length;
  return boundaries.has(cursor + at) && (boundaries.has(end) || end === letters.length) ? cursor + at : undefined;
}

function startAt(anchors: readonly Anchor[], at: number): number {
  const next = firstFrom(anchors, at + 1);
  return between(anchors[next - 1], anchors[next], at);
}

function endAt(anchors: readonly Anchor[], at: number): number {
  const next = firstFrom(anchors, at);
  return anchors[next]?.at === at ? anchors[next].ms : between(anchors[next - 1], anchors[next], at);
}

/** The index of the first anchor at or after a place, by halving; their number where there is none. */
function firstFrom(anchors: readonly Anchor[], place: number): number {
  let low = 0;
  let high = anchors.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((anchors[middle]?.at ?? place) < place) low = middle + 1;
    else high = middle;
  }
  return low;
}

function between(before: Anchor | undefined, after: Anchor | undefined, at: number): number {
  if (before === undefined || after === undefined) return (before ?? after)?.ms ?? 0;
  return before.ms + ((at - before.at) / (after.at - before.at)) * (after.ms - before.ms);
}
