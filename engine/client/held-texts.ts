interface Text {
  readonly text: string;
  readonly language?: string;
  readonly utterance?: string;
}

/** What a sender holds of a track of texts. Positions count texts. */
export class HeldTexts {
  readonly #texts: Text[] = [];
  /** Position of the first text that is held. */
  #first = 0;
  #sent = 0;
  #known = false;

  get allSent(): boolean {
    return this.#sent >= this.#first + this.#texts.length;
  }

  get holds(): number | undefined {
    return this.#known ? this.#first : undefined;
  }

  put(text: Text): void {
    this.#texts.push(text);
  }

  /** The server names the position to go on from. The first time that is where this sender begins. */
  goOn(received: number): void {
    if (!this.#known) this.#first = received;
    this.#known = true;
    this.#sent = Math.max(this.#first, received);
  }

  drop(kept: number): void {
    if (!this.#known) return;
    const safe = Math.min(kept, this.#sent) - this.#first;
    if (safe <= 0) return;
    this.#texts.splice(0, safe);
    this.#first += safe;
  }

  /** The next text to send, up to that position; undefined where there is none. */
  next(limit: number): Text | undefined {
    if (!this.#known || this.#sent >= limit) return undefined;
    const text = this.#texts[this.#sent - this.#first];
    if (text) this.#sent += 1;
    return text;
  }
}
