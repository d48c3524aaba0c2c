/** What a stretch of audio belongs to. */
export interface Owner {
  readonly utterance: string | undefined;
  /** A barge-in does not drop it. */
  readonly kept: boolean;
}

export interface PlayedFacts {
  readonly utterance?: string;
  /** When it began to be heard, or would have. */
  readonly fromMs: number;
  readonly playedMs: number;
  /** Handed to the device so far. */
  readonly ofMs: number;
  /** The rest was thrown away. */
  readonly cut: boolean;
}

interface Stretch extends Owner {
  /** Of the clock. */
  readonly heardFromMs: number;
  /** Of what was handed over. */
  readonly fromMs: number;
  untilMs: number;
}

/**
 * Follows what is heard of what was handed to a device. A device says nothing of that by itself; it plays in real time, so what was handed over
 * is heard that long after its beginning, and a device that ran dry begins anew.
 */
export class Played {
  readonly #stretches: Stretch[] = [];
  /** When the time line of what was handed over began. */
  #beganMs = 0;
  #writtenMs = 0;

  constructor(
    private readonly nowMs: () => number,
    private readonly tell: (facts: PlayedFacts) => void,
  ) {}

  /** What was handed over and is not heard yet. */
  aheadMs(nowMs = this.nowMs()): number {
    return Math.max(0, this.#beganMs + this.#writtenMs - nowMs);
  }

  wrote(owner: Owner, ms: number, nowMs = this.nowMs()): void {
    this.#pass(nowMs);
    if (this.aheadMs(nowMs) === 0) this.#beganMs = nowMs - this.#writtenMs;
    const heardFromMs = this.#beganMs + this.#writtenMs;
    const last = this.#stretches.at(-1);
    if (last && last.utterance === owner.utterance && last.kept === owner.kept) last.untilMs += ms;
    else this.#stretches.push({ ...owner, heardFromMs, fromMs: this.#writtenMs, untilMs: this.#writtenMs + ms });
    this.#writtenMs += ms;
  }

  /** Something of that kind was handed over and is not heard yet. */
  waits(of: (owner: Owner) => boolean): boolean {
    const heardMs = this.#heardMs(this.nowMs());
    return this.#stretches.some((stretch) => stretch.untilMs > heardMs && of(stretch));
  }

  /** The device was silenced: what is not heard yet never will be, but for what `stays`. */
  cut(stays: (owner: Owner) => boolean, nowMs = this.nowMs()): void {
    const heardMs = this.#heardMs(nowMs);
    for (const stretch of this.#stretches.splice(0)) if (!stays(stretch)) this.#report(stretch, heardMs);
    this.#beganMs = nowMs - this.#writtenMs;
  }

  /** All that was handed over was heard. */
  finish(): void {
    for (const stretch of this.#stretches.splice(0)) this.#report(stretch, this.#writtenMs);
  }

  /** Tells what was heard to its end while others followed. */
  #pass(nowMs: number): void {
    const heardMs = this.#heardMs(nowMs);
    while (this.#stretches.length > 1 && this.#stretches[0]!.untilMs <= heardMs)
      this.#report(this.#stretches.shift()!, heardMs);
  }

  #heardMs(nowMs: number): number {
    return Math.max(0, Math.min(this.#writtenMs, nowMs - this.#beganMs));
  }

  #report({ utterance, heardFromMs, fromMs, untilMs }: Stretch, heardMs: number): void {
    const ofMs = untilMs - fromMs;
    const playedMs = Math.max(0, Math.min(ofMs, heardMs - fromMs));
    const cut = playedMs < ofMs;
    this.tell({ ...(utterance !== undefined && { utterance }), fromMs: heardFromMs, playedMs, ofMs, cut });
  }
}
