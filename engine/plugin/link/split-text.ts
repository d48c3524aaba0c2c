/** Ends of sentences in the writing of either world, of clauses, of words; then anywhere. */
const CUTS = [/(?<=[.!?;…]["')\]]?\s|[。！？；…]["’”」』）]?|\n)/u, /(?<=[,:]\s|[，、：])/u, /(?<=\s)/u, /(?:)/u];

/**
 * Cuts a text that is to be spoken into pieces that a service takes: at the ends of sentences, else of clauses, else of words, and within a
 * word only where it alone is too long. Joined again they are the text.
 * @param limit in what `lengthOf` counts.
 */
export const splitText = (text: string, limit: number, lengthOf: (text: string) => number): string[] =>
  splitAt(text, limit, lengthOf, CUTS);

function splitAt(
  text: string,
  limit: number,
  lengthOf: (text: string) => number,
  [cut, ...finer]: readonly RegExp[],
): string[] {
  if (lengthOf(text) <= limit || cut === undefined) return text === "" ? [] : [text];
  const pieces: string[] = [];
  let piece = "";
  for (const part of text.split(cut)) {
    if (lengthOf(piece) + lengthOf(part) <= limit) {
      piece += part;
      continue;
    }
    if (piece !== "") pieces.push(piece);
    const parts = splitAt(part, limit, lengthOf, finer);
    piece = parts.pop() ?? "";
    pieces.push(...parts);
  }
  return piece === "" ? pieces : [...pieces, piece];
}
