import { sampleCount } from "../frames/index.ts";
import type { Received, TaskInput } from "./node.ts";

/** An input that takes a flush between two frames, and can be read ahead of while its reader waits for something else. */
export class Intake {
  readonly #input: TaskInput;
  readonly #limitSamples: number;
  readonly #ahead: Received[] = [];
  #aheadSamples = 0;
  /** The one read that is under way; it never rejects. */
  #reading: Promise<void> | undefined;
  #ended = false;
  #failure: { readonly error: unknown } | undefined;
  #flushed = false;
  #wake: (() => void) | undefined;

  /** @param limitSamples how much audio `during` may take in, within one frame. */
  constructor(input: TaskInput, limitSamples: number) {
    this.#input = input;
    this.#limitSamples = limitSamples;
  }

  /** What comes next; undefined after the last. A flush overtakes the frames. Rejects with what the input rejects with. */
  async next(): Promise<Received | "flush" | undefined> {
    for (;;) {
      if (this.#flushed) {
        this.#flushed = false;
        return "flush";
      }
      const received = this.#ahead.shift();
      if (received) {
        this.#aheadSamples -= samplesOf(received);
        return received;
      }
      if (this.#failure) throw this.#failure.error;
      if (this.#ended) return undefined;
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
        void this.#read().then(resolve);
      });
    }
  }

  flush(): void {
    this.#flushed = true;
    this.#wake?.();
  }

  /** Awaits a piece of work and takes in, meanwhile, what comes: a live source does not wait, and its edge would drop. */
  async during<T>(work: Promise<T>): Promise<T> {
    let busy = true;
    const done = work.finally(() => {
      busy = false;
    });
    void this.#readWhile(() => busy);
    return done;
  }

  async #readWhile(wanted: () => boolean): Promise<void> {
    while (wanted() && !this.#ended && !this.#failure && this.#aheadSamples < this.#limitSamples) await this.#read();
  }

  #read(): Promise<void> {
    this.#reading ??= this.#input
      .next()
      .then(
        (received) => {
          if (!received) this.#ended = true;
          else {
            this.#ahead.push(received);
            this.#aheadSamples += samplesOf(received);
          }
        },
        (error: unknown) => {
          this.#failure = { error };
        },
      )
      .finally(() => {
        this.#reading = undefined;
      });
    return this.#reading;
  }
}

const samplesOf = ({ frame }: Received): number => (frame.kind === "audio" ? sampleCount(frame) : 0);
