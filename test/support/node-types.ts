import { z } from "zod";
import {
  type AudioFormat,
  defineNode,
  definePlugin,
  EngineError,
  fromEnv,
  type NodeDefinition,
  NodeTypes,
  path,
  secret,
} from "#engine/plugin";

/**
 * Node types for planning only: they declare what real ones declare, and cannot run. Recordings are "opened" by their names:
 * `16k-1.wav` has 16,000 Hz and one channel, `broken.wav` is no recording, `absent.wav` is not there.
 */
export function planningTypes(...more: NodeDefinition[]): NodeTypes {
  const nodes = [file, vad, asr, cloudAsr, translate, tts, wav, subtitles, print, mix, convert, ...more];
  return new NodeTypes([definePlugin({ name: "planning", nodes })]);
}

/** The same without anything that converts. */
export const typesWithoutConverter = (): NodeTypes =>
  new NodeTypes([definePlugin({ name: "planning", nodes: [file, vad, asr, translate, tts, wav, print] })]);

const create = () => {
  throw new EngineError("INTERNAL", "this node type is for planning only");
};

export function formatByName(location: string): AudioFormat {
  const name = /(\d+)k-(\d+)\.wav$/.exec(location);
  if (name) return { sampleRateHz: Number(name[1]) * 1000, channels: Number(name[2]) };
  if (/broken\.wav$/.test(location)) throw new EngineError("AUDIO_NOT_RECOGNISED", "broken.wav is not a recording");
  throw new EngineError("FILE_NOT_FOUND", "there is no such recording");
}

export const file = defineNode({
  type: "core.file",
  summary: "Reads a recording.",
  role: "source",
  inputs: {},
  outputs: { audio: { kinds: ["audio"] } },
  config: z.strictObject({
    path: path(z.string().min(1).describe("the recording"), "read"),
    paced: z.boolean().default(false).describe("at real time"),
  }),
  effects: ["files"],
  opens: {
    kind: "audio",
    config: (location) => ({ path: location }),
    probe: async (config) => formatByName(config.path),
  },
  create,
});

/** A microphone, which does not wait. */
export const microphone = defineNode({
  type: "test.microphone",
  summary: "Gives live audio.",
  role: "source",
  inputs: {},
  outputs: { audio: { kinds: ["audio"], audio: { sampleRateHz: 16000, channels: 1, frameMs: 20 } } },
  config: z.strictObject({}),
  realTime: true,
  create,
});

export const vad = defineNode({
  type: "webrtc.vad",
  summary: "Cuts audio into utterances.",
  role: "vad",
  inputs: {
    audio: { kinds: ["audio"], audio: { sampleRateHz: [16000, 8000, 32000], channels: 1, frameMs: [20, 10, 30] } },
  },
  outputs: { speech: { kinds: ["speech", "audio"], audio: "same" } },
  passes: "samples",
  config: z.strictObject({
    aggressiveness: z.literal([0, 1, 2, 3]).default(3).describe("how strict"),
    preRollMs: z.number().int().min(0).max(1000).default(300).describe("before the first voiced frame"),
    endpointMs: z.number().int().min(100).max(5000).default(500).describe("silence that ends an utterance"),
    maxSegmentMs: z.number().int().min(1000).max(60000).default(15000).describe("the longest utterance"),
  }),
  create,
});

export const asr = defineNode({
  type: "pocketsphinx.asr",
  summary: "Recognises English.",
  role: "asr",
  shape: "task",
  inputs: { audio: { kinds: ["audio", "speech"], requires: ["speech"], audio: { sampleRateHz: 16000, channels: 1 } } },
  outputs: {
    partial: { kinds: ["text"], textRole: "transcript", language: "en", carries: ["partials"] },
    final: { kinds: ["text"], textRole: "transcript", language: "en", carries: ["words", "confidence"], default: true },
  },
  config: z.strictObject({ final: z.enum(["fast", "accurate"]).default("fast").describe("which final") }),
  create,
});

export const cloudAsr = defineNode({
  type: "azure.asr",
  summary: "Recognises by a service.",
  role: "asr",
  shape: "task",
  inputs: { audio: { kinds: ["audio", "speech"], audio: { sampleRateHz: [8000, 16000], channels: 1 } } },
  outputs: {
    partial: { kinds: ["text"], textRole: "transcript", carries: ["partials"] },
    final: { kinds: ["text"], textRole: "transcript", carries: ["words", "confidence"], default: true },
  },
  config: z.strictObject({
    key: secret(fromEnv(z.string().min(1).describe("the service's key"), "AZURE_SPEECH_KEY")),
    region: z.string().describe("where the service runs"),
    model: z.string().optional().describe("a model"),
    timeoutMs: fromEnv(z.number().int().min(1).max(60000).default(1000).describe("how long to wait"), "AZURE_TIMEOUT"),
  }),
  effects: ["network"],
  retry: { attempts: 2 },
  create,
});

export const translate = defineNode({
  type: "apertium.translate",
  summary: "Translates.",
  role: "translate",
  shape: "task",
  inputs: { text: { kinds: ["text"], textRoles: ["transcript"] } },
  outputs: { text: { kinds: ["text"], textRole: "translation" } },
  config: z.strictObject({ source: z.string().describe("from"), target: z.string().describe("to") }),
  create,
});

export const tts = defineNode({
  type: "espeak.tts",
  summary: "Speaks.",
  role: "tts",
  shape: "task",
  inputs: { text: { kinds: ["text"] } },
  outputs: { audio: { kinds: ["audio"], audio: { sampleRateHz: 22050, channels: 1 } } },
  config: z.strictObject({
    voice: z.string().default("en").describe("which voice"),
    rate: z.number().int().min(80).max(450).default(175).describe("words a minute"),
  }),
  create,
});

export const wav = defineNode({
  type: "core.wav",
  summary: "Writes a WAV file.",
  role: "sink",
  inputs: { audio: { kinds: ["audio"] } },
  outputs: {},
  config: z.strictObject({ path: path(z.string().min(1).describe("the file"), "write") }),
  effects: ["files"],
  create,
});

export const subtitles = defineNode({
  type: "core.subtitles",
  summary: "Writes subtitles.",
  role: "sink",
  inputs: { text: { kinds: ["text"], textRoles: ["transcript", "translation"] } },
  outputs: {},
  config: z.strictObject({
    path: path(z.string().min(1).describe("the file"), "write"),
    lines: z
      .array(z.strictObject({ language: z.string(), max: z.number().int().min(1) }))
      .optional()
      .describe("by language"),
  }),
  effects: ["files"],
  create,
});

export const print = defineNode({
  type: "core.print",
  summary: "Prints texts.",
  role: "sink",
  inputs: { text: { kinds: ["text"] } },
  outputs: {},
  config: z.strictObject({ prefix: z.string().optional().describe("before each line") }),
  create,
});

export const mix = defineNode({
  type: "core.mix",
  summary: "Makes one stream of audio out of several.",
  role: "filter",
  inputs: ({ inputs }) =>
    Object.fromEntries(
      inputs.map((name) => [name, { kinds: ["audio" as const], audio: { channels: 1 }, optional: true }]),
    ),
  outputs: { audio: { kinds: ["audio"] } },
  config: z.strictObject({ inputs: z.array(z.string()).default(["a", "b"]).describe("names of the inputs") }),
  passes: "time",
  create,
});

export const convert = defineNode({
  type: "core.convert",
  summary: "Turns audio into another format.",
  role: "filter",
  inputs: { audio: { kinds: ["audio", "speech"] } },
  outputs: { audio: { kinds: ["audio", "speech"] } },
  config: z.strictObject({
    sampleRateHz: z.number().int().min(1).max(384000).optional(),
    channels: z.number().int().min(1).max(32).optional(),
    frameMs: z.number().positive().optional(),
    channel: z.number().int().min(0).max(31).optional(),
  }),
  passes: "time",
  converts: (wanted) => ({ ...wanted }),
  create,
});
