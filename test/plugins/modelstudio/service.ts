import { z } from "zod";
import {
  defineNode,
  definePlugin,
  type FaultScript,
  type Frame,
  type NodeDefinition,
  NodeTypes,
  type TextFrame,
} from "#engine/plugin";
import { MemoryNetwork, type MemoryNetworkOptions, VirtualClock } from "#engine/runtime";
import { type Driven, type DriveOptions, driveNode, type Emulator, emulate } from "#engine/testing";
import { builtInTypes } from "#test/built-in-types";
import { tone } from "#test/signals";
import { ears } from "#test/toy-vendor/ears";
import { gateway } from "../../../plugins/modelstudio/gateway.ts";

/** The emulator's key, as a client sends it. */
export const KEY = { id: "example-key", secret: "example-secret", facts: {} };
export const API_KEY = `${KEY.id}.${KEY.secret}`;
export const HOST = "dashscope.test:80";
export const TASKS_URL = "ws://dashscope.test/api-ws/v1/inference";
export const REALTIME_URL = "ws://dashscope.test/api-ws/v1/realtime";
export const HTTP_URL = "http://dashscope.test/api/v1";
export const AUTHORIZATION = `Bearer ${API_KEY}`;

/** What every config of a test has. */
export const ACCESS = { url: TASKS_URL, httpUrl: HTTP_URL, apiKey: API_KEY };

/** A workflow that hears these sentences, a second each, with the times of words; with translations where a language is given. */
export const hears = (texts: readonly string[], target?: string): string => `
parlando: 1
name: hears
inputs:
  talk: { kind: audio }
nodes:
  asr:
    use: core.script
    from: inputs.talk
    with:
      as: asr
      partialEveryMs: 200
      results:
${texts.map((text, i) => `        - { text: ${JSON.stringify(text)}, partials: auto, words: auto, confidence: 0.9, fromMs: ${i * 1000}, untilMs: ${(i + 1) * 1000} }`).join("\n")}
${target === undefined ? "" : `  other: { use: core.script, from: asr, with: { as: translate, otherwise: upper, language: ${target} } }`}
outputs:
  texts: [asr.partial, asr.final${target === undefined ? "" : ", other"}]
`;

/** A workflow that hears made-up speech wherever its hearing begins, and turns it into capitals. */
export const LISTENS = `
parlando: 1
name: listens
inputs:
  talk: { kind: audio }
nodes:
  asr: { use: toy.ears, from: inputs.talk }
  other: { use: core.script, from: asr, with: { as: translate, otherwise: upper, language: es } }
outputs:
  texts: [asr.partial, asr.final, other]
`;

/** Speaks every text as a tone of 100 ms for each character. */
const toneTts = defineNode({
  type: "tone.tts",
  summary: "Speaks texts as tones.",
  role: "tts",
  inputs: { text: { kinds: ["text"] } },
  outputs: { audio: { kinds: ["audio"], audio: { sampleRateHz: 16_000, channels: 1 } } },
  config: z.strictObject({ hz: z.number().default(440).describe("Of the tone.") }),
  create({ hz }) {
    let startSample = 0;
    return {
      onFrame(frame, emit) {
        if (frame.kind !== "text") return;
        const pcm = tone({ hz, ms: 100 * frame.text.length });
        emit({ kind: "audio", pcm, sampleRateHz: 16_000, channels: 1, startSample, utterance: frame.utterance });
        startSample += pcm.length;
      },
    };
  },
});

/** A workflow that speaks in tones. */
export const SPEAKS = `
parlando: 1
name: speaks
inputs:
  script: { kind: text }
nodes:
  voice: { use: tone.tts, from: inputs.script }
outputs:
  speech: voice
`;

/** The built-in node types, with ears and a voice that need no program. */
export const testTypes = (): NodeTypes =>
  new NodeTypes([...builtInTypes().plugins, definePlugin({ name: "made-up", nodes: [toneTts, ears] })]);

export interface ServiceOptions {
  readonly workflow: string;
  readonly faults?: FaultScript["faults"];
  readonly frames?: DriveOptions["frames"];
  readonly formats?: NonNullable<DriveOptions["formats"]>;
  /** In addition to `ACCESS`. */
  readonly config?: Record<string, unknown>;
  readonly gatewayConfig?: Record<string, unknown>;
  readonly network?: MemoryNetworkOptions;
  readonly tracing?: boolean;
  readonly pace?: number;
}

export interface Service {
  readonly clock: VirtualClock;
  readonly network: MemoryNetwork;
  readonly emulator: Emulator;
  close(): Promise<void>;
}

/** Opens an emulated service in memory and in virtual time. */
export async function openService(
  options: Pick<ServiceOptions, "workflow" | "faults" | "gatewayConfig" | "network">,
): Promise<Service> {
  const clock = new VirtualClock();
  const stop = clock.drive();
  const network = new MemoryNetwork(clock, options.network);
  const emulator = await emulate(gateway, {
    network,
    web: HOST,
    types: testTypes(),
    workflow: options.workflow,
    keys: [KEY],
    config: options.gatewayConfig ?? {},
    faults: { faults: [...(options.faults ?? [])] },
  });
  const close = async () => {
    await emulator.close();
    stop();
  };
  return { clock, network, emulator, close };
}

/** Works with an emulated service. */
export async function withService<T>(
  options: Pick<ServiceOptions, "workflow" | "faults" | "gatewayConfig" | "network">,
  use: (service: Service) => Promise<T>,
): Promise<T> {
  const service = await openService(options);
  try {
    return await use(service);
  } finally {
    await service.close();
  }
}

/** Drives a node against the emulated service. */
export const served = (
  definition: NodeDefinition,
  options: ServiceOptions,
): Promise<Driven & { readonly service: Service; readonly endedMs: number }> =>
  withService(options, async (service) => {
    const { clock, network } = service;
    const { frames = [], formats, tracing, pace } = options;
    const config = { ...ACCESS, ...options.config };
    const driven = await driveNode(definition, config, {
      frames,
      clock,
      network,
      ...(formats && { formats }),
      ...(tracing && { tracing }),
      ...(pace !== undefined && { pace }),
    });
    return { ...driven, service, endedMs: clock.nowMs() };
  });

export const textsOf = (frames: readonly Frame[]): TextFrame[] =>
  frames.filter((frame): frame is TextFrame => frame.kind === "text");

/** A final text to be spoken. */
export const prompt = (utterance: string, text: string): TextFrame => ({
  kind: "text",
  role: "prompt",
  text,
  utterance,
  revision: 1,
  final: true,
  stableChars: text.length,
  startSample: 0,
  endSample: 0,
  sampleRateHz: 16_000,
});
