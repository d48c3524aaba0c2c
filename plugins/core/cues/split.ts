import { cutCost, fits, type LineRules, type Span } from "./lines.ts";
import type { UnitTimes } from "./word-times.ts";

export interface SplitRules extends LineRules {
  /** A cue's shortest time; sentences shorter than that stay with their neighbours. */
  readonly minMs: number;
  /** Speech that takes longer is cut. */
  readonly maxMs: number;
}

/** What one cue shows: the same stretch of an utterance in each of its languages. A language that has run out of words has an empty span. */
export interface Group {
  readonly spans: readonly Span[];
  readonly startMs: number;
  readonly endMs: number;
}

/**
 * Cuts an utterance into what its cues show: at ends of sentences, then at ends of phrases, then between words.
 * @param times of the units of the first span; the other spans are cut at the same share of their text.
 */
export function split(whole: Group, times: UnitTimes, rules: SplitRules): Group[] {
  return sentences(whole, times, rules).flatMap((group) => halves(group, times, rules));
}

/** One group for each sentence that is long enough to stand alone; only where all languages have as many sentences. */
function sentences(whole: Group, times: UnitTimes, rules: SplitRules): Group[] {
  const ends = whole.spans.map(sentenceEnds);
  const count = ends[0]?.length ?? 0;
  if (count < 2 || ends.some((each) => each.length !== count)) return [whole];
  const groups: Group[] = [];
  let rest = whole;
  for (let i = 0; i < count - 1; i++) {
    const at = ends.map((each) => each[i] ?? 0);
    const [head, tail] = cutAt(rest, times, at);
    if (head.endMs - head.startMs < rules.minMs || tail.endMs - tail.startMs < rules.minMs) continue;
    groups.push(head);
    rest = tail;
  }
  return [...groups, rest];
}

function sentenceEnds(span: Span): number[] {
  const ends: number[] = [];
  for (let i = span.low; i < span.high; i++)
    if (i === span.high - 1 || span.units[i]?.ends === "sentence") ends.push(i + 1);
  return ends;
}

function halves(group: Group, times: UnitTimes, rules: SplitRules): Group[] {
  const lasts = group.endMs - group.startMs;
  if (lasts <= rules.maxMs && group.spans.every((span) => fits(span, rules))) return [group];
  const lead = leader(group);
  if (lead === undefined) return [group];
  const capacity = rules.lineChars * rules.lines;
  const cues = Math.max(
    2,
    Math.ceil(lasts / rules.maxMs),
    ...group.spans.map((span) => Math.ceil(span.width / capacity)),
  );
  const leadEnd = bestCut(lead, Math.floor(cues / 2) / cues);
  const share = lead.widthTo(leadEnd) / lead.width;
  const at = group.spans.map((span) => (span === lead ? leadEnd : bestCut(span, share)));
  return cutAt(group, times, at).flatMap((half) => halves(half, times, rules));
}

/** The span whose cut decides: the one that times are known of, or the widest where that has no place left to be cut. */
function leader(group: Group): Span | undefined {
  const [timed, ...others] = group.spans;
  if (timed !== undefined && timed.size > 1) return timed;
  return others.filter((span) => span.size > 1).sort((a, b) => b.width - a.width)[0];
}

/** The best place to cut near a share of the width. A span of one unit goes to the first half whole. */
function bestCut(span: Span, share: number): number {
  let best = span.high;
  let bestCost = Number.POSITIVE_INFINITY;
  for (let end = span.low + 1; end < span.high; end++) {
    const cost = Math.abs(span.widthTo(end) / span.width - share) + cutCost(span.units[end - 1]);
    if (cost < bestCost) [best, bestCost] = [end, cost];
  }
  return best;
}

function cutAt(group: Group, times: UnitTimes, at: readonly number[]): [Group, Group] {
  const heads = group.spans.map((span, i) => span.slice(span.low, at[i] ?? span.high));
  const tails = group.spans.map((span, i) => span.slice(at[i] ?? span.high, span.high));
  const lastTimed = heads[0]?.units[(at[0] ?? 0) - 1];
  const firstTimed = tails[0]?.units[at[0] ?? 0];
  if (lastTimed !== undefined && firstTimed !== undefined && tails[0]?.size !== 0)
    return [
      { spans: heads, startMs: group.startMs, endMs: times.endOf(lastTimed) },
      { spans: tails, startMs: times.startOf(firstTimed), endMs: group.endMs },
    ];
  const share = widthOf(heads) / (widthOf(heads) + widthOf(tails));
  const middle = group.startMs + share * (group.endMs - group.startMs);
  return [
    { spans: heads, startMs: group.startMs, endMs: middle },
    { spans: tails, startMs: middle, endMs: group.endMs },
  ];
}

const widthOf = (spans: readonly Span[]): number => spans.reduce((sum, span) => sum + span.width, 0);
