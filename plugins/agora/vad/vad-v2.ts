/** `A`: releases 2.1.1 to 2.3 of the vendor's SDK. `B`: 2.4.0 and later. They open and close utterances differently. */
export type Generation = "A" | "B";

/** Under the vendor's own names. */
export interface VadV2Config {
  /** 10 ms frames from before the decision window that an utterance begins with. */
  readonly preStartRecognizeCount: number;
  /** 10 ms frames of the window in which speech is decided on. */
  readonly startRecognizeCount: number;
  /** The same for its end. */
  readonly stopRecognizeCount: number;
  /** A: share of active frames in the start window that opens, 0 to 1. B does not look at it. */
  readonly activePercent: number;
  /** A: share of inactive frames in the stop window that closes, 0 to 1. B does not look at it. */
  readonly inactivePercent: number;
  /** A: a frame outside speech is active above this, 0 to 100. */
  readonly startVoiceProb: number;
  /** A: the same inside speech. */
  readonly stopVoiceProb: number;
  /** dB, -100 to 0. */
  readonly rmsThreshold: number;
  /** B: after an utterance the threshold follows its level. */
  readonly adaptiveRms: boolean;
  /** B: the part of that level that a frame has to exceed. */
  readonly adaptiveRmsFactor: number;
}

/** The defaults of release 2.1.7 and later, which hold for both generations. */
export const VAD_V2_DEFAULTS: VadV2Config = {
  preStartRecognizeCount: 16,
  startRecognizeCount: 30,
  stopRecognizeCount: 50,
  activePercent: 0.7,
  inactivePercent: 0.5,
  startVoiceProb: 70,
  stopVoiceProb: 70,
  rmsThreshold: -50,
  adaptiveRms: true,
  adaptiveRmsFactor: 0.67,
};

/** What the vendor's label extension says of a 10 ms frame. */
export interface Labels {
  readonly farField: number;
  /** A: dB, -127 to 0. B: dB plus 127, 0 to 127. */
  readonly rms: number;
  /** A: 0 to 100. B: 0 or 1. */
  readonly voiceProb: number;
  readonly musicProb: number;
  readonly pitch: number;
}

/** 0: no speech; 1: it begins; 2: it goes on; 3: it ends. 1 and 3 are said once. */
export type VadState = 0 | 1 | 2 | 3;

export interface Verdict<Item> {
  readonly state: VadState;
  /** What belongs to the utterance now: nothing at 0, the whole window with its pre-roll at 1, this frame at 2 and 3. */
  readonly items: readonly Item[];
  /** What fell out of the window and belongs to no utterance. */
  readonly dropped: Item | undefined;
}

interface Queued<Item> {
  readonly item: Item;
  readonly active: boolean;
}

/** One stream's VAD V2, to the frame as the vendor's does it, its off-by-one included. */
export class VadV2<Item> {
  readonly #start: Queued<Item>[] = [];
  readonly #stop: boolean[] = [];
  readonly #startLength: number;
  #speaking = false;
  /** B: the present run of alike frames, and the sum of the levels of an active one. */
  #activeRun = 0;
  #inactiveRun = 0;
  #rmsSum = 0;
  /** B: the mean level with which the last utterance opened. */
  #meanRms: number | undefined;

  constructor(
    private readonly generation: Generation,
    private readonly config: VadV2Config,
  ) {
    this.#startLength = config.preStartRecognizeCount + config.startRecognizeCount;
  }

  get speaking(): boolean {
    return this.#speaking;
  }

  /** Frames that wait for a decision, oldest first. */
  get waiting(): readonly Item[] {
    return this.#start.map(({ item }) => item);
  }

  /** @param item stands for the next 10 ms of the stream. */
  process(item: Item, labels: Labels): Verdict<Item> {
    const active = this.#isActive(labels);
    this.#count(active, labels.rms);
    return this.#speaking ? this.#goOn(item, active) : this.#listen(item, active);
  }

  /** As new, but for the level that was learnt. @returns what waited for a decision. */
  reset(): readonly Item[] {
    this.#speaking = false;
    this.#stop.length = 0;
    this.#clearRuns();
    return this.#start.splice(0).map(({ item }) => item);
  }

  #isActive({ farField, voiceProb, rms }: Labels): boolean {
    const { startVoiceProb, stopVoiceProb, rmsThreshold, adaptiveRms, adaptiveRmsFactor } = this.config;
    if (this.generation === "A")
      return farField === 1 && voiceProb > (this.#speaking ? stopVoiceProb : startVoiceProb) && rms > rmsThreshold;
    const learnt = adaptiveRms ? this.#meanRms : undefined;
    const threshold = learnt === undefined ? 127 + rmsThreshold : Math.trunc(learnt * adaptiveRmsFactor);
    return voiceProb === 1 || rms > threshold;
  }

  #count(active: boolean, rms: number): void {
    this.#activeRun = active ? this.#activeRun + 1 : 0;
    this.#rmsSum = active ? this.#rmsSum + rms : 0;
    this.#inactiveRun = active ? 0 : this.#inactiveRun + 1;
  }

  #listen(item: Item, active: boolean): Verdict<Item> {
    this.#start.push({ item, active });
    const dropped = this.#start.length > this.#startLength ? this.#start.shift()?.item : undefined;
    if (this.#start.length < this.#startLength || !this.#opens()) return { state: 0, items: [], dropped };
    if (this.generation === "B") this.#meanRms = Math.trunc(this.#rmsSum / this.#activeRun);
    const items = this.#start.splice(0).map((queued) => queued.item);
    this.#speaking = true;
    this.#stop.length = 0;
    this.#clearRuns();
    return { state: 1, items, dropped };
  }

  #goOn(item: Item, active: boolean): Verdict<Item> {
    this.#stop.push(active);
    if (this.#stop.length > this.config.stopRecognizeCount) this.#stop.shift();
    if (this.#stop.length < this.config.stopRecognizeCount || !this.#closes())
      return { state: 2, items: [item], dropped: undefined };
    this.reset();
    return { state: 3, items: [item], dropped: undefined };
  }

  /** A never counts the first frame of the window as silence. */
  #opens(): boolean {
    const { preStartRecognizeCount: pre, startRecognizeCount: total, activePercent } = this.config;
    if (this.generation === "B") return this.#activeRun >= total;
    let silence = 0;
    for (let i = pre + 1; i < this.#start.length; i++) if (!this.#start[i]!.active) silence++;
    return (total - silence) / total >= activePercent;
  }

  /** A never counts the first frame of the queue. */
  #closes(): boolean {
    const { stopRecognizeCount: total, inactivePercent } = this.config;
    if (this.generation === "B") return this.#inactiveRun >= total;
    let silence = 0;
    for (let i = 1; i < this.#stop.length; i++) if (!this.#stop[i]) silence++;
    return silence / total >= inactivePercent;
  }

  #clearRuns(): void {
    this.#activeRun = 0;
    this.#inactiveRun = 0;
    this.#rmsSum = 0;
  }
}
