import { resolve } from "node:path";
import {
  type AudioFormat,
  defineNode,
  EngineError,
  joinPcm,
  msToSamples,
  type NodeDefinition,
  type TextFrame,
  WavReader,
  z,
} from "#engine/plugin";
import type { Binding, Fixture, MadeFixture, Piece } from "#engine/workflow";
import type { SpeechMaker } from "./speech.ts";
import { noise, Tape, tone } from "./tape.ts";

/** What a fixture comes to: a source, and how much audio it gives. */
export interface MadeSource {
  readonly binding: Binding;
  readonly mediaMs: number;
}

type Pace = MadeFixture["pace"];

const DEFAULT: Pick<MadeFixture, "sampleRateHz" | "frameMs" | "pace"> = {
  sampleRateHz: 16_000,
  frameMs: 20,
  pace: "realtime",
};

/** Makes what tests give to their workflows. Recordings and speech are made once, however many tests use them. */
export class Fixtures {
  readonly #recordings = new Map<string, Promise<Tape | undefined>>();

  constructor(readonly speech: SpeechMaker) {}

  /**
   * @param dir absolute; what paths are relative to. `name` goes into the ids of texts.
   * @throws EngineError what reading or speaking fails with.
   */
  async make(fixture: Fixture, name: string, dir: string): Promise<MadeSource> {
    if (typeof fixture === "string") return this.#recording({ ...DEFAULT, audio: fixture }, dir);
    if (isPieces(fixture)) return sourceOf(await this.#tape(fixture, DEFAULT.sampleRateHz, dir), DEFAULT);
    if (fixture.text) return { binding: textSource(textsOf(fixture.text, name), fixture.pace), mediaMs: 0 };
    if (typeof fixture.audio === "string") return this.#recording({ ...fixture, audio: fixture.audio }, dir);
    const channels = fixture.channels ?? [fixture.audio ?? []];
    const tapes = await Promise.all(channels.map((pieces) => this.#tape(pieces, fixture.sampleRateHz, dir)));
    return sourceOf(tapes.length === 1 ? tapes[0]! : sideBySide(tapes), fixture);
  }

  /** A WAV at its own rate and channels; anything else is left to what opens recordings, which reads it as fast as it can. */
  async #recording(
    fixture: Pick<MadeFixture, "frameMs" | "pace"> & { readonly audio: string },
    dir: string,
  ): Promise<MadeSource> {
    const path = resolve(dir, fixture.audio);
    const tape = await this.#read(path);
    return tape ? sourceOf(tape, fixture) : { binding: { location: path }, mediaMs: 0 };
  }

  #read(path: string): Promise<Tape | undefined> {
    const reading = this.#recordings.get(path) ?? readWav(path);
    this.#recordings.set(path, reading);
    return reading;
  }

  async #tape(pieces: readonly Piece[], sampleRateHz: number, dir: string): Promise<Tape> {
    const format = { sampleRateHz, channels: 1 };
    const parts = await Promise.all(pieces.map((piece) => this.#piece(piece, format, dir)));
    return new Tape(format, parts.flat());
  }

  async #piece(piece: Piece, format: AudioFormat, dir: string): Promise<readonly Int16Array[]> {
    const { sampleRateHz } = format;
    if ("silence" in piece) return [new Int16Array(msToSamples(piece.silence, sampleRateHz))];
    if ("noise" in piece) return [noise(piece.noise, sampleRateHz, piece.levelDb)];
    if ("tone" in piece) return [tone(piece.tone, piece.hz ?? 440, sampleRateHz, piece.levelDb)];
    if ("of" in piece) {
      const { stretches } = await this.#tape(piece.of, sampleRateHz, dir);
      return Array.from({ length: piece.repeat }, () => stretches).flat();
    }
    if ("file" in piece) {
      const tape = await this.#read(resolve(dir, piece.file));
      if (!tape)
        throw new EngineError("AUDIO_NOT_RECOGNISED", `${piece.file}: a piece of a fixture is a WAV recording`);
      return tape.as(format).between(piece.fromMs ?? 0, piece.toMs ?? Number.POSITIVE_INFINITY).stretches;
    }
    const spoken = await this.speech.speak(piece);
    return new Tape(spoken.format, [joinPcm([...spoken.stretches])]).as(format).stretches;
  }
}

const isPieces = (fixture: Exclude<Fixture, string>): fixture is Piece[] => Array.isArray(fixture);

async function readWav(path: string): Promise<Tape | undefined> {
  const bytes = await Bun.file(path)
    .bytes()
    .catch((cause: unknown) => {
      throw new EngineError("FILE_NOT_FOUND", `${path}: the recording of a test cannot be read`, { cause });
    });
  if (new TextDecoder("latin1").decode(bytes.subarray(0, 4)) !== "RIFF") return undefined;
  const reader = new WavReader();
  const pcm = reader.push(bytes);
  reader.end();
  const { info } = reader;
  if (!info) throw new EngineError("AUDIO_EMPTY", `${path}: there is no audio in the recording of a test`);
  return new Tape({ sampleRateHz: info.sampleRateHz, channels: info.channels }, [pcm]);
}

/** Several mono tapes as the channels of one; the shorter ones end in silence. */
function sideBySide(tapes: readonly Tape[]): Tape {
  const format = { sampleRateHz: tapes[0]!.format.sampleRateHz, channels: tapes.length };
  const pcm = new Int16Array(Math.max(...tapes.map(({ samples }) => samples)) * tapes.length);
  for (const [channel, tape] of tapes.entries())
    for (const [index, sample] of joinPcm([...tape.stretches]).entries()) pcm[index * tapes.length + channel] = sample;
  return new Tape(format, [pcm]);
}

const none = z.strictObject({});

function sourceOf(tape: Tape, { frameMs, pace }: Pick<MadeFixture, "frameMs" | "pace">): MadeSource {
  const { format } = tape;
  const whole = Number.isInteger((format.sampleRateHz * frameMs) / 1000);
  const audio = whole ? { ...format, frameMs } : format;
  const definition = defineNode({
    type: "tests.recording",
    summary: "Gives what a test made.",
    role: "source",
    shape: "task",
    inputs: {},
    outputs: { audio: { kinds: ["audio"], audio } },
    realTime: pace === "live",
    config: none,
    create: (_settings, ctx) => ({
      async run(_input, emit, signal) {
        const begunMs = ctx.clock.nowMs();
        let startSample = 0;
        for (const pcm of tape.frames(frameMs)) {
          const endSample = startSample + pcm.length / format.channels;
          if (pace !== "fast") {
            const earlyMs = begunMs + (endSample * 1000) / format.sampleRateHz - ctx.clock.nowMs();
            if (earlyMs > 0) await ctx.clock.sleep(earlyMs, signal);
          }
          const room = emit({ kind: "audio", pcm, ...format, startSample });
          startSample = endSample;
          if (room) await room;
        }
      },
    }),
  });
  return { binding: { definition, config: {}, format }, mediaMs: tape.durationMs };
}

interface TimedText {
  readonly atMs: number;
  readonly frame: TextFrame;
}

const TEXT_RATE_HZ = 16_000;

function textsOf(texts: NonNullable<MadeFixture["text"]>, name: string): TimedText[] {
  return texts.map((given, index) => {
    const { text, atMs = 0, ...facts } = typeof given === "string" ? { text: given } : given;
    const at = msToSamples(atMs, TEXT_RATE_HZ);
    const place = { startSample: at, endSample: at, sampleRateHz: TEXT_RATE_HZ };
    const frame: TextFrame = {
      kind: "text",
      role: "prompt",
      text,
      utterance: `${name}-${index + 1}`,
      revision: 1,
      final: true,
      stableChars: text.length,
      ...place,
      ...("language" in facts && facts.language !== undefined && { language: facts.language }),
      ...("protected" in facts && facts.protected && { protected: true as const }),
    };
    return { atMs, frame };
  });
}

function textSource(texts: readonly TimedText[], pace: Pace): Binding {
  const definition: NodeDefinition = defineNode({
    type: "tests.texts",
    summary: "Gives the texts of a test.",
    role: "source",
    shape: "task",
    inputs: {},
    outputs: { text: { kinds: ["text"], textRole: "prompt" } },
    config: none,
    create: (_settings, ctx) => ({
      async run(_input, emit, signal) {
        const begunMs = ctx.clock.nowMs();
        for (const { atMs, frame } of texts) {
          const earlyMs = begunMs + atMs - ctx.clock.nowMs();
          if (pace !== "fast" && earlyMs > 0) await ctx.clock.sleep(earlyMs, signal);
          await emit(frame);
        }
      },
    }),
  });
  return { definition, config: {} };
}
