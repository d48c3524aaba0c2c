import { z } from "zod";
import {
  defineNode,
  definePlugin,
  type GatewayDefinition,
  type GatewayKey,
  type NodeDefinition,
  NodeTypes,
  type TextFrame,
} from "#engine/plugin";
import { MemoryNetwork, newHousehold, SystemClock, SystemNetwork } from "#engine/runtime";
import { driveNode, emulate } from "#engine/testing";
import aliyun from "#plugins/aliyun";
import azure from "#plugins/azure";
import core from "#plugins/core";
import modelstudio from "#plugins/modelstudio";
import { quantile, summarise } from "./measure.ts";
import type { Benchmark, Measurement } from "./measurement.ts";

const REPETITIONS = 40;
/** Texts before the counted ones: until then the process still compiles code. */
const WARM_UP = 10;
const SPOKEN_MS = 200;

interface Vendor {
  readonly name: string;
  readonly gateway: GatewayDefinition | undefined;
  readonly type: string;
  readonly key: GatewayKey;
  config(at: string): Readonly<Record<string, unknown>>;
}

const KEY: GatewayKey = { id: "example-key", secret: "example-secret", facts: { appkey: "example-appkey" } };
const studio = (name: string, more: Readonly<Record<string, unknown>>): Vendor => ({
  name: `Model Studio, ${name}`,
  gateway: modelstudio.gateways?.[0],
  type: "modelstudio.tts",
  key: KEY,
  config: (at) => ({
    url: `ws://${at}/api-ws/v1/inference`,
    httpUrl: `http://${at}/api/v1`,
    apiKey: `${KEY.id}.${KEY.secret}`,
    ...more,
  }),
});

const VENDORS: readonly Vendor[] = [
  studio("CosyVoice", {}),
  studio("Qwen in real time", { model: "qwen3-tts-flash-realtime" }),
  studio("CosyVoice over HTTP", { transport: "http" }),
  {
    name: "Azure Speech",
    gateway: azure.gateways?.[0],
    type: "azure.tts",
    key: KEY,
    config: (at) => ({ host: `ws://${at}`, key: `${KEY.id}.${KEY.secret}` }),
  },
  {
    name: "Azure Speech, while it is written",
    gateway: azure.gateways?.[0],
    type: "azure.tts",
    key: KEY,
    config: (at) => ({ host: `ws://${at}`, key: `${KEY.id}.${KEY.secret}`, mode: "streaming" }),
  },
  {
    name: "Aliyun NLS",
    gateway: aliyun.gateways?.[0],
    type: "aliyun.tts",
    key: KEY,
    config: (at) => ({
      url: `ws://${at}/ws/v1`,
      appkey: "example-appkey",
      token: `${KEY.id}.${KEY.secret}`,
    }),
  },
];

/** When the voice behind the gateway gave its first samples, which is before the gateway's first byte. */
let spokeAt = 0;

const voice = defineNode({
  type: "bench.voice",
  summary: "Speaks a constant at once.",
  role: "tts",
  inputs: { text: { kinds: ["text"] } },
  outputs: { audio: { kinds: ["audio"], audio: { sampleRateHz: 16_000, channels: 1 } } },
  config: z.strictObject({}),
  create: () => ({
    onFrame(frame, emit) {
      if (frame.kind !== "text") return;
      const pcm = new Int16Array(SPOKEN_MS * 16).fill(100);
      spokeAt = performance.now();
      emit({ kind: "audio", pcm, sampleRateHz: 16_000, channels: 1, startSample: 0, utterance: frame.utterance });
    },
  }),
});

const SERVICE = `
parlando: 1
name: service
inputs: { script: { kind: text } }
nodes: { voice: { use: bench.voice, from: inputs.script } }
outputs: { speech: voice }
`;

const text = (words: string): TextFrame => ({
  kind: "text",
  role: "prompt",
  text: words,
  utterance: "u1",
  revision: 1,
  final: true,
  stableChars: words.length,
  startSample: 0,
  endSample: 0,
  sampleRateHz: 16_000,
});

/** The node, telling when its first audio comes out. */
const timed = (node: NodeDefinition, heard: (atMs: number) => void): NodeDefinition => ({
  ...node,
  async create(config, ctx) {
    const made = await node.create(config, ctx);
    if (!("run" in made)) throw new Error(`${node.type} is no task`);
    let first = true;
    return {
      run: (input, emit, signal) =>
        made.run(
          input,
          (frame, port) => {
            if (first && frame.kind === "audio") heard(performance.now());
            first &&= frame.kind !== "audio";
            return emit(frame, port);
          },
          signal,
        ),
      close: () => made.close?.(),
    };
  },
});

async function delaysOf({ gateway, type, key, config }: Vendor, repetitions: number): Promise<number[]> {
  const clock = new SystemClock();
  const machine = new SystemNetwork();
  const types = new NodeTypes([core, aliyun, azure, modelstudio, definePlugin({ name: "bench", nodes: [voice] })]);
  const node = types.get(type);
  if (!gateway || !node) throw new Error(`${type} is not there`);
  const emulator = await emulate(gateway, {
    network: new MemoryNetwork(clock),
    outside: machine,
    web: "127.0.0.1:0",
    types,
    workflow: SERVICE,
    keys: [key],
    household: newHousehold({ network: machine }),
  });
  const delays: number[] = [];
  try {
    for (let i = 0; i < repetitions + WARM_UP; i++) {
      let heardAt = Number.NaN;
      const watched = timed(node, (atMs) => {
        heardAt = atMs;
      });
      await driveNode(watched, config(emulator.web ?? ""), { frames: [text("Hello.")], clock, network: machine });
      if (i >= WARM_UP) delays.push(heardAt - spokeAt);
    }
  } finally {
    await emulator.close();
  }
  return delays;
}

export default {
  name: "first-audio",
  summary:
    "synthesis over sockets of the machine: from the first sample behind a vendor's gateway to the node's first frame",
  async run({ repetitions = REPETITIONS }) {
    const found: Measurement[] = [];
    for (const vendor of VENDORS) {
      const delays = await delaysOf(vendor, repetitions);
      const p99 = quantile(delays, 0.99);
      const note = `median; p99 ${p99.toFixed(2)} ms`;
      found.push({ key: vendor.name, unit: "ms", goal: { op: "<=", value: 20 }, note, ...summarise(delays) });
    }
    return found;
  },
} satisfies Benchmark;
