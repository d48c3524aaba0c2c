/** After it a sentence may be spoken: a full stop of either world, and what closes quotations. */
const SENTENCE = /^[\s\S]*?(?:[.!?;…]["')\]]?(?=\s)|[。！？；…]["’”」』）]?|\n)/u;

/** Text that comes in pieces, given out by whole sentences. */
export class SentenceCutter {
  #waiting = "";

  /** The sentences that a piece completes. */
  push(text: string): string[] {
    this.#waiting += text;
    const found: string[] = [];
    for (let next = SENTENCE.exec(this.#waiting)?.[0]; next; next = SENTENCE.exec(this.#waiting)?.[0]) {
      this.#waiting = this.#waiting.slice(next.length);
      found.push(next);
    }
    return found.filter(isSpeakable);
  }

  /** What is there, though it may be no whole sentence. */
  rest(): string[] {
    const rest = this.#waiting;
    this.#waiting = "";
    return [rest].filter(isSpeakable);
  }
}

const isSpeakable = (text: string): boolean => text.trim() !== "";
