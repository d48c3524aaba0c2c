import { z } from "zod";
import { type AudioFrame, defineNode } from "#engine/plugin";

/** When which frame is due, told to all that play the sentence by one timer, as a server's socket would bring them. */
export class Beat {
  readonly #due: readonly PromiseWithResolvers<void>[];

  constructor(frames: readonly AudioFrame[], speed: number) {
    this.#due = frames.map(() => Promise.withResolvers<void>());
    const beganMs = performance.now();
    const beat = async () => {
      for (const [index, { resolve }] of this.#due.entries()) {
        const waitMs = beganMs + ((index + 1) * 20) / speed - performance.now();
        if (waitMs > 0) await Bun.sleep(waitMs);
        resolve();
      }
    };
    void beat();
  }

  of(index: number): Promise<void> | undefined {
    return this.#due[index]?.promise;
  }
}

/** Plays the sentence at its pace. @param beatNow of those that begin now. */
export const talker = (frames: readonly AudioFrame[], beatNow: () => Beat) =>
  defineNode({
    type: "bench.talker",
    summary: "Plays the sentence.",
    role: "source",
    shape: "task",
    inputs: {},
    outputs: { out: { kinds: ["audio"], audio: { sampleRateHz: 16_000, channels: 1, frameMs: 20 } } },
    config: z.strictObject({}),
    create: () => ({
      async run(_input, emit) {
        const beat = beatNow();
        for (const [index, frame] of frames.entries()) {
          await beat.of(index);
          const room = emit(frame);
          if (room) await room;
        }
      },
    }),
  });
