import { EngineError } from "#engine/errors";
import type { Control, DataFrame, TextFrame } from "../frames/index.ts";
import type { TaskInput } from "./node.ts";

type Item = TextFrame | DataFrame;

/**
 * Works on texts and data one after the other, and gives up what a barge-in makes pointless: the text under work, whose signal aborts, and
 * texts that waited at that moment. What is protected, belongs to the utterance that barged in or stands behind it, or is data, is worked on.
 */
export class TextWork {
  #current: { readonly item: Item; readonly stop: AbortController } | undefined;
  /** The utterance that barged in, while texts may wait that came before it. */
  #bargedBy: string | undefined;

  /** @param gaveUp is told of each text that was given up. */
  constructor(private readonly gaveUp: (text: TextFrame) => void) {}

  /**
   * @param work gets each text or piece of data, with a signal that aborts when it is not wanted any more; what it throws then is passed over.
   */
  async run(
    input: TaskInput,
    signal: AbortSignal,
    work: (item: Item, signal: AbortSignal) => Promise<void>,
  ): Promise<void> {
    for (let item = await this.#next(input); item; item = await this.#next(input)) {
      const stop = new AbortController();
      this.#current = { item, stop };
      try {
        await work(item, AbortSignal.any([signal, stop.signal]));
      } catch (error) {
        if (!stop.signal.aborted || signal.aborted) throw error;
      } finally {
        this.#current = undefined;
      }
    }
  }

  /** For the node's `onControl`. */
  onControl(control: Control): void {
    if (control.kind !== "barge-in") return;
    this.#bargedBy = control.utterance;
    const current = this.#current;
    if (!current || !givesWay(current.item, control.utterance)) return;
    this.gaveUp(current.item);
    current.stop.abort(new EngineError("RUN_CANCELLED", "somebody spoke over it"));
  }

  /** What is there at once after a barge-in came before it; the first that has to be waited for did not. */
  async #next(input: TaskInput): Promise<Item | undefined> {
    for (;;) {
      const waiting = this.#bargedBy === undefined ? undefined : input.poll();
      if (!waiting) this.#bargedBy = undefined;
      const received = waiting ?? (await input.next());
      if (!received) return undefined;
      const { frame } = received;
      if (frame.kind !== "text" && frame.kind !== "data") continue;
      if (frame.kind === "text" && frame.utterance === this.#bargedBy) this.#bargedBy = undefined;
      if (this.#bargedBy === undefined || !givesWay(frame, this.#bargedBy)) return frame;
      this.gaveUp(frame);
    }
  }
}

const givesWay = (item: Item, utterance: string): item is TextFrame =>
  item.kind === "text" && !item.protected && item.utterance !== utterance;
