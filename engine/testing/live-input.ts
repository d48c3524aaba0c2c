import { z } from "zod";
import { type AudioFormat, defineNode, type Frame, type FrameKind, type NodeDefinition } from "#engine/plugin";

/** How much may wait for the run before who pushes has to. */
const MOST_WAITING = 64;

/** A source of a run whose frames are pushed from outside: what a live input of a workflow is bound to. */
export class LiveInput {
  readonly definition: NodeDefinition;
  readonly #frames: Frame[] = [];
  #ended = false;
  #wake: (() => void) | undefined;
  #room: (() => void)[] = [];

  constructor(kind: FrameKind, audio?: AudioFormat) {
    this.definition = defineNode({
      type: "inputs.live",
      summary: "Gives what is pushed from outside.",
      role: "source",
      shape: "task",
      inputs: {},
      outputs: { out: { kinds: [kind], ...(audio && { audio }) } },
      config: z.strictObject({}),
      create: () => ({
        run: async (_input, emit, signal) => {
          const stop = () => this.#wake?.();
          signal.addEventListener("abort", stop, { once: true });
          for (;;) {
            signal.throwIfAborted();
            const frame = this.#frames.shift();
            if (frame) {
              for (const resolve of this.#room.splice(0)) resolve();
              await emit(frame);
            } else if (this.#ended) return;
            else
              await new Promise<void>((resolve) => {
                this.#wake = resolve;
              });
          }
        },
        close: () => {
          this.#ended = true;
          for (const resolve of this.#room.splice(0)) resolve();
        },
      }),
    });
  }

  /** Resolves when there is room for more. */
  push(frame: Frame): Promise<void> | undefined {
    if (this.#ended) return undefined;
    this.#frames.push(frame);
    this.#wake?.();
    if (this.#frames.length < MOST_WAITING) return undefined;
    return new Promise((resolve) => this.#room.push(resolve));
  }

  end(): void {
    this.#ended = true;
    this.#wake?.();
  }
}
