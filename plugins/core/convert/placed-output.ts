import { type AudioFormat, type AudioFrame, type Emit, Framer, type SpeechMark, sampleCount } from "#engine/plugin";

type Label = Pick<AudioFrame, "utterance" | "protected">;

/** Something that takes place between two samples: a mark goes out there, or the frames from there on carry another label. */
interface Cut {
  readonly at: number;
  readonly mark?: SpeechMark;
  readonly label?: Label;
}

/**
 * Puts converted audio, speech marks and labels in order on the outgoing timeline. Audio comes later than the marks that arrived with it,
 * because filters and frames hold some back, so a mark waits here until the audio before its sample is out.
 */
export class PlacedOutput {
  readonly #format: AudioFormat;
  readonly #framer: Framer | undefined;
  /** In the order of arrival, which is theirs going out. */
  readonly #cuts: Cut[] = [];
  #label: Label = {};
  /** The label of the latest cut, or the current one. */
  #latestLabel: Label = {};
  /** Where the next sample pushed stands. */
  #position = 0;

  constructor(format: AudioFormat, frameMs: number | undefined) {
    this.#format = format;
    this.#framer = frameMs === undefined ? undefined : new Framer({ ...format, frameMs });
  }

  /** The position up to which audio went out. */
  get emittedEnd(): number {
    return this.#position - (this.#framer?.held ?? 0);
  }

  /** A stretch begins there; the one before must have been finished. */
  begin(position: number): void {
    this.#position = position;
  }

  /** Audio from `at` on belongs to what this frame belongs to. */
  label(at: number, { utterance, protected: kept }: AudioFrame, emit: Emit): void {
    if (utterance === this.#latestLabel.utterance && kept === this.#latestLabel.protected) return;
    this.#latestLabel = { ...(utterance !== undefined && { utterance }), ...(kept && { protected: kept }) };
    this.#cuts.push({ at, label: this.#latestLabel });
    this.#applyCuts(emit);
  }

  mark(mark: SpeechMark, emit: Emit): void {
    this.#cuts.push({ at: mark.atSample, mark });
    this.#applyCuts(emit);
  }

  /** @param pcm in the outgoing format, following the last; the receivers own it from here on. */
  push(pcm: Int16Array, emit: Emit): void {
    const { channels } = this.#format;
    let rest = pcm;
    while (rest.length > 0) {
      const room = ((this.#cuts[0]?.at ?? Number.POSITIVE_INFINITY) - this.#position) * channels;
      const part = room < rest.length ? rest.subarray(0, room) : rest;
      this.#take(part, emit);
      this.#applyCuts(emit);
      rest = rest.subarray(part.length);
    }
  }

  /** Passes a frame on as it is, where it is just what would come out. Returns false, and does nothing, where it is not. */
  pass(frame: AudioFrame, emit: Emit): boolean {
    if (this.#cuts.length > 0) return false;
    const count = sampleCount(frame);
    if (this.#framer && (this.#framer.held > 0 || count !== this.#framer.nextLength)) return false;
    this.#framer?.skip();
    this.#position += count;
    emit(frame);
    return true;
  }

  /** Gives out what waits for the rest of its frame. */
  cut(emit: Emit): void {
    const start = this.emittedEnd;
    const rest = this.#framer?.rest();
    if (rest && rest.length > 0) this.#emit(rest, start, emit);
  }

  finish(emit: Emit): void {
    this.cut(emit);
    for (let next = this.#cuts.shift(); next; next = this.#cuts.shift()) this.#apply(next, emit);
  }

  #applyCuts(emit: Emit): void {
    for (let next = this.#cuts[0]; next && next.at <= this.#position; next = this.#cuts[0]) {
      this.cut(emit);
      this.#apply(next, emit);
      this.#cuts.shift();
    }
  }

  #apply({ mark, label }: Cut, emit: Emit): void {
    if (label) this.#label = label;
    if (mark) emit(mark);
  }

  #take(pcm: Int16Array, emit: Emit): void {
    let start = this.emittedEnd;
    this.#position += pcm.length / this.#format.channels;
    if (!this.#framer) {
      this.#emit(pcm, start, emit);
      return;
    }
    this.#framer.push(pcm, (frame) => {
      this.#emit(frame, start, emit);
      start += frame.length / this.#format.channels;
    });
  }

  #emit(pcm: Int16Array, startSample: number, emit: Emit): void {
    const { sampleRateHz, channels } = this.#format;
    emit({ kind: "audio", pcm, sampleRateHz, channels, startSample, ...this.#label });
  }
}
