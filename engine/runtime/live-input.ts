import { z } from "zod";
import { Framer, type FramerFormat } from "#engine/audio";
import type { AudioFormat, AudioFrame, Frame } from "#engine/frames";
import { type AwaitableEmit, defineNode, type NodeDefinition, type TaskInput, type TaskNode } from "#engine/plugin";

export type LiveInputOptions =
  | {
      readonly kind: "audio";
      readonly format: AudioFormat;
      /** Where the stream goes on, in samples; 0 at its beginning. */
      readonly startSample?: number;
      /** Default 20. */
      readonly frameMs?: number;
    }
  | { readonly kind: "text" | "encoded" | "recording" };

const FRAME_MS = 20;

const NO_SETTINGS = z.strictObject({});

/**
 * A source that is fed from outside, such as the far end of a socket: a workflow's input is bound to its `definition`. It drops nothing.
 * What the run has no room for waits here, and whoever feeds it looks at `waitingSamples` and holds back.
 */
export class LiveInput implements TaskNode {
  readonly #kind: LiveInputOptions["kind"];
  readonly #format: FramerFormat | undefined;
  readonly #framer: Framer | undefined;
  readonly #queue: Frame[] = [];
  #next: number;
  #emitted: number;
  /** Set while the run has room: then a frame goes on in the call that brings it. */
  #direct: AwaitableEmit | undefined;
  #wake: (() => void) | undefined;
  #ended = false;
  /** The run is over: nobody takes anything any more. */
  #over = false;
  #room: (() => void)[] | undefined;
  #definition: NodeDefinition | undefined;

  constructor(options: LiveInputOptions) {
    const audio = options.kind === "audio" ? options : undefined;
    this.#kind = options.kind;
    this.#format = audio && { ...audio.format, frameMs: audio.frameMs ?? FRAME_MS };
    this.#framer = this.#format && new Framer(this.#format);
    this.#next = audio?.startSample ?? 0;
    this.#emitted = this.#next;
  }

  /** The node type to bind an input to; all that is made by it is this source. */
  get definition(): NodeDefinition {
    this.#definition ??= defineNode({
      type: "inputs.live",
      summary: "Takes in what comes from outside.",
      role: "source",
      shape: "task",
      inputs: {},
      outputs: { out: { kinds: [this.#kind], ...(this.#format && { audio: this.#format }) } },
      config: NO_SETTINGS,
      create: () => this,
    });
    return this.#definition;
  }

  /** The position after everything that was pushed. */
  get endSample(): number {
    return this.#next + (this.#framer?.held ?? 0);
  }

  /** Samples per channel that were pushed and have not gone into the run. */
  get waitingSamples(): number {
    return this.endSample - this.#emitted;
  }

  /** Frames that wait, of whatever kind. */
  get waitingFrames(): number {
    return this.#queue.length;
  }

  get ended(): boolean {
    return this.#ended;
  }

  /**
   * Audio that follows what came before, in any length.
   * @param pcm interleaved, whole sample tuples; belongs to the run from here on.
   */
  push(pcm: Int16Array): void {
    const framer = this.#framer;
    if (!framer) throw new Error("LiveInput.push() is for audio");
    if (this.#ended) return;
    if (framer.held === 0 && pcm.length === framer.nextLength * this.#format!.channels) {
      framer.skip();
      this.#framed(pcm);
    } else framer.push(pcm, (frame) => this.#framed(frame));
  }

  /** Anything else, such as a text. */
  pushFrame(frame: Frame): void {
    if (!this.#ended) this.#give(frame);
  }

  /** Resolves once fewer than so many frames wait, or the run is over; undefined where that is so now. */
  room(frames: number): Promise<void> | undefined {
    if (this.#over || this.#queue.length < frames) return undefined;
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#room ??= [];
    this.#room.push(resolve);
    return promise.then(() => this.room(frames));
  }

  /** Nothing more will come. What is less than a frame still goes in. */
  end(): void {
    if (this.#ended) return;
    const rest = this.#framer?.rest();
    if (rest && rest.length > 0) this.#framed(rest);
    this.#ended = true;
    this.#wake?.();
  }

  /** Called by the run. */
  async run(_input: TaskInput, emit: AwaitableEmit, signal: AbortSignal): Promise<void> {
    const aborted = () => this.#wake?.();
    signal.addEventListener("abort", aborted, { once: true });
    try {
      for (;;) {
        for (let frame = this.#queue.shift(); frame; frame = this.#queue.shift()) {
          await this.#send(frame, emit);
          this.#tellRoom();
        }
        signal.throwIfAborted();
        if (this.#ended) return;
        this.#direct = emit;
        await new Promise<void>((resolve) => {
          this.#wake = resolve;
        });
        this.#direct = undefined;
      }
    } finally {
      signal.removeEventListener("abort", aborted);
      this.#direct = undefined;
      this.#wake = undefined;
    }
  }

  /** Called by the run when it is over. */
  close(): void {
    this.#over = true;
    this.#tellRoom();
  }

  #tellRoom(): void {
    const waiting = this.#room;
    this.#room = undefined;
    if (waiting) for (const resolve of waiting) resolve();
  }

  #framed(pcm: Int16Array): void {
    const { sampleRateHz, channels } = this.#format!;
    const frame: AudioFrame = { kind: "audio", pcm, sampleRateHz, channels, startSample: this.#next };
    this.#next += pcm.length / channels;
    this.#give(frame);
  }

  #give(frame: Frame): void {
    const direct = this.#direct;
    if (!direct) return void this.#queue.push(frame);
    const room = this.#send(frame, direct);
    if (!room) return;
    this.#direct = undefined;
    const wake = this.#wake;
    room.then(wake, wake); // why there is no room any more, `run` finds out by itself
  }

  #send(frame: Frame, emit: AwaitableEmit): Promise<void> | undefined {
    if (frame.kind === "audio") this.#emitted = frame.startSample + frame.pcm.length / frame.channels;
    return emit(frame);
  }
}
