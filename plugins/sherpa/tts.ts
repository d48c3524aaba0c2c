import { z } from "zod";
import {
  type AwaitableEmit,
  type Control,
  defineNode,
  msToSamples,
  type NodeContext,
  type TaskInput,
  type TaskNode,
  type TextFrame,
} from "#engine/plugin";
import { SherpaEngine, synthesiserModel } from "#native/sherpa";
import { modelSettings } from "./settings.ts";

const FRAME_MS = 20;
/** A longer sentence is cut at a blank, for nothing of it is heard before the whole is made. */
const MOST_CHARS = 300;

const config = z.strictObject({
  ...modelSettings,
  speaker: z.number().int().min(0).default(0).describe("Of a model with several voices: which, from 0."),
  speed: z.number().min(0.5).max(2).default(1).describe("How fast it speaks."),
  language: z.string().min(2).optional().describe("What it speaks (BCP 47), for those who read the workflow."),
});

type Settings = z.output<typeof config>;

/** Speaks final texts, sentence by sentence, with a model of one's own. */
export const tts = defineNode({
  type: "sherpa.tts",
  summary: "Speaks texts on this machine with a model of your own (VITS, Piper, Matcha, Kokoro).",
  role: "tts",
  shape: "task",
  inputs: { text: { kinds: ["text"] } },
  // a model has its own rate, which its first frame tells
  outputs: ({ language }) => ({ audio: { kinds: ["audio"], ...(language !== undefined && { language }) } }),
  effects: ["files"],
  config,
  async create(settings, ctx) {
    const found = synthesiserModel(settings.model, settings);
    const engine = await ctx.outside((signal) => SherpaEngine.open("tts", found.config, settings.model, signal));
    ctx.report({ type: "model", family: found.family, sampleRateHz: engine.opened.sampleRateHz });
    return new Speaker(engine, settings, ctx);
  },
});

class Speaker implements TaskNode {
  #position = 0;
  /** The text under work. */
  #current: { readonly frame: TextFrame; readonly stop: AbortController } | undefined;

  constructor(
    private readonly engine: SherpaEngine,
    private readonly settings: Settings,
    private readonly ctx: NodeContext,
  ) {}

  async run(input: TaskInput, emit: AwaitableEmit): Promise<void> {
    for await (const frame of input) {
      if (frame.kind !== "text" || !frame.final) continue;
      const current = { frame, stop: new AbortController() };
      this.#current = current;
      try {
        await this.#speak(frame, current.stop.signal, emit);
      } catch (error) {
        if (!current.stop.signal.aborted) throw error;
      } finally {
        this.#current = undefined;
      }
    }
  }

  /** What waits behind it is dropped on the way in. */
  onControl(control: Control): void {
    if (control.kind !== "barge-in" || !this.#current) return;
    const { frame, stop } = this.#current;
    if (!frame.protected && frame.utterance !== control.utterance) stop.abort(new Error("barge-in"));
  }

  close(): Promise<void> {
    return this.engine.close();
  }

  async #speak(frame: TextFrame, stop: AbortSignal, emit: AwaitableEmit): Promise<void> {
    const { speaker, speed } = this.settings;
    const { sampleRateHz } = this.engine.opened;
    const frameSamples = msToSamples(FRAME_MS, sampleRateHz);
    for (const sentence of sentencesOf(frame.text, this.settings.language)) {
      stop.throwIfAborted();
      const pcm = await this.ctx.outside((signal) =>
        this.engine.speak(sentence, speaker, speed, AbortSignal.any([signal, stop])),
      );
      this.ctx.usage("characters", sentence.length);
      for (let at = 0; at < pcm.length; at += frameSamples) {
        stop.throwIfAborted();
        const piece = pcm.subarray(at, at + frameSamples);
        const startSample = this.#position;
        this.#position += piece.length;
        const { utterance } = frame;
        const kept = frame.protected && { protected: true as const };
        const room = emit({ kind: "audio", pcm: piece, sampleRateHz, channels: 1, startSample, utterance, ...kept });
        if (room) await room;
      }
    }
  }
}

/** What is spoken of a text, piece by piece; what has no letter and no digit is left out. */
function sentencesOf(text: string, language = "en"): string[] {
  const clean = text.toWellFormed().replace(/[\p{Cc}\s]+/gu, " ");
  const cut = new Intl.Segmenter(language, { granularity: "sentence" }).segment(clean);
  return Array.from(cut, ({ segment }) => segment)
    .flatMap((sentence) => sentence.match(new RegExp(`.{1,${MOST_CHARS}}(?:\\s|$)|\\S{1,${MOST_CHARS}}`, "gsu")) ?? [])
    .map((piece) => piece.trim())
    .filter((piece) => /[\p{L}\p{N}]/u.test(piece));
}
