import { z } from "zod";
import {
  type Artifact,
  type AudioEncoder,
  type AudioFormat,
  type AudioFrame,
  defineNode,
  ENCODED_CONTAINERS,
  type EncodedContainer,
  type EncodedFrame,
  EngineError,
  endSample,
  type Frame,
  type InlineNode,
  loadOpus,
  type MakeEncoder,
  MEDIA_TYPES,
  type NodeContext,
  type OpusCodec,
  path,
  prepareEncoder,
} from "#engine/plugin";
import { PacketPages } from "./packets/packet-pages.ts";

const BY_NAME: Readonly<Record<string, EncodedContainer>> = { mp3: "mp3", ogg: "vorbis", oga: "vorbis", opus: "opus" };

const config = z
  .strictObject({
    path: path(z.string().min(1), "write").describe("The file to write; its name says as what: .mp3, .ogg or .opus."),
    container: z
      .enum(ENCODED_CONTAINERS)
      .optional()
      .describe("What to write where the name does not say: MP3, Vorbis in Ogg or Opus in Ogg."),
    bitrate: z
      .number()
      .int()
      .min(6000)
      .max(510_000)
      .optional()
      .describe("Bits a second; what is fit for speech where left out. Vorbis has none."),
    gaps: z
      .enum(["keep", "silence"])
      .default("keep")
      .describe(
        "Stretches without audio: `keep` joins what is around them, `silence` fills them so that positions in the file are times.",
      ),
  })
  .superRefine((settings, issues) => {
    if (containerOf(settings) === undefined)
      issues.addIssue({
        code: "custom",
        path: ["path"],
        message: "the name ends in none of .mp3, .ogg, .oga and .opus: state container",
      });
  });

type Settings = z.output<typeof config>;

const containerOf = ({ path: name, container }: Pick<Settings, "path" | "container">): EncodedContainer | undefined =>
  container ?? BY_NAME[/\.([a-z0-9]+)$/i.exec(name)?.[1]?.toLowerCase() ?? ""];

/** What an empty file says of its audio. */
const EMPTY_FORMAT: AudioFormat = { sampleRateHz: 16000, channels: 1 };
/** Gaps are filled in pieces, so that a long one needs no memory. */
const SILENCE = new Int16Array(32_768);

/** Writes audio as an MP3 or Ogg file while it comes. Audio that lies before what was written already is appended all the same, and counted. */
export const audio = defineNode({
  type: "core.audio",
  summary: "Writes audio to an MP3, Ogg Vorbis or Ogg Opus file.",
  role: "sink",
  inputs: (settings) => ({
    audio: {
      kinds: containerOf(settings) === "opus" ? ["audio", "encoded"] : ["audio"],
      audio: { channels: [1, 2] },
    },
  }),
  outputs: {},
  effects: ["files"],
  config,
  async create(settings, ctx) {
    const container = containerOf(settings) ?? "mp3"; // the schema has seen to it
    const codecs = await ctx.outside(async () => ({
      make: await prepareEncoder(container),
      opus: container === "opus" ? await loadOpus() : undefined,
    }));
    const file = await ctx.artifact(settings.path, { mediaType: MEDIA_TYPES[container] });
    return new EncodedSink(settings, ctx, codecs, file);
  },
});

interface Codecs {
  readonly make: MakeEncoder;
  /** Where packets of it are taken, too. */
  readonly opus: OpusCodec | undefined;
}

class EncodedSink implements InlineNode {
  readonly #settings: Settings;
  readonly #ctx: NodeContext;
  readonly #codecs: Codecs;
  readonly #file: Artifact;
  #encoder: AudioEncoder | undefined;
  #pages: PacketPages | undefined;
  #format: AudioFormat | undefined;
  /** The position that the next sample written stands for. */
  #position: number | undefined;

  constructor(settings: Settings, ctx: NodeContext, codecs: Codecs, file: Artifact) {
    this.#settings = settings;
    this.#ctx = ctx;
    this.#codecs = codecs;
    this.#file = file;
    file.onFinish(() => file.write(this.#pages ? this.#pages.end() : this.#open(EMPTY_FORMAT).end()));
  }

  onFrame(frame: Frame): void {
    if (frame.kind === "encoded") {
      this.#keep(frame);
      return;
    }
    if (frame.kind !== "audio") throw new EngineError("NODE_PROTOCOL", `core.audio takes audio; found ${frame.kind}`);
    if (this.#pages) throw mixed("audio", "packets");
    this.#requireFormat(frame);
    this.#reach(frame, (gap) => {
      const encoder = this.#open(frame);
      for (let left = gap * frame.channels; left > 0; left -= SILENCE.length)
        this.#file.write(encoder.encode(SILENCE.subarray(0, left)));
      return gap;
    });
    this.#file.write(this.#open(frame).encode(frame.pcm));
    this.#position = endSample(frame);
  }

  close(): void {
    this.#encoder?.close();
  }

  /** A packet goes into the file as it is. */
  #keep(frame: EncodedFrame): void {
    const { opus } = this.#codecs;
    if (!opus || frame.codec !== "opus")
      throw new EngineError(
        "CODEC_UNSUPPORTED",
        `core.audio input: packets of ${frame.codec}; wanted opus, into a file of it`,
      );
    if (this.#encoder) throw mixed("packets", "audio");
    this.#requireFormat(frame);
    this.#pages ??= new PacketPages(opus, frame);
    const pages = this.#pages;
    this.#reach(frame, () => {
      const { bytes, samples } = pages.silenceUntil(frame.startSample);
      this.#file.write(bytes);
      return samples;
    });
    this.#file.write(pages.packet(frame));
    this.#position = frame.startSample + frame.sampleCount;
  }

  #open({ sampleRateHz, channels }: AudioFormat): AudioEncoder {
    const { bitrate } = this.#settings;
    this.#encoder ??= this.#codecs.make({ sampleRateHz, channels }, bitrate === undefined ? {} : { bitrate });
    return this.#encoder;
  }

  #requireFormat({ sampleRateHz, channels, startSample }: AudioFrame | EncodedFrame): void {
    this.#format ??= { sampleRateHz, channels };
    if (sampleRateHz !== this.#format.sampleRateHz || channels !== this.#format.channels)
      throw new EngineError(
        "AUDIO_FORMAT_UNSUPPORTED",
        `core.audio input: ${sampleRateHz} Hz, ${channels} channels at sample ${startSample}; the file was begun with ${this.#format.sampleRateHz} Hz, ${this.#format.channels}`,
      );
  }

  /**
   * Deals with what lies between the audio written last and a frame. A file that fills its gaps begins at position 0.
   * @param fill writes silence. @returns how many samples of it
   */
  #reach({ startSample }: AudioFrame | EncodedFrame, fill: (gap: number) => number): void {
    const fills = this.#settings.gaps === "silence";
    const gap = startSample - (this.#position ?? (fills ? 0 : startSample));
    if (gap < 0) this.#ctx.count("overlappingSamples", -gap);
    else if (gap > 0 && !fills) this.#ctx.count("joinedGapSamples", gap);
    else if (gap > 0) this.#ctx.count("silenceSamples", fill(gap));
  }
}

const mixed = (found: string, begun: string) =>
  new EngineError("AUDIO_FORMAT_UNSUPPORTED", `core.audio input: ${found}; the file was begun with ${begun}`);
