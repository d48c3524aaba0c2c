import { z } from "zod";
import {
  type Artifact,
  type AudioFormat,
  type AudioFrame,
  defineNode,
  EngineError,
  encodeS16le,
  endSample,
  type Frame,
  type InlineNode,
  type NodeContext,
  path,
  requireWavLength,
  wavHeader,
} from "#engine/plugin";

const config = z.strictObject({
  path: path(z.string().min(1), "write").describe(
    "The WAV file to write: signed 16 bit, rate and channels as they come.",
  ),
  gaps: z
    .enum(["keep", "silence"])
    .default("keep")
    .describe(
      "Stretches without audio: `keep` joins what is around them, `silence` fills them so that positions in the file are times.",
    ),
});

type Settings = z.output<typeof config>;

/** What the header of a file says that no audio ever came for. */
const EMPTY_FORMAT: AudioFormat = { sampleRateHz: 16000, channels: 1 };
/** Gaps are filled in pieces, so that a long one needs no memory. */
const SILENCE = new Uint8Array(65536);

/** Writes audio to a WAV file. Audio that lies before what was written already is appended all the same, and counted as overlapping. */
export const wav = defineNode({
  type: "core.wav",
  summary: "Writes audio to a WAV file of 16-bit PCM.",
  role: "sink",
  inputs: { audio: { kinds: ["audio"] } },
  outputs: {},
  effects: ["files"],
  config,
  async create(settings, ctx) {
    return new WavSink(settings, ctx, await ctx.artifact(settings.path, { mediaType: "audio/wav" }));
  },
});

class WavSink implements InlineNode {
  readonly #fillGaps: boolean;
  readonly #ctx: NodeContext;
  readonly #file: Artifact;
  #format: AudioFormat | undefined;
  #dataBytes = 0;
  /** The position that the next sample written stands for. */
  #position: number | undefined;

  constructor(settings: Settings, ctx: NodeContext, file: Artifact) {
    this.#fillGaps = settings.gaps === "silence";
    this.#ctx = ctx;
    this.#file = file;
    const negotiated = Object.values(ctx.formats).find((format) => format !== undefined) ?? EMPTY_FORMAT;
    file.write(wavHeader(negotiated, 0));
    file.onFinish(() => file.writeAt(0, wavHeader(this.#format ?? negotiated, this.#dataBytes)));
  }

  onFrame(frame: Frame): void {
    if (frame.kind !== "audio") throw new EngineError("NODE_PROTOCOL", `core.wav takes audio; found ${frame.kind}`);
    this.#requireFormat(frame);
    this.#reach(frame.startSample);
    requireWavLength(this.#dataBytes + frame.pcm.length * 2);
    this.#write(encodeS16le(frame.pcm));
    this.#position = this.#fillGaps ? this.#position! + frame.pcm.length / frame.channels : endSample(frame);
  }

  #requireFormat({ sampleRateHz, channels, startSample }: AudioFrame): void {
    this.#format ??= { sampleRateHz, channels };
    if (sampleRateHz !== this.#format.sampleRateHz || channels !== this.#format.channels)
      throw new EngineError(
        "AUDIO_FORMAT_UNSUPPORTED",
        `core.wav input: ${sampleRateHz} Hz, ${channels} channels at sample ${startSample}; the file was begun with ${this.#format.sampleRateHz} Hz, ${this.#format.channels}`,
      );
  }

  /** Deals with what lies between the audio written last and a frame. A file that fills its gaps begins at position 0. */
  #reach(startSample: number): void {
    const position = this.#position ?? (this.#fillGaps ? 0 : startSample);
    const gap = startSample - position;
    this.#position = position;
    if (gap < 0) this.#ctx.count("overlappingSamples", -gap);
    else if (gap > 0 && !this.#fillGaps) this.#ctx.count("joinedGapSamples", gap);
    else if (gap > 0) {
      const bytes = gap * (this.#format?.channels ?? 1) * 2;
      requireWavLength(this.#dataBytes + bytes);
      for (let left = bytes; left > 0; left -= SILENCE.length) this.#write(SILENCE.subarray(0, left));
      this.#ctx.count("silenceSamples", gap);
      this.#position = startSample;
    }
  }

  #write(bytes: Uint8Array): void {
    this.#file.write(bytes);
    this.#dataBytes += bytes.length;
  }
}
