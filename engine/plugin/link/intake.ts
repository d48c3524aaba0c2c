import { durationMs, type Frame, sampleCount } from "../../frames/index.ts";

/** What a link has to do next: send a frame, or something that the run or a timer asks for between frames. */
export type Item = { readonly frame: Frame } | { readonly order: "flush" | "idle" | "renew" };

/** Frames that came and were not sent yet, bounded in media time. It never drops: who fills it waits. */
export class Intake {
  readonly #items: Item[] = [];
  #ms = 0;
  #samples = 0;
  #ended = false;
  #reader: (() => void)[] = [];
  #writer: (() => void)[] = [];

  constructor(readonly mostMs: number) {}

  /** Samples per channel of audio. */
  get samples(): number {
    return this.#samples;
  }

  get isEmpty(): boolean {
    return this.#items.length === 0;
  }

  push(item: Item): void {
    this.#items.push(item);
    this.#count(item, 1);
    for (const wake of this.#reader.splice(0)) wake();
  }

  end(): void {
    this.#ended = true;
    for (const wake of this.#reader.splice(0)) wake();
  }

  /** Resolves when another frame may be pushed. */
  room(): Promise<void> | undefined {
    if (this.#ms < this.mostMs) return undefined;
    return new Promise((resolve) => this.#writer.push(resolve));
  }

  /** The next item, or undefined after the last. */
  async next(): Promise<Item | undefined> {
    while (this.#items.length === 0 && !this.#ended) await new Promise<void>((resolve) => this.#reader.push(resolve));
    const item = this.#items.shift();
    if (item) this.#count(item, -1);
    return item;
  }

  /** Takes out what is not wanted any more, such as texts that a barge-in drops. */
  remove(unwanted: (frame: Frame) => boolean): number {
    const kept = this.#items.filter((item) => !("frame" in item && unwanted(item.frame)));
    const removed = this.#items.length - kept.length;
    for (const item of this.#items) if (!kept.includes(item)) this.#count(item, -1);
    this.#items.splice(0, this.#items.length, ...kept);
    return removed;
  }

  #count(item: Item, sign: 1 | -1): void {
    if (!("frame" in item)) return;
    this.#ms += sign * durationMs(item.frame);
    if (item.frame.kind === "audio") this.#samples += sign * sampleCount(item.frame);
    if (sign < 0 && this.#ms < this.mostMs) for (const wake of this.#writer.splice(0)) wake();
  }
}
