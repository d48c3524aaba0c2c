import { encodeWav } from "../../audio/index.ts";
import {
  type AudioFrame,
  endSample,
  type Frame,
  msToSamples,
  type RecordingFrame,
  rescaleSamples,
  type SpeechMark,
  samplesToMs,
  type TextFrame,
  type Word,
} from "../../frames/index.ts";
import type { NodeContext } from "../context.ts";
import { FrameInput } from "../frame-input.ts";
import { PreRoll } from "../gate/pre-roll.ts";
import { InnerNode } from "../inner/inner-node.ts";
import type { AwaitableEmit, NodeDefinition, Received, TaskInput, TaskNode } from "../node.ts";

export interface ByUtteranceOptions {
  readonly definition: NodeDefinition;
  readonly config: unknown;
  /** Its input for recordings, or for audio. */
  readonly port: string;
  /** What that input is called outside. */
  readonly shownAs: string;
}

/** The longest recording that is made of a stream without marks: many services take a minute. */
const MOST_MS = 55_000;

/** How late an opening mark may come. */
const MARK_LATE_MS = 2000;

/** What a recording was made of, so that its texts find back to the stream. */
interface Origin {
  readonly utterance: string;
  readonly startSample: number;
  readonly endSample: number;
  readonly sampleRateHz: number;
}

interface Said {
  readonly port: string | undefined;
  readonly frame: TextFrame;
}

/** Gives a recogniser of files each utterance of a stream as a recording, one after the other. */
export class FileByUtterance implements TaskNode {
  readonly #input = new OneByOne();
  readonly #inner: InnerNode;
  /** Marks come later than the audio that they speak of. */
  readonly #preRoll = new PreRoll(MARK_LATE_MS);
  #parts: AudioFrame[] = [];
  #samples = 0;
  #utterance: string | undefined;
  #marked = false;
  #origin: Origin | undefined;
  #said: Said[] = [];
  #emit: AwaitableEmit = () => undefined;

  constructor(
    readonly options: ByUtteranceOptions,
    readonly ctx: NodeContext,
  ) {
    this.#inner = new InnerNode({ definition: options.definition, config: options.config, ctx });
  }

  async run(input: TaskInput, emit: AwaitableEmit, signal: AbortSignal): Promise<void> {
    this.#emit = emit;
    const running = this.#inner.run(this.#input, (frame, port) => this.#take(frame, port), signal);
    running.catch(() => {});
    // an inner node that returns before its input has ended wants no more: what follows passes by
    const unlessOver = <T>(work: Promise<T>): Promise<T | undefined> =>
      Promise.race([work, running.then(() => undefined)]);
    for (let received = await unlessOver(input.next()); received; received = await unlessOver(input.next()))
      for (const job of this.#jobs(received)) await this.#recognise(job, unlessOver);
    const rest = this.#cut();
    if (rest) await this.#recognise(rest, unlessOver);
    this.#input.end();
    await running;
  }

  onControl(control: Parameters<NonNullable<TaskNode["onControl"]>>[0]): void {
    this.#inner.control(control);
  }

  held(): number {
    return this.#samples + this.#inner.held();
  }

  close(): Promise<void> {
    return this.#inner.close();
  }

  /** What comes of a frame: recordings to be recognised, each with its place in the stream where it has one. */
  *#jobs({ port, frame }: Received): Iterable<Job> {
    const { port: inner, shownAs } = this.options;
    if (port !== shownAs || (frame.kind !== "audio" && frame.kind !== "speech"))
      return yield { port: port === shownAs ? inner : port, frame };
    if (frame.kind === "speech") return yield* this.#mark(frame);
    if (this.#marked && this.#utterance === undefined) return void this.#preRoll.push(frame);
    this.#hear(frame);
    if (this.#samples >= msToSamples(MOST_MS, frame.sampleRateHz)) yield* present(this.#cut());
  }

  *#mark(mark: SpeechMark): Iterable<Job> {
    if (this.#marked || mark.mark === "end") yield* present(this.#cut());
    if (!this.#marked) this.#forgetBefore();
    this.#marked = true;
    this.#utterance = mark.mark === "start" ? mark.utterance : undefined;
    if (mark.mark === "end") return;
    const { sampleRateHz = mark.sampleRateHz } = this.ctx.formats[this.options.shownAs] ?? {};
    for (const frame of this.#preRoll.takeFrom(rescaleSamples(mark.atSample, mark.sampleRateHz, sampleRateHz)).frames)
      this.#hear(frame);
  }

  /** What came before the first mark is not known to be speech: it counts as its pre-roll. */
  #forgetBefore(): void {
    for (const frame of this.#parts.splice(0)) this.#preRoll.push(frame);
    this.#samples = 0;
  }

  #hear(frame: AudioFrame): void {
    this.#parts.push(frame);
    this.#samples += endSample(frame) - frame.startSample;
  }

  /** What was heard so far as one recording. */
  #cut(): Job | undefined {
    const [first] = this.#parts;
    const last = this.#parts.at(-1);
    if (!first || !last) return undefined;
    const pcm = new Int16Array(this.#samples * first.channels);
    let at = 0;
    for (const part of this.#parts) {
      pcm.set(part.pcm, at);
      at += part.pcm.length;
    }
    this.#parts = [];
    this.#samples = 0;
    const { sampleRateHz, channels, startSample } = first;
    const recording: RecordingFrame = {
      kind: "recording",
      source: { bytes: encodeWav(pcm, first) },
      container: "wav",
      durationMs: samplesToMs(pcm.length / channels, sampleRateHz),
      sampleRateHz,
      channels,
    };
    const utterance = this.#utterance ?? this.ctx.newUtterance();
    return {
      port: this.options.port,
      frame: recording,
      origin: { utterance, startSample, endSample: endSample(last), sampleRateHz },
    };
  }

  async #recognise({ port, frame, origin }: Job, unlessOver: (work: Promise<void>) => Promise<void>): Promise<void> {
    this.#origin = origin;
    await unlessOver(this.#input.give({ port, frame }));
    await this.#tellSaid();
    this.#origin = undefined;
  }

  #take(frame: Frame, port: string | undefined): Promise<void> | undefined {
    if (!this.#origin || frame.kind !== "text") return this.#emit(frame, port);
    if (frame.final) this.#said.push({ port, frame });
    return undefined;
  }

  /** The finals of one recording as one, at the utterance's place. */
  async #tellSaid(): Promise<void> {
    const origin = this.#origin;
    const said = this.#said.splice(0);
    if (!origin) return;
    for (const same of Map.groupBy(said, ({ port, frame }) => `${port} ${frame.role} ${frame.language}`).values()) {
      const [first] = same;
      if (first)
        await this.#emit(
          joined(
            same.map(({ frame }) => frame),
            origin,
          ),
          first.port,
        );
    }
  }
}

interface Job extends Received {
  readonly origin?: Origin;
}

function* present(job: Job | undefined): Iterable<Job> {
  if (job) yield job;
}

function joined(texts: readonly TextFrame[], origin: Origin): TextFrame {
  const first = texts[0]!;
  const text = texts
    .map((each) => each.text.trim())
    .filter(Boolean)
    .join(" ");
  const place = (sample: number, rate: number) =>
    Math.min(origin.endSample, origin.startSample + rescaleSamples(sample, rate, origin.sampleRateHz));
  const words: Word[] = texts.flatMap((each) =>
    (each.words ?? []).map((word) => ({
      ...word,
      startSample: place(word.startSample, each.sampleRateHz),
      endSample: place(word.endSample, each.sampleRateHz),
    })),
  );
  const { words: _words, ...facts } = first;
  return {
    ...facts,
    text,
    utterance: origin.utterance,
    revision: 1,
    final: true,
    stableChars: text.length,
    startSample: origin.startSample,
    endSample: origin.endSample,
    sampleRateHz: origin.sampleRateHz,
    ...(words.length > 0 && { words }),
  };
}

/** An input that holds one frame, and tells when the node is done with it: when it asks for the next one. */
class OneByOne extends FrameInput {
  #waiting: Received | undefined;
  #handed = false;
  #ended = false;
  #done: (() => void) | undefined;
  #wake: (() => void) | undefined;

  /** Resolves when the node has taken it and asks again. */
  give(received: Received): Promise<void> {
    this.#waiting = received;
    this.#wake?.();
    return new Promise((resolve) => {
      this.#done = resolve;
    });
  }

  end(): void {
    this.#ended = true;
    this.#wake?.();
  }

  poll(): Received | undefined {
    if (this.#handed) {
      this.#handed = false;
      this.#done?.();
    }
    const received = this.#waiting;
    this.#waiting = undefined;
    this.#handed = received !== undefined;
    return received;
  }

  async next(): Promise<Received | undefined> {
    for (let received = this.poll(); ; received = this.poll()) {
      if (received || this.#ended) return received;
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
  }
}
