import { z } from "zod";
import {
  type AudioFrame,
  defineNode,
  EngineError,
  type Frame,
  type GatewayKey,
  type NodeDefinition,
} from "#engine/plugin";
import { type Driven, type DriveOptions, driveNode } from "#engine/testing";
import { builtInTypes } from "#test/built-in-types";
import { textsOf } from "#test/texts";
import { ears } from "#test/toy-vendor/ears";
import { type Service, type ServiceOptions, vendorService } from "#test/vendor-service";
import { gateway } from "../../../plugins/tencent/gateway.ts";

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

/** Plain addresses stand for those with TLS, which memory has not. */
const { openService } = vendorService({
  gateway,
  web: "tencent.test:80",
  types: builtInTypes().with([{ name: "double", nodes: [speaker, ears] }]),
  keys: [KEY],
});

/** The service in memory and virtual time, under all of the vendor's names. */
export interface TencentService extends Service {
  /** Drives a node against it, with its credentials. */
  drive(definition: NodeDefinition, config: Record<string, unknown>, options?: DriveOptions): Promise<Driven>;
}

export async function tencent(options: Partial<ServiceOptions> = {}): Promise<TencentService> {
  const service = await openService({ workflow: THREE_SENTENCES, ...options });
  const { clock, network } = service;
  return {
    ...service,
    drive: (definition, config, more = {}) =>
      driveNode(definition, { ...ACCESS, ...config }, { clock, network, ...more }),
  };
}

export const finals = (frames: readonly Frame[]): string[] =>
  textsOf(frames)
    .filter(({ final }) => final)
    .map(({ text }) => text);
