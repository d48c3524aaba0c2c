/** Past this, a sentence is spoken in pieces: nothing of one is heard before the whole is made. */
const MAX_PIECE_CHARS = 300;

/**
 * What is spoken of a text, piece by piece: its sentences, very long ones cut at a comma or blank. Line ends and control characters are
 * blanks. Pieces with nothing but punctuation are left out, so the list may be empty.
 * @param language of the voice: where sentences end depends on it. What is no language tag counts as none.
 */
export function spokenSentences(text: string, language?: string): string[] {
  const clean = text.toWellFormed().replace(/[\p{Cc}\s]+/gu, " ");
  const segments = new Intl.Segmenter(knownTag(language), { granularity: "sentence" }).segment(clean.trim());
  const sentences: string[] = [];
  for (const { segment } of segments) {
    const before = sentences.at(-1);
    if (before !== undefined && endsInAbbreviation(before)) sentences[sentences.length - 1] = before + segment;
    else sentences.push(segment);
  }
  return sentences
    .flatMap(cutLong)
    .map((piece) => piece.trim())
    .filter((piece) => /[\p{L}\p{N}\p{S}]/u.test(piece));
}

/** Some codes of engines, such as espeak's `piqd`, are no language tags. */
function knownTag(code: string | undefined): string | undefined {
  if (code === undefined) return undefined;
  try {
    return new Intl.Locale(code).toString();
  } catch {
    return undefined;
  }
}

/** `Mr.`, `Sra.`, an initial: a short word with a capital, which seldom ends a sentence. Taken for one wrongly, it only makes a longer piece. */
const endsInAbbreviation = (sentence: string): boolean => /(?<![\p{L}\p{N}])\p{Lu}\p{L}{0,2}\.\s*$/u.test(sentence);

function cutLong(sentence: string): string[] {
  const pieces: string[] = [];
  let rest = sentence;
  while (rest.length > MAX_PIECE_CHARS) {
    const head = rest.slice(0, MAX_PIECE_CHARS);
    const comma = /[,;:、，；：—](?!.*[,;:、，；：—])/su.exec(head)?.index ?? 0;
    const blank = head.lastIndexOf(" ") + 1;
    const cut = (comma > MAX_PIECE_CHARS / 3 ? comma + 1 : blank) || wholeCharacters(head);
    pieces.push(rest.slice(0, cut));
    rest = rest.slice(cut);
  }
  return [...pieces, rest];
}

/** The length of a text without half a surrogate pair at its end. */
const wholeCharacters = (text: string): number => (text.toWellFormed() === text ? text.length : text.length - 1);
