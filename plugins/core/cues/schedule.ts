export interface ReadingRules {
  readonly charsPerSecond: number;
  readonly minMs: number;
  readonly maxMs: number;
}

/** What is shown from one time to another. */
export interface Cue {
  /** Whole milliseconds from the start of the stream; `endMs` is always later. */
  readonly startMs: number;
  readonly endMs: number;
  readonly lines: readonly string[];
  readonly speaker?: string;
}

/** A cue at the times of its speech, before reading time is allowed for. */
export interface SpokenCue extends Cue {
  /** Columns of its longest language: people read one of them. */
  readonly readingChars: number;
}

/**
 * Gives cues their final times: each lasts as long as its speech, longer where reading takes longer and the next one leaves room, and
 * never past the next one. A cue that has no room for `minMs`, because people talk at once, makes the next one begin late.
 * @param spoken in any order; ties in time are kept as they stand.
 */
export function schedule(spoken: readonly SpokenCue[], rules: ReadingRules): Cue[] {
  const inOrder = [...spoken].sort((a, b) => a.startMs - b.startMs || a.endMs - b.endMs);
  let free = 0;
  return inOrder.map(({ startMs, endMs, lines, speaker, readingChars }, i) => {
    const start = Math.max(0, Math.round(startMs), free);
    const reading = Math.ceil((readingChars * 1000) / rules.charsPerSecond);
    const wanted = Math.min(rules.maxMs, Math.max(rules.minMs, reading, Math.round(endMs) - start));
    const next = inOrder[i + 1];
    const room = next === undefined ? wanted : Math.max(Math.round(next.startMs) - start, rules.minMs);
    free = start + Math.min(wanted, room);
    return { startMs: start, endMs: free, lines, ...(speaker === undefined ? {} : { speaker }) };
  });
}
