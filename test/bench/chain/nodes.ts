import { z } from "zod";
import { type AwaitableEmit, defineNode, definePlugin, type Emit, type Frame, type InlineNode } from "#engine/plugin";

const SAMPLES = 320;
const RATE_HZ = 16_000;

/** What the sources and sinks of one measurement share. */
export interface Traffic {
  /** Sources begin when this resolves. */
  readonly begun: Promise<void>;
  readonly framesPerRun: number;
  /** Called by the sinks for each frame. */
  arrived(): void;
}

const silence = z.strictObject({});
const audio = { kinds: ["audio"], audio: { sampleRateHz: RATE_HZ, channels: 1 } } as const;

class Pass implements InlineNode {
  seen = 0;

  onFrame(frame: Frame, emit: Emit): void {
    if (frame.kind === "audio") this.seen += frame.pcm[0]! + 1;
    emit(frame);
  }
}

/** A source of fresh 640-byte frames that come as fast as there is room, a node that passes on what it gets, and a sink that counts. */
export const chainPlugin = (traffic: () => Traffic) =>
  definePlugin({
    name: "bench",
    nodes: [
      defineNode({
        type: "bench.source",
        summary: "Emits frames of silence as fast as there is room.",
        role: "source",
        shape: "task",
        inputs: {},
        outputs: { out: audio },
        config: silence,
        create: () => ({ run: (_input, emit) => flood(emit, traffic()) }),
      }),
      defineNode({
        type: "bench.pass",
        summary: "Looks at a sample of each frame and passes it on.",
        role: "filter",
        inputs: { in: audio },
        outputs: { out: audio },
        config: silence,
        create: () => new Pass(),
      }),
      defineNode({
        type: "bench.sink",
        summary: "Counts frames.",
        role: "sink",
        inputs: { in: audio },
        outputs: {},
        config: silence,
        create: () => {
          const { arrived } = traffic();
          return { onFrame: () => arrived() };
        },
      }),
    ],
  });

async function flood(emit: AwaitableEmit, { begun, framesPerRun }: Traffic): Promise<void> {
  await begun;
  for (let i = 0; i < framesPerRun; i++) {
    const room = emit({
      kind: "audio",
      pcm: new Int16Array(SAMPLES),
      sampleRateHz: RATE_HZ,
      channels: 1,
      startSample: i * SAMPLES,
    });
    if (room) await room;
  }
}
