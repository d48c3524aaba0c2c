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
  type TextFrame,
} from "#engine/plugin";
import { credentialOf } from "./access.ts";
import { BatchJob } from "./file/batch.ts";
import { FileCalls, type Upload } from "./file/calls.ts";
import { type FileSettings, fileConfig } from "./file/config.ts";
import type { Found, FoundPhrase } from "./file/phrases.ts";

const MOST_BYTES = { fast: 200 * 1024 * 1024, short: 4 * 1024 * 1024 } as const;
/** Positions are counted at this rate where nobody says the recording's own. */
const RATE_HZ = 16_000;
/** Of a resource of the standard tier. */
const REQUESTS_A_SECOND = 10;

/** Recognises recordings by Azure, one after the other. */
export const fileAsr = defineNode({
  type: "azure.file-asr",
  summary: "Recognises recordings by Azure: as files at once, or by their address later.",
  role: "file-asr",
  shape: "task",
  inputs: { recording: { kinds: ["recording"], requires: ["recording"] } },
  outputs: ({ language, otherLanguages, words, speakers }) => ({
    final: {
      kinds: ["text"],
      textRole: "transcript",
      default: true,
      ...(otherLanguages.length === 0 && { language }),
      carries: [...(words ? (["words"] as const) : []), ...(speakers > 0 ? (["speaker"] as const) : []), "confidence"],
    },
  }),
  config: fileConfig,
  languages: ({ language }) => ({ source: language }),
  effects: ["network", "files"],
  retry: { attempts: 3 },
  async create(settings, ctx): Promise<TaskNode> {
    const of = { concurrency: 0, perSecond: REQUESTS_A_SECOND, waitMs: 60_000 };
    return new FileRecogniser(
      settings,
      ctx,
      await ctx.resource(credentialLimits(of, ...credentialOf(settings), "files")),
    );
  },
});

class FileRecogniser implements TaskNode {
  constructor(
    private readonly settings: FileSettings,
    private readonly ctx: NodeContext,
    private readonly limits: CredentialLimits,
  ) {}

  async run(input: TaskInput, emit: AwaitableEmit, signal: AbortSignal): Promise<void> {
    for await (const frame of input) if (frame.kind === "recording") await this.#recognise(frame, emit, signal);
  }

  async #recognise(frame: RecordingFrame, emit: AwaitableEmit, signal: AbortSignal): Promise<void> {
    const { ctx, settings } = this;
    const calls = new FileCalls(ctx, settings, signal);
    if (settings.api === "batch") {
      const url = addressOf(frame);
      (await this.limits.enter(ctx.clock, signal))();
      const job = new BatchJob(ctx, calls, settings, url);
      await this.#tell(await job.found(signal), frame, emit);
      return job.done();
    }
    const { api } = settings;
    const upload = await uploadOf(frame, MOST_BYTES[api], ctx);
    (await this.limits.enter(ctx.clock, signal))();
    ctx.usage("requests", 1);
    await this.#tell(await calls[api](upload), frame, emit);
  }

  /** Each phrase is an utterance; times count from the beginning of the recording. */
  async #tell(
    { phrases, durationMs }: Found,
    { sampleRateHz = RATE_HZ }: RecordingFrame,
    emit: AwaitableEmit,
  ): Promise<void> {
    this.ctx.usage("audioSeconds", durationMs / 1000);
    if (phrases.length === 0) this.ctx.count("emptyRecordings");
    let endSample = 0;
    for (const phrase of phrases) {
      const text = this.#frame(phrase, sampleRateHz, phrase.channel === undefined ? endSample : 0); // channels speak at once
      endSample = text.endSample;
      await emit(text, "final");
    }
  }

  #frame({ text, startMs, endMs, words, ...facts }: FoundPhrase, sampleRateHz: number, fromSample: number): TextFrame {
    const position = (ms: number) => msToSamples(ms, sampleRateHz);
    const startSample = Math.max(fromSample, position(startMs));
    const language = facts.language ?? (this.settings.otherLanguages.length === 0 ? this.settings.language : undefined);
    return {
      kind: "text",
      role: "transcript",
      text,
      utterance: this.ctx.newUtterance(),
      revision: 1,
      final: true,
      stableChars: text.length,
      startSample,
      endSample: Math.max(startSample, position(endMs)),
      sampleRateHz,
      ...facts,
      ...(language !== undefined && { language }),
      ...(this.settings.words &&
        words.length > 0 && {
          words: words.map((word) => ({
            text: word.text,
            startSample: position(word.startMs),
            endSample: Math.max(position(word.startMs), position(word.endMs)),
          })),
        }),
    };
  }
}

/** The service fetches recordings of a batch by itself. @throws EngineError CONFIG_INVALID for one without an address. */
function addressOf({ source }: RecordingFrame): string {
  if ("url" in source && URL.canParse(source.url) && /^https?:$/.test(new URL(source.url).protocol)) return source.url;
  throw new EngineError(
    "CONFIG_INVALID",
    "a batch takes recordings by their address only: set api: fast, or give an address",
  );
}

/** @throws EngineError CONFIG_INVALID, FILE_NOT_FOUND, AUDIO_EMPTY, UPLOAD_TOO_LARGE. */
async function uploadOf({ source, container }: RecordingFrame, most: number, ctx: NodeContext): Promise<Upload> {
  if ("url" in source)
    throw new EngineError(
      "CONFIG_INVALID",
      "fast and short recognition take files: set api: batch, or give the file itself",
    );
  const name = "path" in source ? source.path : `audio.${container ?? "wav"}`;
  const bytes = "path" in source ? await ctx.outside(() => readFile(source.path, most)) : source.bytes;
  requireSize(bytes.length, most);
  return { bytes, name };
}

async function readFile(path: string, most: number): Promise<Uint8Array> {
  const file = Bun.file(path);
  if (!(await file.exists())) throw new EngineError("FILE_NOT_FOUND", `${path} is not there`);
  requireSize(file.size, most);
  return file.bytes();
}

function requireSize(size: number, most: number): void {
  if (size === 0) throw new EngineError("AUDIO_EMPTY", "the recording has no bytes");
  if (size > most)
    throw new EngineError(
      "UPLOAD_TOO_LARGE",
      `the recording has ${size} bytes, and the service takes ${most}: give its address to a batch`,
    );
}
