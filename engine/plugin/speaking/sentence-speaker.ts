import { type Control, msToSamples, type TextFrame } from "../../frames/index.ts";
import type { NodeContext } from "../context.ts";
import type { AwaitableEmit, TaskInput, TaskNode } from "../node.ts";
import { TextWork } from "../text-work.ts";

/** A synthesiser outside the loop that makes one sentence after the other. */
export interface SentenceEngine {
  /** Mono samples, at `sampleRateHz` of the settings. @param signal the wait ends with its reason. */
  speak(sentence: string, signal: AbortSignal): Promise<Int16Array>;
  /** Left out where the engine belongs to others, too. */
  close?(): void | Promise<void>;
}

export interface SentenceSpeakerSettings {
  readonly sampleRateHz: number;
  /** What is spoken of a text, piece by piece; `spokenSentences` unless the engine wants something else. */
  sentences(text: string): readonly string[];
}

/** A length that is whole at every usual rate; the last frame of a sentence is shorter. */
const FRAME_MS = 20;
/** What a barge-in leaves to remember of the past; more utterances than are ever under way at once. */
const REMEMBERED_UTTERANCES = 1000;

/**
 * A synthesiser's node around an engine: speaks final texts sentence by sentence, so that the first is heard while the next is made,
 * announced to the run's clock. One text after the other; none that is not protected survives a barge-in.
 */
export class SentenceSpeaker implements TaskNode {
  #position = 0;
  readonly #work = new TextWork((text) => this.#drop(text));
  readonly #dropped = new Set<string>();

  constructor(
    private readonly settings: SentenceSpeakerSettings,
    private readonly ctx: NodeContext,
    private readonly engine: SentenceEngine,
  ) {}

  run(input: TaskInput, emit: AwaitableEmit, signal: AbortSignal): Promise<void> {
    return this.#work.run(input, signal, async (item, stop) => {
      if (item.kind === "text" && item.final && !this.#isDropped(item)) await this.#speak(item, stop, emit);
    });
  }

  /** A barge-in silences all that was said before its utterance. */
  onControl(control: Control): void {
    this.#work.onControl(control);
  }

  async close(): Promise<void> {
    await this.engine.close?.();
  }

  #isDropped({ utterance, protected: kept }: TextFrame): boolean {
    return !kept && this.#dropped.has(utterance);
  }

  /** What comes of this utterance later is dropped too. */
  #drop({ utterance, final }: TextFrame): void {
    if (!final) return;
    this.#dropped.add(utterance);
    this.ctx.count("bargedInTexts");
    const [oldest] = this.#dropped;
    if (this.#dropped.size > REMEMBERED_UTTERANCES && oldest !== undefined) this.#dropped.delete(oldest);
  }

  async #speak(frame: TextFrame, stop: AbortSignal, emit: AwaitableEmit): Promise<void> {
    const sentences = this.settings.sentences(frame.text);
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
    const made = this.ctx.outside((signal) => this.engine.speak(sentence, AbortSignal.any([signal, stop])));
    made.catch(() => {});
    return made;
  }

  async #send(pcm: Int16Array, from: TextFrame, stop: AbortSignal, emit: AwaitableEmit): Promise<void> {
    const { sampleRateHz } = this.settings;
    const frameSamples = msToSamples(FRAME_MS, sampleRateHz);
    for (let at = 0; at < pcm.length; at += frameSamples) {
      const piece = pcm.subarray(at, at + frameSamples);
      const room = emit({
        kind: "audio",
        pcm: piece,
        sampleRateHz,
        channels: 1,
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
