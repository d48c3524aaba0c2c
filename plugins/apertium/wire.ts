/**
 * Apertium's stream format: plain text with some characters escaped, blanks in brackets, requests ended by a NUL.
 * @see https://wiki.apertium.org/wiki/Apertium_stream_format
 */

/** Ends every request and every answer. */
export const REQUEST_END = "\0";

/**
 * What is sent after a text that does not end a sentence itself. The full stop makes the tagger read a whole sentence; the blank before it
 * keeps it from becoming part of the last word (`no.` is read as an abbreviation); without the bracketed blank no answer comes.
 */
const SENTENCE_TAIL = " .[]\n";
const PLAIN_TAIL = "[]\n";

/** Whether an answer, up to its NUL, came from the first stage through to the last. */
export const isWhole = (answer: string): boolean => answer.endsWith(PLAIN_TAIL);

/** One line without control characters, or nothing at all: what may go into a request. */
export const cleanText = (text: string): string =>
  text
    .toWellFormed()
    .replace(/[\p{Cc}\s]+/gu, " ")
    .trim();

/** A clean, non-empty text as a request. */
export function toRequest(text: string): string {
  const escaped = text.replace(/[[\]{}^$/\\@<>]/g, "\\$&").replaceAll("~", "[~]"); // the last stage takes a bare tilde for a mark of its own and drops it, escaped or not
  return escaped + (endsSentence(text) ? PLAIN_TAIL : SENTENCE_TAIL) + REQUEST_END;
}

const endsSentence = (text: string): boolean => /[.!?…][\p{Pe}\p{Pf}"']*$/u.test(text);

/**
 * What an answer says, in sentence case: where the first word is all small letters, as recognisers write, it gets a capital.
 * @param answer up to its NUL, which is left out.
 * @param text the clean text that was asked for.
 * @param language BCP 47, of the answer.
 */
export function fromAnswer(answer: string, text: string, language: string): string {
  const body = endsSentence(text) ? answer : answer.replace(/\.?\[\]\n$/, "");
  const plain = body.replace(/\\(.)|[[\]]/gsu, "$1");
  return sentenceCase(plain.replace(/\s+/g, " ").trim(), language);
}

function sentenceCase(text: string, language: string): string {
  const [, before = "", word = ""] = /^([^\p{L}\p{N}]*)(\p{L}[\p{L}\p{M}'’]*)/u.exec(text) ?? [];
  if (word !== word.toLocaleLowerCase(language)) return text;
  const [first = "", ...rest] = word;
  return before + first.toLocaleUpperCase(language) + rest.join("") + text.slice(before.length + word.length);
}
