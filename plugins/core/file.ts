import { z } from "zod";
import {
  AUDIO_LIMITS,
  type AwaitableEmit,
  defineNode,
  Framer,
  type NodeContext,
  path,
  samplesToMs,
  type TaskInput,
  type TaskNode,
} from "#engine/plugin";
import { isWebUrl } from "./file/byte-source.ts";
import { Progress } from "./file/progress.ts";
import { RecordingReader } from "./file/recording-reader.ts";

const { minRateHz, maxRateHz, maxChannels } = AUDIO_LIMITS;
/** Names that say that there is no header to learn the format from. */
const RAW_NAME = /\.(raw|pcm|alaw|al|ulaw|mulaw|ul)$/i;

const config = z
  .strictObject({
    path: path(z.string().min(1), "read").describe(
      "The recording, a path or a web address. Its bytes say what it is: WAV, MP3, FLAC, Ogg Vorbis, Ogg Opus or Silk, others by ffmpeg where it is installed; with `format` a file of samples alone.",
    ),
    format: z
      .strictObject({
        encoding: z.enum(["s16le", "alaw", "mulaw"]).describe("How the samples lie in the file."),
        sampleRateHz: z.number().int().min(minRateHz).max(maxRateHz).describe("Samples per second of one channel."),
        channels: z.number().int().min(1).max(maxChannels).describe("Channels, interleaved."),
      })
      .optional()
      .describe("What a file without a header holds; it has to be stated for .raw, .pcm and the like."),
    pace: z
      .enum(["fast", "realtime"])
      .default("fast")
      .describe("`fast` reads as quickly as what follows takes it, `realtime` as a microphone would have given it."),
    frameMs: z
      .number()
      .min(1)
      .max(1000)
      .default(20)
      .describe("The length of the frames to give; the last may be shorter."),
  })
  .superRefine((settings, issues) => {
    if (RAW_NAME.test(settings.path) && !settings.format)
      issues.addIssue({
        code: "custom",
        path: ["format"],
        message: `a ${settings.path.slice(settings.path.lastIndexOf("."))} file has no header: state encoding, sampleRateHz and channels`,
      });
  });

type Settings = z.output<typeof config>;

/** Reads a recording from disk in order, with bounded memory, waiting where what follows has no room. */
export const file = defineNode({
  type: "core.file",
  summary: "Reads a recording, from a file or a web address: WAV, MP3, FLAC, Ogg, or raw PCM, A-law and mu-law.",
  role: "source",
  inputs: {},
  outputs: ({ format, frameMs }) => ({
    audio: {
      kinds: ["audio"],
      ...(format && { audio: { sampleRateHz: format.sampleRateHz, channels: format.channels, frameMs } }),
    },
  }),
  effects: ["files"],
  fetches: ({ path: location }) => isWebUrl(location),
  config,
  shape: "task",
  opens: {
    kind: "audio",
    config: (location) => ({ path: location }),
    async probe(settings) {
      if (isWebUrl(settings.path)) return undefined;
      const reader = await RecordingReader.open(settings.path, { raw: settings.format });
      await reader.close();
      const { frameMs } = settings;
      const whole = Number.isInteger((reader.format.sampleRateHz * frameMs) / 1000);
      return whole ? { ...reader.format, frameMs } : reader.format; // frames of 220.5 samples are not all alike
    },
  },
  async create(settings, ctx) {
    const open = () => RecordingReader.open(settings.path, { raw: settings.format, ctx });
    // what comes by the network waits on the run's own clock
    return new FileSource(settings, ctx, await (isWebUrl(settings.path) ? open() : ctx.outside(open)));
  },
});

class FileSource implements TaskNode {
  readonly #settings: Settings;
  readonly #ctx: NodeContext;
  readonly #reader: RecordingReader;
  readonly #progress: Progress;

  constructor(settings: Settings, ctx: NodeContext, reader: RecordingReader) {
    this.#settings = settings;
    this.#ctx = ctx;
    this.#reader = reader;
    const { sampleRateHz } = reader.format;
    const total = reader.totalSamples;
    this.#progress = new Progress(ctx, total === undefined ? undefined : samplesToMs(total, sampleRateHz));
  }

  async run(_input: TaskInput, emit: AwaitableEmit, signal: AbortSignal): Promise<void> {
    const { format } = this.#reader;
    const framer = new Framer({ ...format, frameMs: this.#settings.frameMs });
    const give = this.#giver(emit, signal);
    for (;;) {
      signal.throwIfAborted();
      const block = await this.#ctx.outside(() => this.#reader.next());
      if (!block) break;
      const frames: Int16Array[] = [];
      framer.give(block, (frame) => frames.push(frame));
      for (const frame of frames) {
        const room = give(frame);
        if (room) await room;
      }
    }
    const rest = framer.rest();
    if (rest.length > 0) await give(rest);
    this.#progress.end();
    this.#reportTruncation();
  }

  close(): Promise<void> {
    return this.#reader.close();
  }

  /** Emits frame after frame. Real time is kept by absolute deadlines: a frame is due when its last sample has been spoken. */
  #giver(emit: AwaitableEmit, signal: AbortSignal): (pcm: Int16Array) => Promise<void> | undefined {
    const { format } = this.#reader;
    const { clock } = this.#ctx;
    const begunMs = clock.nowMs();
    let startSample = 0;
    const send = (pcm: Int16Array) => {
      const room = emit({ kind: "audio", pcm, ...format, startSample });
      startSample += pcm.length / format.channels;
      this.#progress.reached(samplesToMs(startSample, format.sampleRateHz));
      return room;
    };
    if (this.#settings.pace === "fast") return send;
    return async (pcm) => {
      const dueMs = begunMs + samplesToMs(startSample + pcm.length / format.channels, format.sampleRateHz);
      const earlyMs = dueMs - clock.nowMs();
      if (earlyMs > 0) await clock.sleep(earlyMs, signal);
      await send(pcm);
    };
  }

  #reportTruncation(): void {
    const { truncation, format } = this.#reader;
    if (!truncation) return;
    const { declaredSamples, foundSamples } = truncation;
    this.#ctx.report({
      type: "truncated",
      ...(declaredSamples !== undefined && { declaredMs: samplesToMs(declaredSamples, format.sampleRateHz) }),
      foundMs: samplesToMs(foundSamples, format.sampleRateHz),
    });
  }
}
