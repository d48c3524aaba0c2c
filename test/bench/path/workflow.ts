import { z } from "zod";
import { defineNode, definePlugin, type NodeDefinition, NodeTypes } from "#engine/plugin";
import { LiveInput } from "#engine/runtime";
import { type Plan, planWorkflow } from "#engine/workflow";
import core from "#plugins/core";
import webrtc from "#plugins/webrtc";
import { RATE_HZ } from "../harness/speech.ts";

const FORMAT = { sampleRateHz: RATE_HZ, channels: 1 } as const;

/** Texts that have come to the sinks. */
export const received = { finals: 0, partials: 0 };

/** The end of the path: counts what was recognised. */
const sink = defineNode({
  type: "bench.texts",
  summary: "Counts texts.",
  role: "sink",
  inputs: { text: { kinds: ["text"] } },
  outputs: {},
  config: z.strictObject({}),
  create: () => ({
    onFrame(frame) {
      if (frame.kind === "text" && frame.final) received.finals++;
      else received.partials++;
    },
  }),
});

const TEXT = `parlando: 1
name: path
inputs: { talk: { kind: audio } }
limits: { startMs: 120000, idleMs: 3600000, drainMs: 600000 }
nodes:
  vad: { use: webrtc.vad, from: inputs.talk }
  asr:
    use: core.script
    from: vad
    with:
      as: asr
      afterLast: repeat
      results:
        - { text: turn to the left and go on for ten metres, partials: auto }
        - { text: stop there, partials: auto }
  texts: { use: bench.texts, from: [asr.partial, asr.final] }
outputs: { captions: asr.final }
`;

/** Source, detector, scripted recogniser and sink, with its input bound to a source of the caller's. */
export const planPath = (source: NodeDefinition): Promise<Plan> => planText(TEXT, source, [sink]);

/** A workflow with one input, `talk`, that is bound to a source of the caller's. @param nodes types that it uses beside the built-in ones */
export async function planText(text: string, source: NodeDefinition, nodes: readonly NodeDefinition[]): Promise<Plan> {
  const { plan, findings } = await planWorkflow(
    { text, name: "path.yaml", dir: "/" },
    {
      types: new NodeTypes([core, webrtc, definePlugin({ name: "bench", nodes })]),
      purpose: "run",
      environment: {},
      secret: () => undefined,
      cwd: "/",
      bindings: { talk: { definition: source, config: {}, format: FORMAT } },
    },
  );
  if (!plan) throw new Error(findings.map(({ message }) => message).join("; "));
  return plan;
}

/** A source that is pushed from outside, as a socket would; one for each run, told to whoever pushes. */
export function liveSource(opened: (runId: string, input: LiveInput) => void): NodeDefinition {
  const like = new LiveInput({ kind: "audio", format: FORMAT }).definition;
  return {
    ...like,
    create: (_config, ctx) => {
      const input = new LiveInput({ kind: "audio", format: FORMAT });
      opened(ctx.runId, input);
      return input;
    },
  };
}

/** What a source of frames in memory emits, as fast as there is room. */
export interface Flood {
  readonly frames: readonly Int16Array[];
  /** How many, going round. */
  readonly count: number;
  readonly begun: Promise<void>;
}

export const floodSource = (flood: () => Flood): NodeDefinition =>
  defineNode({
    type: "bench.flood",
    summary: "Emits copies of frames as fast as there is room.",
    role: "source",
    shape: "task",
    inputs: {},
    outputs: { out: { kinds: ["audio"], audio: { ...FORMAT, frameMs: 20 } } },
    config: z.strictObject({}),
    create: () => ({
      async run(_input, emit) {
        const { frames, count, begun } = flood();
        await begun;
        let startSample = 0;
        for (let i = 0; i < count; i++) {
          const pcm = frames[i % frames.length]!.slice();
          const room = emit({ kind: "audio", pcm, ...FORMAT, startSample });
          startSample += pcm.length;
          if (room) await room;
        }
      },
    }),
  });
