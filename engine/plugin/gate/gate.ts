import type { EngineError } from "#engine/errors";
import {
  type AudioFrame,
  type Control,
  endSample,
  type Frame,
  msToSamples,
  rescaleSamples,
  type SpeechMark,
} from "../../frames/index.ts";
import type { NodeContext } from "../context.ts";
import { InnerInput } from "../inner/inner-input.ts";
import { InnerNode } from "../inner/inner-node.ts";
import type { AwaitableEmit, NodeDefinition, Received, TaskInput, TaskNode } from "../node.ts";
import { PreRoll } from "./pre-roll.ts";
import type { GateSettings } from "./settings.ts";

export interface GateOptions {
  readonly definition: NodeDefinition;
  readonly config: unknown;
  readonly settings: GateSettings;
  /** Of the definition: where its audio comes in. */
  readonly audioPort: string;
}

/** How much later than its own position an opening mark may come, as detectors take a while. */
const MARK_LATE_MS = 2000;
/** Audio that waits for a session to end before the next one begins; beyond it the input waits. */
const WAITING_MS = 10_000;

interface Inner {
  readonly node: InnerNode;
  readonly input: InnerInput;
}

/** Lets audio through to its inner node while somebody speaks, and ends the node's sessions in long silence. */
export class Gate implements TaskNode {
  readonly #preRoll: PreRoll;
  readonly #failure = Promise.withResolvers<never>();
  #emit: AwaitableEmit = () => undefined;
  #signal: AbortSignal | undefined;
  #inner: Inner | undefined;
  readonly #inners = new Set<Inner>();
  /** Sessions take place one after the other. */
  #line: Promise<void> = Promise.resolve();
  #speaking = false;
  /** Where the audio ends that is still sent after a closing mark. */
  #hangEnd = 0;
  #heardTo = 0;
  #callOffClose: (() => void) | undefined;
  readonly #takesMarks: boolean;

  constructor(
    readonly options: GateOptions,
    readonly ctx: NodeContext,
  ) {
    const { definition, config, audioPort, settings } = options;
    this.#preRoll = new PreRoll(settings.preRollMs + MARK_LATE_MS);
    this.#takesMarks = definition.inputs(config)[audioPort]?.kinds.includes("speech") ?? false;
    this.#failure.promise.catch(() => {}); // `run` may never be called
  }

  async run(input: TaskInput, emit: AwaitableEmit, signal: AbortSignal): Promise<void> {
    this.#emit = emit;
    this.#signal = signal;
    if (this.options.settings.mode === "hold") this.#opened();
    try {
      await Promise.race([this.#read(input), this.#failure.promise]);
    } finally {
      this.#callOffClose?.();
    }
  }

  onControl(control: Control): void {
    for (const { node } of this.#inners) node.control(control);
  }

  held(): number {
    let held = this.#preRoll.samples;
    for (const { node, input } of this.#inners) held += input.samples + node.held();
    return held;
  }

  async close(): Promise<void> {
    this.#callOffClose?.();
    await Promise.all([...this.#inners].map(({ node }) => node.close()));
  }

  async #read(input: TaskInput): Promise<void> {
    for (let received = await input.next(); received; received = await input.next()) {
      this.#take(received);
      await this.#inner?.input.room();
    }
    this.#gateRest();
    this.#endInner();
    await this.#line;
  }

  #take({ port, frame }: Received): void {
    if (frame.kind === "speech") this.#mark(frame);
    else if (frame.kind === "audio" && port === this.options.audioPort) this.#audio(frame);
    else this.#opened().input.push({ port, frame });
  }

  #audio(frame: AudioFrame): void {
    this.#heardTo = endSample(frame);
    if (this.#speaking || frame.startSample < this.#hangEnd) return this.#pass(frame);
    this.#gated(this.#preRoll.push(frame));
    const { mode, closeAfterMs } = this.options.settings;
    const silent = this.#heardTo - this.#hangEnd;
    if (mode === "close" && this.#inner && silent >= msToSamples(closeAfterMs, frame.sampleRateHz)) this.#endInner();
  }

  #mark(mark: SpeechMark): void {
    this.#callOffClose?.();
    if (mark.mark === "start") return this.#start(mark);
    this.#speaking = false;
    const rate = this.#rate(mark);
    this.#hangEnd =
      rescaleSamples(mark.atSample, mark.sampleRateHz, rate) + msToSamples(this.options.settings.hangMs, rate);
    this.#passMark(mark);
    const { mode, hangMs, closeAfterMs } = this.options.settings;
    // no audio may come in silence, so the clock counts too
    if (mode === "close") this.#callOffClose = this.ctx.clock.after(hangMs + closeAfterMs, () => this.#endInner());
  }

  #start(mark: SpeechMark): void {
    this.#speaking = true;
    const rate = this.#rate(mark);
    const at = rescaleSamples(mark.atSample, mark.sampleRateHz, rate);
    const { frames, before } = this.#preRoll.takeFrom(at - msToSamples(this.options.settings.preRollMs, rate));
    this.#gated(before);
    const first = frames[0]?.startSample;
    this.#passMark(
      first === undefined || first >= at ? mark : { ...mark, atSample: rescaleSamples(first, rate, mark.sampleRateHz) },
    );
    for (const frame of frames) this.#pass(frame);
  }

  #pass(frame: AudioFrame): void {
    this.#opened().input.push({ port: this.options.audioPort, frame });
  }

  #passMark(mark: SpeechMark): void {
    const inner = mark.mark === "start" ? this.#opened() : this.#inner;
    if (this.#takesMarks) inner?.input.push({ port: this.options.audioPort, frame: mark });
  }

  /** Of the audio; a mark may come before any of it. */
  #rate(mark: SpeechMark): number {
    return this.ctx.formats[this.options.audioPort]?.sampleRateHz ?? mark.sampleRateHz;
  }

  #gated(samples: number): void {
    if (samples > 0) this.ctx.gate(samples);
  }

  /** What is left of the pre-roll at the end is nobody's speech. */
  #gateRest(): void {
    this.#gated(this.#preRoll.takeFrom(Number.POSITIVE_INFINITY).before);
  }

  /** The inner node that takes frames now; its session begins when the one before has ended. */
  #opened(): Inner {
    if (this.#inner) return this.#inner;
    const { definition, config } = this.options;
    const inner: Inner = {
      node: new InnerNode({ definition, config, ctx: this.ctx }),
      input: new InnerInput(WAITING_MS),
    };
    this.#inner = inner;
    this.#inners.add(inner);
    this.ctx.count("gateOpenings");
    const signal = this.#signal ?? this.ctx.signal;
    const session = this.#line.then(() =>
      inner.node.run(inner.input, (frame: Frame, port) => this.#emit(frame, port), signal),
    );
    this.#line = session.finally(() => this.#inners.delete(inner));
    this.#line.catch((error: EngineError) => this.#failure.reject(error));
    return inner;
  }

  #endInner(): void {
    this.#callOffClose?.();
    this.#inner?.input.end();
    this.#inner = undefined;
  }
}
