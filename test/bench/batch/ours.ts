import { z } from "zod";
import { defineNode, definePlugin, NodeTypes } from "#engine/plugin";
import { newHousehold, Run, SystemClock } from "#engine/runtime";
import { planWorkflow } from "#engine/workflow";
import core from "#plugins/core";
import webrtc from "#plugins/webrtc";
import { cpuNanos, type Question, serve } from "../harness/serve.ts";
import { RATE_HZ, SAMPLES, speechPcm } from "../harness/speech.ts";
import { openRawC, type RawC } from "../peers/raw-c/peer.ts";

/** `file`: the recording through file, detector and segments, from the start of the run to its end. `raw`: the detector alone, in C, in memory. */
export interface BatchQuestion extends Question {
  readonly ask: "file" | "raw";
}

const [path, frameCount] = [process.argv[2]!, Number(process.argv[3])];
const MODE = 3;
const pcm = speechPcm();
let raw: RawC | undefined;
const heard = { segments: 0, samples: 0 };

/** The end: what is left of the recording, by utterance. */
const segments = defineNode({
  type: "bench.segments",
  summary: "Counts utterances and their samples.",
  role: "sink",
  inputs: { speech: { kinds: ["speech", "audio"] } },
  outputs: {},
  config: z.strictObject({}),
  create: () => ({
    onFrame(frame) {
      if (frame.kind === "audio") heard.samples += frame.pcm.length;
      else if (frame.kind === "speech" && frame.mark === "end") heard.segments++;
    },
  }),
});

const { plan, findings } = await planWorkflow(
  {
    text: `parlando: 1
name: batch
inputs: { talk: { kind: audio } }
limits: { drainMs: 600000 }
nodes:
  vad: { use: webrtc.vad, from: inputs.talk }
  segments: { use: bench.segments, from: vad }
`,
    name: "batch.yaml",
    dir: "/",
  },
  {
    types: new NodeTypes([core, webrtc, definePlugin({ name: "bench", nodes: [segments] })]),
    purpose: "run",
    environment: {},
    secret: () => undefined,
    cwd: "/",
    bindings: { talk: { location: path } },
  },
);
if (!plan) throw new Error(findings.map(({ message }) => message).join("; "));

async function throughTheFile(): Promise<number> {
  heard.segments = 0;
  heard.samples = 0;
  const nanos = await cpuNanos(async () => {
    const run = new Run(plan!, { runId: "run", clock: new SystemClock(), onEvent: () => {} }, newHousehold());
    const report = await run.done;
    if (report.state !== "done" || report.imbalances.length > 0)
      throw new Error(report.error?.message ?? report.imbalances.join("; "));
    const read = report.nodes[0]!.out.samples;
    if (read !== frameCount * SAMPLES) throw new Error(`${read} samples were read of ${frameCount * SAMPLES}`);
  });
  if (heard.segments === 0) throw new Error("no speech was found");
  return nanos / frameCount;
}

async function inMemory(): Promise<number> {
  raw ??= openRawC();
  const opened = raw;
  opened.open(1, MODE);
  return (await cpuNanos(() => opened.run(pcm, SAMPLES, RATE_HZ, 0, 0, frameCount))) / frameCount;
}

await serve<BatchQuestion>(({ ask }) => (ask === "file" ? throughTheFile() : inMemory()));
