import { durationMs, type Frame, sampleCount } from "../../frames/index.ts";
import { FrameInput } from "../frame-input.ts";
import type { Received } from "../node.ts";

/** The input of a node inside another: filled by the outer one, frame by frame. */
export class InnerInput extends FrameInput {
  readonly #frames: Received[] = [];
  #ms = 0;
  #samples = 0;
  #ended = false;
  #reader: (() => void)[] = [];
  #writer: (() => void)[] = [];

  /** @param mostMs of audio that may wait before `room` makes the writer wait. */
  constructor(readonly mostMs: number) {
    super();
  }

  /** Samples per channel of audio that wait. */
  get samples(): number {
    return this.#samples;
  }

  push(received: Received): void {
    this.#frames.push(received);
    this.#count(received.frame, 1);
    this.#wake();
  }

  end(): void {
    this.#ended = true;
    this.#wake();
  }

  room(): Promise<void> | undefined {
    if (this.#ms < this.mostMs) return undefined;
    return new Promise((resolve) => this.#writer.push(resolve));
  }

  poll(): Received | undefined {
    const received = this.#frames.shift();
    if (received) this.#count(received.frame, -1);
    return received;
  }

  async next(): Promise<Received | undefined> {
    while (this.#frames.length === 0 && !this.#ended) await new Promise<void>((resolve) => this.#reader.push(resolve));
    return this.poll();
  }

  #wake(): void {
    for (const wake of this.#reader.splice(0)) wake();
  }

  #count(frame: Frame, sign: 1 | -1): void {
    this.#ms += sign * durationMs(frame);
    if (frame.kind === "audio") this.#samples += sign * sampleCount(frame);
    if (sign < 0 && this.#ms < this.mostMs) for (const wake of this.#writer.splice(0)) wake();
  }
}
