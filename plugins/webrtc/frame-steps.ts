import { Endpointing, type EndpointingSettings, EngineError, type FrameSteps, type Step } from "#engine/plugin";
import type { VadSessions } from "#native/vad-session";
import { type Aggressiveness, WebRtcVad } from "#native/webrtc-vad";

export interface DetectorSettings extends EndpointingSettings {
  readonly sampleRateHz: number;
  readonly aggressiveness: Aggressiveness;
}

/** What judges, for people. All frames have the length of the first; one that is shorter, such as a stream's last, is taken for what the one before it was. */
interface Facts {
  readonly backend: "native" | "wasm";
  readonly lanes?: string;
}

/** Samples of 10 ms. */
const per10Ms = (sampleRateHz: number): number => sampleRateHz / 100;

const isWhole = (samples: number, sampleRateHz: number): boolean =>
  samples === per10Ms(sampleRateHz) || samples === 2 * per10Ms(sampleRateHz) || samples === 3 * per10Ms(sampleRateHz);

/** The length of a stream's frames, from its first. @throws EngineError AUDIO_FORMAT_UNSUPPORTED */
function lengthFrom(first: number, sampleRateHz: number): number {
  if (isWhole(first, sampleRateHz)) return first;
  if (first < 3 * per10Ms(sampleRateHz)) return 2 * per10Ms(sampleRateHz);
  throw new EngineError(
    "AUDIO_FORMAT_UNSUPPORTED",
    `a frame of ${first} samples at ${sampleRateHz} Hz: wanted 10, 20 or 30 ms`,
  );
}

const longer = (samples: number, wanted: number, sampleRateHz: number): EngineError =>
  new EngineError(
    "AUDIO_FORMAT_UNSUPPORTED",
    `a frame of ${samples} samples at ${sampleRateHz} Hz in a stream of frames of ${wanted}`,
  );

/** One call for each frame, and the endpointing in TypeScript: what serves without a compiler. */
export class DetectorSteps implements FrameSteps {
  readonly facts: Facts & FrameSteps["facts"];
  readonly #detector: WebRtcVad;
  readonly #endpointing: Endpointing;
  readonly #sampleRateHz: number;
  #length = 0;
  #voiced = false;

  constructor(settings: DetectorSettings) {
    this.#sampleRateHz = settings.sampleRateHz;
    this.#endpointing = new Endpointing(settings, settings.sampleRateHz);
    this.#detector = WebRtcVad.open(settings.sampleRateHz, settings.aggressiveness);
    this.facts = { backend: this.#detector.backend };
  }

  get startSample(): number {
    return this.#endpointing.startSample;
  }

  next(pcm: Int16Array, startSample: number): Step {
    this.#length ||= lengthFrom(pcm.length, this.#sampleRateHz);
    if (pcm.length > this.#length) throw longer(pcm.length, this.#length, this.#sampleRateHz);
    if (pcm.length === this.#length) this.#voiced = this.#detector.isSpeech(pcm);
    return this.#endpointing.next(this.#voiced, startSample, pcm.length);
  }

  missing(startSample: number): boolean {
    return this.#endpointing.lapsed(startSample) && this.#endpointing.close();
  }

  close(): boolean {
    return this.#endpointing.close();
  }

  free(): void {
    this.#detector.close();
  }
}

/** A session of the native pool: the same in C, and frames of many streams judged side by side. */
export class SessionSteps implements FrameSteps {
  readonly facts: Facts & FrameSteps["facts"];
  readonly #pool: VadSessions;
  readonly #settings: DetectorSettings;
  #id = 0;
  #length = 0;
  /** From the session's positions, which only grow, to the stream's. */
  #offset = 0;
  /** In the session's positions. */
  #expected = 0;
  startSample = 0;

  constructor(pool: VadSessions, settings: DetectorSettings) {
    this.#pool = pool;
    this.#settings = settings;
    this.facts = { backend: "native", lanes: pool.way };
  }

  /** Whether a frame can be judged together with others: a whole one that follows the one before it. */
  follows(pcm: Int16Array, startSample: number): boolean {
    return pcm.length === this.#length && startSample === this.#expected + this.#offset;
  }

  /** Puts a frame that follows into the pool's next batch. @returns its number there. */
  stage(pcm: Int16Array): number {
    const item = this.#pool.stage(this.#id, pcm);
    this.#expected += pcm.length;
    return item;
  }

  /** An utterance opened by a staged frame starts here. */
  opened(atSample: number): void {
    this.startSample = atSample + this.#offset;
  }

  next(pcm: Int16Array, startSample: number): Step {
    if (this.#id === 0) this.#open(pcm.length, startSample);
    this.#offset = startSample - this.#expected;
    this.#expected += pcm.length;
    if (pcm.length > this.#length) throw longer(pcm.length, this.#length, this.#settings.sampleRateHz);
    if (pcm.length < this.#length) return this.#pool.short(this.#id, pcm.length).step;
    const step = this.#pool.push(this.#id, pcm).step(0, 0);
    if (step === "opened") this.opened(this.#pool.utteranceStart(this.#id));
    return step;
  }

  missing(startSample: number): boolean {
    if (this.#id === 0) return false;
    const samples = startSample - this.#offset - this.#expected;
    if (samples <= 0) return false;
    this.#expected += samples;
    return this.#pool.skip(this.#id, samples);
  }

  close(): boolean {
    return this.#id !== 0 && this.#pool.flush(this.#id);
  }

  free(): void {
    if (this.#id !== 0) this.#pool.end(this.#id);
    this.#id = 0;
  }

  #open(samples: number, startSample: number): void {
    const { sampleRateHz } = this.#settings;
    this.#length = lengthFrom(samples, sampleRateHz);
    const frameMs = (10 * this.#length) / per10Ms(sampleRateHz);
    this.#id = this.#pool.open({ ...settingsOf(this.#settings), frameMs, startSample });
    this.#expected = startSample;
  }
}

const settingsOf = (settings: DetectorSettings) => ({
  sampleRateHz: settings.sampleRateHz,
  aggressiveness: settings.aggressiveness,
  preRollMs: settings.preRollMs,
  minSpeechMs: settings.minSpeechMs,
  endpointMs: settings.endpointMs,
  maxSegmentMs: settings.maxSegmentMs,
  settleMs: settings.settleMs,
});
