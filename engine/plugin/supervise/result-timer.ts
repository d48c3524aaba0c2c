import { EngineError } from "#engine/errors";
import type { Frame } from "#engine/frames";
import type { Clock } from "../clock.ts";

/** One key for what is not told apart by utterances. */
const FRAME = "";

/**
 * Watches how long one instance takes to answer; time in which it waits for room behind it does not count.
 *
 * Of a node that works on one frame at a time: from being handed a frame to its first output, or to asking for the next frame.
 * Of a recogniser: from a closing mark to the final of that utterance. One that emits nothing for an utterance and asks for
 * more input has heard nothing in it, and owes nothing; one that has shown a partial owes the final however far it reads on, unless it
 * took the partial back by an empty one.
 */
export class ResultTimer {
  readonly #pending = new Map<string, () => void>();
  /** Utterances of which a partial stands and no final has come. */
  readonly #shown = new Set<string>();
  #blocked = 0;

  constructor(
    readonly options: {
      readonly type: string;
      readonly clock: Clock;
      readonly byUtterance: boolean;
      readonly resultMs?: number;
    },
    readonly onLate: (error: EngineError) => void,
  ) {}

  handed(frame: Frame): void {
    if (!this.options.byUtterance) this.#arm(FRAME);
    else if (frame.kind === "speech" && frame.mark === "end") this.#arm(frame.utterance);
  }

  asked(): void {
    for (const key of this.#pending.keys()) if (!this.#shown.has(key)) this.#disarm(key);
  }

  emitted(frame: Frame): void {
    if (!this.options.byUtterance) this.#disarm(FRAME);
    else if (frame.kind === "text" && frame.final) {
      this.#disarm(frame.utterance);
      this.#shown.delete(frame.utterance);
    } else if (frame.kind === "text" && frame.text === "") this.#shown.delete(frame.utterance);
    else if (frame.kind === "text") this.#shown.add(frame.utterance);
  }

  /** Time stands still for the instance until `room` resolves. */
  async pauseFor(room: Promise<void>): Promise<void> {
    this.#blocked++;
    try {
      await room;
    } finally {
      this.#blocked--;
    }
  }

  clear(): void {
    for (const callOff of this.#pending.values()) callOff();
    this.#pending.clear();
  }

  #arm(key: string): void {
    const { clock, resultMs, type } = this.options;
    if (resultMs === undefined) return;
    const onTime = () => {
      if (this.#blocked > 0) return this.#arm(key);
      this.#pending.delete(key);
      const what = key === FRAME ? "a frame" : `utterance ${key}`;
      this.onLate(new EngineError("RESULT_LATE", `${type}: no result for ${what} in ${resultMs} ms`));
    };
    this.#disarm(key);
    this.#pending.set(key, clock.after(resultMs, onTime));
  }

  #disarm(key: string): void {
    this.#pending.get(key)?.();
    this.#pending.delete(key);
  }
}
