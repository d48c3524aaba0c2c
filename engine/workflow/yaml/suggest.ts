/**
 * The candidate that a misspelt word most probably means: the nearest by edits (insert, delete, replace, swap neighbours), at most one
 * edit in each three letters (none but of case in shorter words); undefined where none is near or two are equally near.
 */
export function suggest(word: string, candidates: Iterable<string>): string | undefined {
  if (word.length > 64) return undefined; // no word of ours is that long, and the table grows with the square
  const allowed = Math.floor(word.length / 3);
  let best: string | undefined;
  let bestEdits = allowed + 1;
  let tied = false;
  for (const candidate of new Set(candidates)) {
    if (candidate === word || Math.abs(candidate.length - word.length) > allowed) continue;
    const edits = editDistance(word.toLowerCase(), candidate.toLowerCase());
    if (edits < bestEdits) [best, bestEdits, tied] = [candidate, edits, false];
    else if (edits === bestEdits) tied = true;
  }
  return tied ? undefined : best;
}

/** `; did you mean x?`, or nothing. */
export const didYouMean = (suggestion: string | undefined): string =>
  suggestion === undefined ? "" : `; did you mean ${suggestion}?`;

/** Edits between two words, a swap of neighbours counted as one (optimal string alignment). */
export function editDistance(a: string, b: string): number {
  let beforeLast: number[] = [];
  let last = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      const replaced = last[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1);
      let edits = Math.min(replaced, last[j]! + 1, row[j - 1]! + 1);
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1])
        edits = Math.min(edits, beforeLast[j - 2]! + 1);
      row.push(edits);
    }
    [beforeLast, last] = [last, row];
  }
  return last[b.length]!;
}
