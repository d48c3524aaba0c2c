import { type AudioFrame, endSample, msToSamples, sampleCount } from "../../frames/index.ts";

/** Cuts audio to chunks of one length; what is left over waits for more, and is not mixed with audio from another place. */
export class Chunker {
  #parts: Int16Array[] = [];
  #samples = 0;
  #first: AudioFrame | undefined;

  /** @param chunkMs left out: frames pass as they are. */
  constructor(readonly chunkMs: number | undefined) {}

  /** Samples per channel that wait. */
  get held(): number {
    return this.#samples;
  }

  /** Takes a frame that belongs behind what waits and makes no chunk whole; false where it is not taken. */
  add(frame: AudioFrame): boolean {
    if (this.chunkMs === undefined) return false;
    const follows = this.#first === undefined || this.#first.startSample + this.#samples === frame.startSample;
    const most = msToSamples(this.chunkMs, frame.sampleRateHz);
    if (!follows || this.#samples + sampleCount(frame) >= most) return false;
    this.#first ??= frame;
    this.#parts.push(frame.pcm);
    this.#samples += sampleCount(frame);
    return true;
  }

  push(frame: AudioFrame): AudioFrame[] {
    if (this.chunkMs === undefined) return [frame];
    const broken = this.#first && this.#first.startSample + this.#samples !== frame.startSample;
    const chunks = broken ? this.rest() : [];
    const size = msToSamples(this.chunkMs, frame.sampleRateHz);
    if (this.#samples === 0 && sampleCount(frame) === size) return [...chunks, frame];
    this.#first ??= frame;
    this.#parts.push(frame.pcm);
    this.#samples += sampleCount(frame);
    if (this.#samples < size) return chunks;
    const [all] = this.rest();
    if (!all) return chunks;
    const { channels } = all;
    let at = 0;
    for (; at + size <= sampleCount(all); at += size) chunks.push(piece(all, at, at + size, channels));
    if (at < sampleCount(all)) this.#keep(piece(all, at, sampleCount(all), channels));
    return chunks;
  }

  /** What waits, as a chunk of its own. */
  rest(): AudioFrame[] {
    const first = this.#first;
    if (!first) return [];
    const pcm = new Int16Array(this.#samples * first.channels);
    let at = 0;
    for (const part of this.#parts) {
      pcm.set(part, at);
      at += part.length;
    }
    this.#parts = [];
    this.#samples = 0;
    this.#first = undefined;
    return [{ ...first, pcm }];
  }

  #keep(frame: AudioFrame): void {
    this.#first = frame;
    this.#parts = [frame.pcm];
    this.#samples = endSample(frame) - frame.startSample;
  }
}

const piece = (frame: AudioFrame, from: number, to: number, channels: number): AudioFrame => ({
  ...frame,
  pcm: frame.pcm.subarray(from * channels, to * channels),
  startSample: frame.startSample + from,
});
