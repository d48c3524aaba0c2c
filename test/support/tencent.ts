import { z } from "zod";
import {
  type AudioFrame,
  defineNode,
  EngineError,
  type FaultScript,
  type Frame,
  type GatewayKey,
  type NodeDefinition,
  NodeTypes,
  type TextFrame,
} from "#engine/plugin";
import { MemoryNetwork, newHousehold, VirtualClock } from "#engine/runtime";
import { type Driven, type DriveOptions, driveNode, type Emulator, emulate } from "#engine/testing";
import { gateway } from "../../plugins/tencent/gateway.ts";
import { builtInTypes } from "./built-in-types.ts";
import { ears } from "./toy-vendor/ears.ts";

/** The made-up credentials of the vectors. */
export const ACCESS = {
  appId: "1250000000",
  secretId: "tc-test-secret-id",
  secretKey: "tc-test-secret-key-0123456789",
} as const;

export const KEY: GatewayKey = { id: ACCESS.secretId, secret: ACCESS.secretKey, facts: { appid: ACCESS.appId } };

/** A workflow that hears these sentences, whatever is said. */
export const hearing = (results: readonly Record<string, unknown>[]): string =>
  JSON.stringify({
    parlando: 1,
    name: "heard",
    inputs: { talk: { kind: "audio" } },
    nodes: { asr: { use: "core.script", from: "inputs.talk", with: { as: "asr", results } } },
    outputs: { texts: ["asr.partial", "asr.final"] },
  });

export const THREE_SENTENCES = hearing([
  { text: "one two", partials: "auto", fromMs: 0, untilMs: 1000 },
  { text: "three four", partials: "auto", fromMs: 1000, untilMs: 2000 },
  { text: "five six", partials: "auto", fromMs: 2000, untilMs: 3000 },
]);

/** A workflow that hears the made-up speech of the made-up vendor, wherever its hearing begins. */
export const LISTENS = JSON.stringify({
  parlando: 1,
  name: "listens",
  inputs: { talk: { kind: "audio" } },
  nodes: { asr: { use: "toy.ears", from: "inputs.talk" } },
  outputs: { texts: ["asr.partial", "asr.final"] },
});

/** So many ms of audio in frames of 20 ms. */
export const talk = (ms: number, sampleRateHz = 16_000): AudioFrame[] =>
  Array.from({ length: ms / 20 }, (_, i) => ({
    kind: "audio",
    pcm: new Int16Array(sampleRateHz / 50).fill(i),
    sampleRateHz,
    channels: 1,
    startSample: (i * sampleRateHz) / 50,
  }));

/** Speaks each word as 100 ms at 22,050 Hz, and tells where they lie. */
const speaker = defineNode({
  type: "double.tts",
  summary: "Speaks words as constant samples.",
  role: "tts",
  inputs: { text: { kinds: ["text"] } },
  outputs: {
    audio: { kinds: ["audio"], audio: { sampleRateHz: 22_050, channels: 1 }, default: true },
    spoken: { kinds: ["text"] },
  },
  config: z.strictObject({ fails: z.boolean().default(false).describe("On every text.") }),
  create({ fails }) {
    let startSample = 0;
    return {
      onFrame(frame, emit) {
        if (frame.kind !== "text") return;
        if (fails) throw new EngineError("ENGINE_FAILED", "as the test wants it");
        const words = frame.text
          .trim()
          .split(" ")
          .map((text, i) => ({
            text,
            startSample: startSample + i * 2205,
            endSample: startSample + (i + 1) * 2205,
          }));
        const pcm = new Int16Array(words.length * 2205).fill(1000);
        emit({ kind: "audio", pcm, sampleRateHz: 22_050, channels: 1, startSample, utterance: frame.utterance });
        const endSample = startSample + pcm.length;
        emit({ ...frame, role: "transcript", words, startSample, endSample, sampleRateHz: 22_050 }, "spoken");
        startSample = endSample;
      },
    };
  },
});

/** A workflow that speaks. */
export const speaking = (settings: Record<string, unknown> = {}): string =>
  JSON.stringify({
    parlando: 1,
    name: "spoken",
    inputs: { words: { kind: "text" } },
    nodes: { voice: { use: "double.tts", from: "inputs.words", with: settings } },
    outputs: { speech: "voice", said: "voice.spoken" },
  });

export interface ServiceOptions {
  readonly workflow?: string;
  readonly faults?: FaultScript["faults"];
  /** Of the gateway. */
  readonly config?: Record<string, unknown>;
  readonly keys?: readonly GatewayKey[];
  /** Of the network. */
  readonly latencyMs?: number;
  /** Beside another one. */
  readonly on?: { readonly network: MemoryNetwork; readonly clock: VirtualClock; readonly address: string };
}

/** The service in memory and virtual time, under all of the vendor's names. */
export interface Service {
  readonly clock: VirtualClock;
  readonly network: MemoryNetwork;
  readonly emulator: Emulator;
  drive(definition: NodeDefinition, config: Record<string, unknown>, options?: DriveOptions): Promise<Driven>;
  close(): Promise<void>;
  [Symbol.asyncDispose](): Promise<void>;
}

/** Starts it; plain addresses stand for those with TLS, which memory has not. */
export async function tencent(options: ServiceOptions = {}): Promise<Service> {
  const { on } = options;
  const clock = on?.clock ?? new VirtualClock();
  const stop = on ? () => {} : clock.drive();
  const network = on?.network ?? new MemoryNetwork(clock, { latencyMs: options.latencyMs ?? 0 });
  const emulator = await emulate(gateway, {
    network,
    web: on?.address ?? "tencent.test:80",
    types: new NodeTypes([...builtInTypes().plugins, { name: "double", nodes: [speaker, ears] }]),
    workflow: options.workflow ?? THREE_SENTENCES,
    keys: options.keys ?? [KEY],
    faults: { faults: [...(options.faults ?? [])] },
    household: newHousehold({ network }),
    config: options.config ?? {},
  });
  const close = async () => {
    await emulator.close();
    stop();
  };
  return {
    clock,
    network,
    emulator,
    close,
    drive: (definition, config, more = {}) =>
      driveNode(definition, { ...ACCESS, ...config }, { clock, network, ...more }),
    [Symbol.asyncDispose]: close,
  };
}

export const texts = (frames: readonly Frame[]): TextFrame[] =>
  frames.filter((frame): frame is TextFrame => frame.kind === "text");

export const finals = (frames: readonly Frame[]): string[] =>
  texts(frames)
    .filter(({ final }) => final)
    .map(({ text }) => text);
