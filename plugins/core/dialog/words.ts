/** A word of a text, as it is compared and where it stands. */
export interface SpokenWord {
  /** Lower case, without the ways of writing that sound alike. */
  readonly word: string;
  /** In UTF-16 units of the text. */
  readonly from: number;
  readonly to: number;
}

/** Scripts without spaces give a word for each character; elsewhere an apostrophe within belongs to the word, a hyphen parts two. */
const WORD =
  /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}]|(?:(?![\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}])[\p{L}\p{M}\p{N}])+(?:['’](?:(?![\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}])[\p{L}\p{M}])+)*/gu;

/** What a text says, word by word: punctuation, capitals and the width of letters do not count. */
export function spokenWords(text: string): SpokenWord[] {
  return Array.from(text.matchAll(WORD), ({ 0: found, index }) => ({
    word: comparable(found),
    from: index,
    to: index + found.length,
  }));
}

const comparable = (word: string): string => word.normalize("NFKC").toLowerCase().replaceAll("’", "'");
