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
import { Access } from "./access.ts";
import { FileCalls } from "./file-asr/calls.ts";
import { type FileSettings, fileConfig } from "./file-asr/config.ts";
import { type Found, KeptTask } from "./file-asr/kept-task.ts";
import { type HotWordsUser, hotWordsOf } from "./hearing/hot-words.ts";
import { placedWords } from "./wire/heard.ts";
import { type FoundSentence, sentencesOf } from "./wire/transcription.ts";

/** Positions are counted at this rate where nobody says the recording's own. */
const RATE_HZ = 16_000;

/** Recognises recordings by Model Studio, one after the other. */
export const fileAsr = defineNode({
  type: "modelstudio.file-asr",
  summary: "Recognises recordings by Model Studio (DashScope), by their address.",
  role: "file-asr",
  shape: "task",
  inputs: { recording: { kinds: ["recording"], requires: ["recording"] } },
  outputs: ({ language, otherLanguages, speakers }) => ({
    final: {
      kinds: ["text"],
      textRole: "transcript",
      default: true,
      ...(language !== undefined && otherLanguages.length === 0 && { language }),
      carries: ["words", ...(speakers ? (["speaker"] as const) : [])],
    },
  }),
  config: fileConfig,
  effects: ["network"],
  retry: { attempts: 3 },
  async create(settings, ctx): Promise<TaskNode> {
    const access = await Access.open(settings, ctx);
    const of = { concurrency: 0, perSecond: settings.perSecond, waitMs: 60_000 };
    const limits = await ctx.resource(credentialLimits(of, ...access.credential, "files"));
    const hotWords = await hotWordsOf({ access, ctx, words: settings.hotWords, model: settings.model });
    return new FileRecogniser(settings, { ctx, calls: new FileCalls(ctx, access), limits, hotWords });
  },
});

interface FileOptions {
  readonly ctx: NodeContext;
  readonly calls: FileCalls;
  readonly limits: CredentialLimits;
  readonly hotWords: HotWordsUser | undefined;
}

class FileRecogniser implements TaskNode {
  constructor(
    /** As they are for the next recording. */
    private settings: FileSettings,
    readonly options: FileOptions,
  ) {}

  async run(input: TaskInput, emit: AwaitableEmit, signal: AbortSignal): Promise<void> {
    for await (const frame of input) if (frame.kind === "recording") await this.#recognise(frame, emit, signal);
  }

  onUpdate(config: unknown): void {
    this.settings = fileConfig.parse(config);
  }

  async close(): Promise<void> {
    await this.options.hotWords?.leave();
  }

  async #recognise(frame: RecordingFrame, emit: AwaitableEmit, signal: AbortSignal): Promise<void> {
    const { settings, options } = this;
    const { ctx, calls, limits, hotWords } = options;
    const url = addressOf(frame);
    (await limits.enter(ctx.clock, signal))();
    const vocabularyId = async () => settings.vocabularyId ?? hotWords?.id();
    const task = new KeptTask({ ctx, calls, settings, url, vocabularyId, signal });
    await this.#tell(await task.found(), frame, emit);
    await task.done();
  }

  /** Each sentence is an utterance; times count from the beginning of the recording. */
  async #tell({ transcription, seconds }: Found, frame: RecordingFrame, emit: AwaitableEmit): Promise<void> {
    const { ctx } = this.options;
    const durationMs = transcription?.properties?.original_duration_in_milliseconds;
    ctx.usage("audioSeconds", seconds ?? (durationMs ?? 0) / 1000);
    const found = transcription ? sentencesOf(transcription) : [];
    if (found.length === 0) ctx.count("emptyRecordings");
    const sampleRateHz = frame.sampleRateHz ?? transcription?.properties?.original_sampling_rate ?? RATE_HZ;
    let endSample = 0;
    for (const sentence of found) {
      const text = this.#frame(sentence, sampleRateHz, sentence.channel === undefined ? endSample : 0); // channels speak at once
      endSample = text.endSample;
      await emit(text, "final");
    }
  }

  #frame(sentence: FoundSentence, sampleRateHz: number, fromSample: number): TextFrame {
    const { language, otherLanguages } = this.settings;
    const { text, beginMs, endMs, speaker, channel, number, words } = sentence;
    const position = (ms: number) => msToSamples(ms, sampleRateHz);
    const startSample = Math.max(fromSample, position(beginMs));
    const endSample = Math.max(startSample, position(endMs));
    return {
      kind: "text",
      role: "transcript",
      text,
      utterance: this.options.ctx.newUtterance(),
      revision: 1,
      final: true,
      stableChars: text.length,
      startSample,
      endSample,
      sampleRateHz,
      ...(language !== undefined && otherLanguages.length === 0 && { language }),
      ...(speaker !== undefined && { speaker }),
      ...(channel !== undefined && { channel }),
      ...(words.length > 0 && { words: placedWords(words, position, [startSample, endSample]) }),
      vendor: { sentence: number },
    };
  }
}

/** The service fetches recordings by itself. @throws EngineError CONFIG_INVALID for one without an address. */
function addressOf({ source }: RecordingFrame): string {
  if (!("url" in source))
    throw new EngineError(
      "CONFIG_INVALID",
      "Model Studio takes recordings by their address only: upload this one somewhere, and give its URL",
    );
  if (!URL.canParse(source.url) || !/^(https?|oss):$/.test(new URL(source.url).protocol))
    throw new EngineError("CONFIG_INVALID", "the address of a recording is none that Model Studio can fetch");
  return source.url;
}
