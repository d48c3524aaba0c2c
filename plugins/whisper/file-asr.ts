import { z } from "zod";
import {
  type AwaitableEmit,
  defineNode,
  type NodeContext,
  path,
  type RecordingFrame,
  type TaskInput,
  type TaskNode,
  type TextFrame,
} from "#engine/plugin";
import { WhisperEngine, type WhisperPart } from "#native/whisper";
import { RATE_HZ, samplesOf } from "./samples.ts";

const config = z.strictObject({
  model: path(z.string().min(1), "read").describe("The ggml file of the model."),
  language: z.string().min(2).optional().describe("What is spoken (BCP 47); found out where left out."),
  threads: z.number().int().min(1).max(32).default(1).describe("Threads that the model computes with."),
  maxMinutes: z
    .number()
    .min(1)
    .max(600)
    .default(120)
    .describe("A longer recording is an error: it is held as a whole."),
});

type Settings = z.output<typeof config>;

/** Recognises recordings, one after the other, with a model of one's own. */
export const fileAsr = defineNode({
  type: "whisper.file-asr",
  summary: "Recognises recordings on this machine with a ggml model of whisper of your own.",
  role: "file-asr",
  shape: "task",
  inputs: { recording: { kinds: ["recording"], requires: ["recording"] } },
  outputs: ({ language }) => ({
    final: { kinds: ["text"], textRole: "transcript", default: true, ...(language !== undefined && { language }) },
  }),
  effects: ["files"],
  languages: ({ language }) => (language === undefined ? {} : { source: language }),
  config,
  async create(settings, ctx) {
    const engine = await ctx.outside((signal) => WhisperEngine.open(settings.model, signal));
    return new FileRecogniser(settings, ctx, engine);
  },
});

class FileRecogniser implements TaskNode {
  constructor(
    private readonly settings: Settings,
    private readonly ctx: NodeContext,
    private readonly engine: Pick<WhisperEngine, "hear" | "close">,
  ) {}

  async run(input: TaskInput, emit: AwaitableEmit): Promise<void> {
    for await (const frame of input) if (frame.kind === "recording") await this.#recognise(frame, emit);
  }

  close(): Promise<void> {
    return this.engine.close();
  }

  async #recognise(frame: RecordingFrame, emit: AwaitableEmit): Promise<void> {
    const { language, threads, maxMinutes } = this.settings;
    const pcm = await this.ctx.outside(() => samplesOf(frame, maxMinutes * 60 * RATE_HZ));
    this.ctx.usage("audioSeconds", pcm.length / RATE_HZ);
    const heard = await this.ctx.outside((signal) =>
      this.engine.hear(pcm, language?.split("-")[0] ?? "auto", threads, signal),
    );
    const said = heard.parts.filter(({ text }) => text !== "");
    if (said.length === 0) this.ctx.count("emptyRecordings");
    for (const part of said) await emit(this.#text(part, language ?? heard.language, pcm.length), "final");
  }

  #text({ text, from, to }: WhisperPart, language: string | undefined, samples: number): TextFrame {
    const position = (hundredths: number) => Math.min(samples, Math.round((hundredths * RATE_HZ) / 100));
    return {
      kind: "text",
      role: "transcript",
      text,
      utterance: this.ctx.newUtterance(),
      revision: 1,
      final: true,
      stableChars: text.length,
      startSample: position(from),
      endSample: Math.max(position(from), position(to)),
      sampleRateHz: RATE_HZ,
      ...(language !== undefined && { language }),
    };
  }
}
