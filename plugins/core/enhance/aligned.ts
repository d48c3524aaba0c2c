import type { AudioFrame, Emit, Frame } from "#engine/plugin";

/** What works on whole blocks of one length, each answered by as many samples. */
export type BlockWork = (block: Int16Array, startSample: number) => Int16Array;

export interface AlignedOptions {
  readonly blockSamples: number;
  /** By how much what comes back is later than what went in. */
  readonly delaySamples: number;
}

/**
 * Sends a stream of mono audio through work on blocks and hands the frames on as they came, their samples at their own places: what the work
 * delays is waited for. Marks wait behind the audio before them. A gap ends a stretch, and the next begins anew.
 */
export class AlignedStream {
  readonly #waiting: Frame[] = [];
  #block: Int16Array;
  #filled = 0;
  /** What came back, for the first of those that wait. */
  #given: Int16Array = new Int16Array(0);
  /** Still to be dropped of what comes back: it stands for nothing that came. */
  #late: number;
  #inside = 0;
  #end: number | undefined;

  constructor(
    private readonly options: AlignedOptions,
    private readonly work: BlockWork,
    /** Called between stretches. */
    private readonly begin: () => void,
  ) {
    this.#block = new Int16Array(options.blockSamples);
    this.#late = options.delaySamples;
  }

  /** Samples that came and did not go on yet. */
  get inside(): number {
    return this.#inside;
  }

  push(frame: AudioFrame, emit: Emit): void {
    if (this.#end !== undefined && frame.startSample !== this.#end) this.flush(emit);
    this.#end = frame.startSample + frame.pcm.length;
    this.#waiting.push(frame);
    this.#inside += frame.pcm.length;
    for (let at = 0; at < frame.pcm.length; ) {
      const piece = frame.pcm.subarray(at, at + this.#block.length - this.#filled);
      this.#block.set(piece, this.#filled);
      this.#filled += piece.length;
      at += piece.length;
      if (this.#filled === this.#block.length) this.#run(frame.startSample + at - this.#block.length);
    }
    this.#pass(emit);
  }

  mark(frame: Frame, emit: Emit): void {
    this.#waiting.push(frame);
    this.#pass(emit);
  }

  /** Ends the stretch: silence pushes out what is inside. */
  flush(emit: Emit): void {
    while (this.#given.length < this.#inside) {
      this.#block.fill(0, this.#filled);
      this.#run((this.#end ?? 0) - this.#filled);
    }
    this.#given = this.#given.subarray(0, this.#inside);
    this.#pass(emit);
    this.#late = this.options.delaySamples;
    this.#filled = 0;
    this.#end = undefined;
    this.begin();
  }

  #run(startSample: number): void {
    const back = this.work(this.#block, startSample);
    this.#filled = 0;
    const skip = Math.min(this.#late, back.length);
    this.#late -= skip;
    const joined = new Int16Array(this.#given.length + back.length - skip);
    joined.set(this.#given);
    joined.set(back.subarray(skip), this.#given.length);
    this.#given = joined;
  }

  #pass(emit: Emit): void {
    for (let frame = this.#waiting[0]; frame; frame = this.#waiting[0]) {
      const samples = frame.kind === "audio" ? frame.pcm.length : 0;
      if (samples > this.#given.length) return;
      this.#waiting.shift();
      const pcm = this.#given.slice(0, samples);
      this.#given = this.#given.subarray(samples);
      this.#inside -= samples;
      emit(frame.kind === "audio" ? { ...frame, pcm } : frame);
    }
  }
}
