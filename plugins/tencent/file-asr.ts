import {
  type AwaitableEmit,
  type CredentialLimits,
  credentialLimits,
  defineNode,
  EngineError,
  msToSamples,
  type NodeContext,
  type RecordingFrame,
  type TaskInput,
  type TaskNode,
} from "#engine/plugin";
import { credentialOf } from "./access.ts";
import { languageOf, rateOf } from "./engines.ts";
import { engineOf, type FileSettings, fileConfig, isCalledBack } from "./file-asr/config.ts";
import { recogniseAtOnce } from "./file-asr/flash.ts";
import { KeptTask } from "./file-asr/kept-task.ts";
import { LIMITS, markOf, sourceOf } from "./file-asr/source.ts";
import type { Recognised } from "./file-asr/tasks.ts";
import { ACKNOWLEDGEMENT } from "./wire/callback.ts";
import type { HeardOnChannel } from "./wire/recording.ts";
import { textFrame } from "./wire/transcript.ts";

/** The vendor takes 20 recordings a second of one account. */
const SUBMISSIONS_A_SECOND = 20;

/** Recognises recordings by Tencent Cloud, one after the other. */
export const fileAsr = defineNode({
  type: "tencent.file-asr",
  summary: "Recognises recordings by Tencent Cloud: files as they are, or by their address.",
  role: "file-asr",
  shape: "task",
  inputs: { recording: { kinds: ["recording"], requires: ["recording"] } },
  outputs: (settings) => {
    const language = settings.language ?? languageOf(engineOf(settings));
    return {
      final: {
        kinds: ["text"],
        textRole: "transcript",
        default: true,
        ...(language !== undefined && { language }),
        carries: [
          ...(settings.words ? (["words"] as const) : []),
          ...(settings.speakers || settings.engine === "8k_6" ? (["speaker"] as const) : []),
        ],
      },
    };
  },
  config: fileConfig,
  effects: ["network", "files"],
  calledBack: isCalledBack,
  retry: { attempts: 3 },
  async create(settings, ctx): Promise<TaskNode> {
    if (isCalledBack(settings)) await ctx.callback("start", ACKNOWLEDGEMENT); // without an address the run must not start
    const limits = { concurrency: 0, perSecond: SUBMISSIONS_A_SECOND, waitMs: 60_000 };
    return new FileRecogniser(
      settings,
      ctx,
      await ctx.resource(credentialLimits(limits, ...credentialOf(settings), "files")),
    );
  },
});

class FileRecogniser implements TaskNode {
  constructor(
    /** As they are for the next recording. */
    private settings: FileSettings,
    readonly ctx: NodeContext,
    readonly limits: CredentialLimits,
  ) {}

  async run(input: TaskInput, emit: AwaitableEmit, signal: AbortSignal): Promise<void> {
    for await (const frame of input) if (frame.kind === "recording") await this.#recognise(frame, emit, signal);
  }

  onUpdate(config: unknown): void {
    this.settings = fileConfig.parse(config);
  }

  async #recognise(frame: RecordingFrame, emit: AwaitableEmit, signal: AbortSignal): Promise<void> {
    const { ctx, settings } = this;
    requireChannels(frame, settings);
    const source = await sourceOf(frame, LIMITS[settings.api], ctx);
    (await this.limits.enter(ctx.clock, signal))();
    if (settings.api === "flash") {
      const result = await recogniseAtOnce(ctx, { source, settings, signal });
      ctx.usage("requests", 1);
      return this.#tell(result, frame, emit);
    }
    const task = new KeptTask(ctx, { source, settings, signal }, markOf(source));
    await this.#tell(await task.result(), frame, emit);
    await task.done();
  }

  /** Each sentence is an utterance; times count from the beginning of the recording. */
  async #tell({ sentences, durationMs }: Recognised, frame: RecordingFrame, emit: AwaitableEmit): Promise<void> {
    const { ctx, settings } = this;
    const sampleRateHz = frame.sampleRateHz ?? rateOf(engineOf(settings));
    const language = settings.language ?? languageOf(engineOf(settings));
    let endSample = 0;
    ctx.usage("audioSeconds", durationMs / 1000);
    if (sentences.length === 0) ctx.count("emptyRecordings");
    for (const heard of sentences) {
      const { channel }: HeardOnChannel = heard;
      const text = textFrame(heard, {
        utterance: ctx.newUtterance(),
        revision: 1,
        ...(language !== undefined && { language }),
        ...(channel !== undefined && { channel }),
        sampleRateHz,
        position: (ms) => msToSamples(ms, sampleRateHz),
        fromSample: channel === undefined ? endSample : 0, // channels speak at once
        vendor: { sentence: heard.key },
      });
      endSample = text.endSample;
      await emit(text, "final");
    }
  }
}

/** What is known of a recording has to fit what the service is told. */
function requireChannels({ channels }: RecordingFrame, settings: FileSettings): void {
  if (channels !== undefined && channels !== settings.channels)
    throw new EngineError(
      "AUDIO_FORMAT_UNSUPPORTED",
      `a recording with ${channels} channels, wanted ${settings.channels}: set channels, or take them apart first`,
    );
}
