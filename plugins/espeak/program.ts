import { join } from "node:path";
import {
  debianTriplet,
  EngineError,
  type Environment,
  findProgram,
  type Program,
  type Resource,
  runProgram,
  WavReader,
} from "#engine/plugin";
import { ESPEAK_WASM_PACKAGE, EspeakWasm, findEspeakWasm } from "#native/espeak-wasm";
import { parseVariants, parseVoices, type Voices } from "./voices.ts";

/** What espeak's own voices give; each sentence is checked against it. */
export const OUTPUT = { sampleRateHz: 22_050, channels: 1 } as const;

export const MEND = "apt-get install espeak-ng";

/** The program with the environment in which it finds its voices, or undefined. */
export function findEspeak(env: Environment): Program | undefined {
  const program = findProgram("espeak-ng", env);
  if (!program) return undefined;
  const own = program.root === "/" ? undefined : join(program.root, "usr/lib", debianTriplet());
  const data = env.ESPEAK_DATA_PATH ?? own;
  return data === undefined ? program : { ...program, env: { ...program.env, ESPEAK_DATA_PATH: data } };
}

/** An installed espeak, its voices known. */
export interface Espeak extends Voices {
  /** As `speakSentence`. */
  speak(sentence: string, manner: Manner, bounds: Bounds): Promise<Int16Array>;
  /** As `tryVoice`. */
  tryVoice(manner: Manner, bounds: Bounds): Promise<void>;
  close(): Promise<void>;
}

export interface Bounds {
  readonly timeoutMs: number;
  readonly signal: AbortSignal;
}

/** The espeak of this machine, whose voices are listed once for all nodes that use it at a time. */
export function espeakOf(env: Environment): Resource<Espeak> {
  return {
    key: "espeak-ng",
    async open() {
      const program = findEspeak(env);
      if (program) return asProgram(program, await listVoices(program));
      if (findEspeakWasm()) return asWasm(new EspeakWasm());
      throw new EngineError(
        "ENGINE_MISSING",
        `espeak-ng was found neither in PATH nor in the user's Debian folder: ${MEND}, or without apt: bun add ${ESPEAK_WASM_PACKAGE}`,
      );
    },
    close: (espeak) => espeak.close(),
  };
}

const asProgram = (program: Program, voices: Voices): Espeak => ({
  ...voices,
  speak: (sentence, manner, bounds) => speakSentence(program, sentence, manner, bounds),
  tryVoice: (manner, bounds) => tryVoice(program, manner, bounds),
  close: async () => {},
});

/** For machines without apt. It has the voices, and no variants of them (`+f3`). */
export async function asWasm(wasm: EspeakWasm): Promise<Espeak> {
  const speak: Espeak["speak"] = (sentence, manner, { timeoutMs, signal }) =>
    wasm.speak(harmless(sentence), manner, timeoutMs, signal);
  return {
    voices: await wasm.voices(),
    variants: [],
    speak,
    tryVoice: async (manner, bounds) => void (await speak("a", manner, bounds)),
    close: () => wasm.close(),
  };
}

/** @throws EngineError ENGINE_FAILED when the program does not run. */
export async function listVoices(program: Program): Promise<Voices> {
  const [voices, variants] = await Promise.all(
    ["--voices", "--voices=variant"].map(async (list) => new TextDecoder().decode(await runProgram(program, [list]))),
  );
  return { voices: parseVoices(voices ?? ""), variants: parseVariants(variants ?? "") };
}

/** How a sentence is to sound. */
export interface Manner {
  /** For `-v`, as `resolveVoice` gives it. */
  readonly voice: string;
  /** Words a minute, 80 to 450. */
  readonly rate: number;
  /** 0 to 99. */
  readonly pitch: number;
  /** 0 to 200, 100 is the usual. */
  readonly volume: number;
}

/**
 * The samples of one sentence, mono at `OUTPUT`'s rate. The text goes by standard input: arguments can be seen by everybody on the machine.
 * @param sentence as `spokenSentences` gives it, without control characters, which are commands to espeak.
 * @throws EngineError ENGINE_FAILED when espeak was killed, failed, gave no audio, or took longer than `timeoutMs`;
 *   AUDIO_FORMAT_UNSUPPORTED when the voice speaks at another rate.
 */
export async function speakSentence(
  program: Program,
  sentence: string,
  manner: Manner,
  bounds: { readonly timeoutMs: number; readonly signal: AbortSignal },
): Promise<Int16Array> {
  const { voice, rate, pitch, volume } = manner;
  const args = ["--stdin", "--stdout", "-b", "1", "-v", voice, "-s", `${rate}`, "-p", `${pitch}`, "-a", `${volume}`];
  const bytes = await runProgram(program, args, { stdin: harmless(sentence), ...bounds });
  if (bytes.length === 0)
    throw new EngineError("ENGINE_FAILED", `espeak-ng gave no audio for ${sentence.length} letters`);
  const { pcm, info } = readWav(bytes);
  if (info?.sampleRateHz !== OUTPUT.sampleRateHz || info.channels !== OUTPUT.channels)
    throw new EngineError(
      "AUDIO_FORMAT_UNSUPPORTED",
      `the espeak-ng voice ${voice} speaks at ${info?.sampleRateHz} Hz with ${info?.channels} channels; \
wanted ${OUTPUT.sampleRateHz} Hz mono, which all voices but those of mbrola give`,
    );
  return pcm;
}

/** Without `[[`, which opens phonemes. All else is read out: markup is not interpreted as long as nobody passes `-m`. */
export const harmless = (text: string): string => text.replace(/\[(?=\[)/g, "[ ");

function readWav(bytes: Uint8Array): { readonly pcm: Int16Array; readonly info: WavReader["info"] } {
  const reader = new WavReader();
  try {
    const pcm = reader.push(bytes);
    reader.end();
    return { pcm, info: reader.info };
  } catch (error) {
    throw new EngineError("ENGINE_FAILED", `espeak-ng gave ${bytes.length} bytes that are no audio`, { cause: error });
  }
}

/**
 * Proves that a voice speaks, and at the rate declared, before a run relies on it.
 * @throws EngineError VOICE_UNKNOWN for one that espeak lists and cannot load, otherwise as `speakSentence`.
 */
export async function tryVoice(
  program: Program,
  manner: Manner,
  bounds: { readonly timeoutMs: number; readonly signal: AbortSignal },
): Promise<void> {
  try {
    await speakSentence(program, "a", manner, bounds);
  } catch (error) {
    if (!(error instanceof EngineError) || error.details.exitCode === undefined) throw error;
    throw new EngineError("VOICE_UNKNOWN", `espeak-ng lists the voice ${manner.voice} but cannot load it`, {
      cause: error,
    });
  }
}
