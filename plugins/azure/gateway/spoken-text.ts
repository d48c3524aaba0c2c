export interface Boundary {
  readonly text: string;
  readonly offsetMs: number;
  readonly durationMs: number;
  readonly kind: "WordBoundary" | "PunctuationBoundary";
}

/** Words and marks of a text over the time that it took, each as long as its letters: the workflow's voice does not say when it spoke them. */
export function boundaries(text: string, durationMs: number): Boundary[] {
  const pieces = [...text.matchAll(/[\p{L}\p{N}]+(?:['’-][\p{L}\p{N}]+)*|[.,!?;:。，！？；：]/gu)].map(
    ([piece]) => piece,
  );
  const weight = (piece: string) => (/^[\p{L}\p{N}]/u.test(piece) ? [...piece].length : 0);
  const total = pieces.reduce((sum, piece) => sum + weight(piece), 0);
  let offsetMs = 0;
  return pieces.map((piece) => {
    const own = total === 0 ? 0 : (durationMs * weight(piece)) / total;
    const kind = weight(piece) > 0 ? ("WordBoundary" as const) : ("PunctuationBoundary" as const);
    const found = { text: piece, offsetMs, durationMs: own, kind };
    offsetMs += own;
    return found;
  });
}
