import { z } from "zod";
import {
  type AwaitableEmit,
  defineNode,
  hostEnvironment,
  live,
  msToSamples,
  type NodeContext,
  type TaskInput,
  type TaskNode,
  type TextFrame,
} from "#engine/plugin";
import { type Espeak, espeakOf, type Manner, OUTPUT } from "./program.ts";
import { splitForSpeech } from "./text.ts";
import { resolveVoice } from "./voices.ts";

/** 441 samples: a length that is whole at this rate, unlike 10 ms. The last frame of a sentence is shorter. */
const FRAME_SAMPLES = msToSamples(20, OUTPUT.sampleRateHz);

const config = z.strictObject({
  voice: live(z.string().min(1)).describe(
    "A language such as es or en-GB, or a voice's name, with a variant such as +f3 behind it; `espeak-ng --voices` lists them.",
  ),
  rate: live(z.number().int().min(80).max(450).default(175)).describe("Words a minute."),
  pitch: live(z.number().int().min(0).max(99).default(50)).describe("From 0, low, to 99, high."),
  volume: live(z.number().int().min(0).max(200).default(100)).describe("In percent of the usual."),
  timeoutMs: z
    .number()
    .int()
    .min(100)
    .max(600_000)
    .default(10_000)
    .describe("How long one sentence may take; then espeak is ended."),
});

/** Speaks final texts by espeak-ng on this machine, sentence by sentence: the first is heard while the next is made. */
export const tts = defineNode({
  type: "espeak.tts",
  summary: "Speaks texts by espeak-ng, on this machine.",
  role: "tts",
  shape: "task",
  inputs: { text: { kinds: ["text"] } },
  outputs: { audio: { kinds: ["audio"], audio: OUTPUT } },
  config,
  effects: ["program"],
  retry: { attempts: 3 },
  // a vendor's voices are not espeak's: whatever speaks the language has to do
  standsIn: { role: "tts", settings: ({ source = "en" }) => ({ voice: source.split(/[-_]/u)[0] || "en" }) },
  async create({ timeoutMs, ...manner }, ctx): Promise<TaskNode> {
    const espeak = await ctx.resource(espeakOf(hostEnvironment()));
    const { argument, language } = resolveVoice(manner.voice, espeak);
    const spoken = { ...manner, voice: argument };
    await ctx.outside((signal) => espeak.tryVoice(spoken, { timeoutMs, signal }));
    const speaker = new Speaker(espeak, spoken, language, timeoutMs, ctx);
    return {
      run: (input, emit) => speaker.run(input, emit),
      onControl(control) {
        if (control.kind === "barge-in") speaker.bargeIn(control.utterance);
      },
    };
  },
});

/** What a barge-in leaves to remember of the past; more utterances than are ever under way at once. */
const REMEMBERED_UTTERANCES = 1000;

/** The voice of one node: one text after the other, none of which is protected survives a barge-in. */
class Speaker {
  #position = 0;
  /** The text under work. */
  #current: { readonly frame: TextFrame; readonly stop: AbortController } | undefined;
  /** The utterance that barged in, while texts may wait that came before it. */
  #bargedIn: string | undefined;
  readonly #dropped = new Set<string>();

  constructor(
    readonly espeak: Espeak,
    readonly manner: Manner,
    readonly language: string,
    readonly timeoutMs: number,
    readonly ctx: NodeContext,
  ) {}

  async run(input: TaskInput, emit: AwaitableEmit): Promise<void> {
    for (let frame = await this.#next(input); frame; frame = await this.#next(input)) {
      if (!frame.final || this.#isDropped(frame)) continue;
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

  /** Falls silent for all that was said before `utterance`. */
  bargeIn(utterance: string): void {
    this.#bargedIn = utterance;
    const current = this.#current;
    if (!current || current.frame.protected || current.frame.utterance === utterance) return;
    this.#drop(current.frame.utterance);
    current.stop.abort();
  }

  /** The next text. What is there at once after a barge-in came before it; the first that has to be waited for did not. */
  async #next(input: TaskInput): Promise<TextFrame | undefined> {
    for (;;) {
      let received = this.#bargedIn === undefined ? undefined : input.poll();
      if (!received) {
        this.#bargedIn = undefined;
        received = await input.next();
      }
      if (!received) return undefined;
      if (received.frame.kind === "text") return received.frame;
    }
  }

  #isDropped(frame: TextFrame): boolean {
    if (frame.utterance === this.#bargedIn) this.#bargedIn = undefined;
    if (frame.protected) return false;
    if (this.#bargedIn !== undefined) this.#drop(frame.utterance);
    return this.#dropped.has(frame.utterance);
  }

  /** What comes of this utterance later is dropped too. */
  #drop(utterance: string): void {
    this.#dropped.add(utterance);
    this.ctx.count("bargedInTexts");
    const [oldest] = this.#dropped;
    if (this.#dropped.size > REMEMBERED_UTTERANCES && oldest !== undefined) this.#dropped.delete(oldest);
  }

  async #speak(frame: TextFrame, stop: AbortSignal, emit: AwaitableEmit): Promise<void> {
    const sentences = splitForSpeech(frame.text, this.language);
    let next = this.#make(sentences[0], stop);
    for (let i = 0; next; i++) {
      const pcm = await next;
      this.ctx.usage("characters", sentences[i]?.length ?? 0);
      next = this.#make(sentences[i + 1], stop);
      await this.#send(pcm, frame, stop, emit);
    }
  }

  /** Starts making a sentence. Its failure is for whoever awaits it, and nobody's when the run has ended before. */
  #make(sentence: string | undefined, stop: AbortSignal): Promise<Int16Array> | undefined {
    if (sentence === undefined) return undefined;
    const made = this.ctx.outside((signal) =>
      this.espeak.speak(sentence, this.manner, {
        timeoutMs: this.timeoutMs,
        signal: AbortSignal.any([signal, stop]),
      }),
    );
    made.catch(() => {});
    return made;
  }

  async #send(pcm: Int16Array, from: TextFrame, stop: AbortSignal, emit: AwaitableEmit): Promise<void> {
    for (let at = 0; at < pcm.length; at += FRAME_SAMPLES) {
      const piece = pcm.subarray(at, at + FRAME_SAMPLES);
      const room = emit({
        kind: "audio",
        pcm: piece,
        ...OUTPUT,
        startSample: this.#position,
        utterance: from.utterance,
        ...(from.protected ? { protected: true as const } : {}),
      });
      this.#position += piece.length;
      if (room) await room;
      stop.throwIfAborted();
    }
  }
}
