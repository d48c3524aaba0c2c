/** Behind these a word is whole: a blank, or a sign of a script without blanks. */
const WHOLE = /[\s\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}、。，！？：；]/u;

/** A text that comes in pieces, cut anywhere. It only grows; what stands of it in whole words is its stable part. */
export class GrowingText {
  #whole = "";
  /** Of `#whole`, up to where words are whole. */
  #wholeWords = 0;

  push(piece: string): void {
    const from = this.#whole.length;
    this.#whole += this.#whole === "" ? piece.trimStart() : piece;
    for (let at = this.#whole.length; at > from; at--)
      if (WHOLE.test(this.#whole[at - 1]!)) {
        this.#wholeWords = at;
        break;
      }
  }

  /** Without blanks around it. */
  get text(): string {
    return this.#whole.trimEnd();
  }

  /** With the blank behind it once more follows: by that a sentence is known to be over. */
  get stableChars(): number {
    return Math.min(this.#wholeWords, this.text.length);
  }

  /** Cuts it to so many characters, at the end of a word where there is one. @returns whether it was longer */
  cut(chars: number): boolean {
    if (this.#whole.length <= chars) return false;
    const kept = this.#whole.slice(0, chars);
    const blank = kept.search(/\s\S*$/u);
    this.#whole = blank > 0 ? kept.slice(0, blank) : kept.replace(/[\uD800-\uDBFF]$/u, "");
    this.#wholeWords = Math.min(this.#wholeWords, this.#whole.length);
    return true;
  }
}
