import { type Caller, SCOPES } from "#engine/control";
import { type AudioFrame, NodeTypes, type TextFrame } from "#engine/plugin";
import { newHousehold, SystemClock } from "#engine/runtime";
import { type EmulatorOptions, openEmulator, type RunningEmulator } from "#engine/server";
import aliyun from "#plugins/aliyun";
import modelstudio from "#plugins/modelstudio";
import rtvt from "#plugins/rtvt";
import tencent from "#plugins/tencent";
import { builtInTypes } from "./built-in-types.ts";

/** The node types of this machine, and the vendors with gateways. */
export const gatewayTypes = (): NodeTypes =>
  new NodeTypes([...builtInTypes().plugins, aliyun, rtvt, tencent, modelstudio]);

/** May do everything in the project that clients without a key of the API have. */
export const everything: Caller = { project: "default", scopes: new Set(SCOPES) };

export const quietLog = { debug() {}, info() {}, warn() {} };

/** A vendor's emulator in this process, on free ports. */
export const emulatorOf = (
  type: string,
  workflows: EmulatorOptions["workflows"],
  more: Partial<EmulatorOptions> = {},
): Promise<RunningEmulator> =>
  openEmulator({
    types: gatewayTypes(),
    household: newHousehold(),
    clock: new SystemClock(),
    log: quietLog,
    type,
    workflows,
    ...more,
  });

/** Hears these sentences, a second each, whatever is said. */
export const hearing = (...texts: readonly string[]): string =>
  JSON.stringify({
    parlando: 1,
    name: "hearing",
    inputs: { talk: { kind: "audio" } },
    params: { targets: { type: "list", default: ["es"] } },
    nodes: {
      asr: {
        use: "core.script",
        from: "inputs.talk",
        with: {
          as: "asr",
          language: "en",
          blocking: false,
          results: texts.map((text, i) => ({ text, partials: "auto", fromMs: i * 1000, untilMs: (i + 1) * 1000 })),
        },
      },
      translate: {
        each: { target: "${params.targets}" },
        use: "core.script",
        from: "asr.final",
        with: { as: "translate", otherwise: "upper", language: "${each.target}" },
      },
    },
    outputs: { texts: ["asr.partial", "asr.final", "translate"] },
  });

/** So much of something that is not silence, in frames of 20 ms. */
export const talk = (ms: number, sampleRateHz = 16_000): AudioFrame[] =>
  Array.from({ length: ms / 20 }, (_, i) => ({
    kind: "audio",
    pcm: new Int16Array(sampleRateHz / 50).fill(100),
    sampleRateHz,
    channels: 1,
    startSample: (i * sampleRateHz) / 50,
  }));

export const said = (frames: readonly { readonly kind: string }[]): string[] =>
  frames.flatMap((frame) => (frame.kind === "text" ? [(frame as TextFrame).text] : []));
