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
import { gateway } from "../../../plugins/aliyun/gateway.ts";

/** The key of the emulator, in the form of a token and of a key that makes tokens. */
export const KEY = { id: "example-key", secret: "example-secret", facts: { appkey: "example-appkey" } };
export const TOKEN = `${KEY.id}.${KEY.secret}`;
export const HOST = "nls.test:80";

/** What every config of a test has. */
export const ACCESS = { url: "ws://nls.test/ws/v1", appkey: "example-appkey", token: TOKEN };
export const KEYED = {
  url: ACCESS.url,
  appkey: ACCESS.appkey,
  tokenUrl: "http://nls.test/",
  accessKeyId: KEY.id,
  accessKeySecret: KEY.secret,
};

/** A workflow that hears these sentences, a second each, with the times of words. */
export const hears = (...texts: readonly string[]): string => `
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
outputs:
  texts: [asr.partial, asr.final]
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

/** A workflow that hears the made-up speech of the made-up vendor, wherever its hearing begins. */
export const LISTENS = `
parlando: 1
name: listens
inputs:
  talk: { kind: audio }
nodes:
  asr: { use: toy.ears, from: inputs.talk }
outputs:
  texts: [asr.partial, asr.final]
`;

/** A workflow that speaks in tones. */
export const speaks = (hz = 440): string => `
parlando: 1
name: speaks
inputs:
  script: { kind: text }
nodes:
  voice: { use: tone.tts, from: inputs.script, with: { hz: ${hz} } }
outputs:
  speech: voice
`;

export const typesWithTones = (): NodeTypes =>
  new NodeTypes([...builtInTypes().plugins, definePlugin({ name: "tone", nodes: [toneTts, ears] })]);

export interface ServiceOptions {
  readonly workflow: string;
  readonly faults?: FaultScript["faults"];
  readonly frames?: DriveOptions["frames"];
  readonly formats?: NonNullable<DriveOptions["formats"]>;
  /** In addition to `ACCESS`. */
  readonly config?: Record<string, unknown>;
  /** In place of `ACCESS`. */
  readonly access?: Record<string, unknown>;
  readonly gatewayConfig?: Record<string, unknown>;
  readonly network?: MemoryNetworkOptions;
  readonly types?: NodeTypes;
  readonly tracing?: boolean;
}

export interface Served extends Driven {
  readonly emulator: Emulator;
  readonly network: MemoryNetwork;
  /** Run time when the node had ended. */
  readonly endedMs: number;
}

/** An emulated service in memory and in virtual time. */
export async function withService<T>(
  options: Pick<ServiceOptions, "workflow" | "faults" | "gatewayConfig" | "network" | "types">,
  use: (service: {
    readonly clock: VirtualClock;
    readonly network: MemoryNetwork;
    readonly emulator: Emulator;
  }) => Promise<T>,
): Promise<T> {
  const clock = new VirtualClock();
  const stop = clock.drive();
  const network = new MemoryNetwork(clock, options.network);
  const emulator = await emulate(gateway, {
    network,
    web: HOST,
    types: options.types ?? typesWithTones(),
    workflow: options.workflow,
    keys: [KEY],
    config: options.gatewayConfig ?? {},
    faults: { faults: [...(options.faults ?? [])] },
  });
  try {
    return await use({ clock, network, emulator });
  } finally {
    await emulator.close();
    stop();
  }
}

/** Drives a node against the emulated service. */
export const served = (definition: NodeDefinition, options: ServiceOptions): Promise<Served> =>
  withService(options, async ({ clock, network, emulator }) => {
    const driven = await driveNode(
      definition,
      { ...(options.access ?? ACCESS), ...options.config },
      { frames: options.frames ?? [], clock, network, ...(options.formats && { formats: options.formats }) },
    );
    return { ...driven, emulator, network, endedMs: clock.nowMs() };
  });

export const textsOf = (frames: readonly Frame[]): TextFrame[] =>
  frames.filter((frame): frame is TextFrame => frame.kind === "text");
