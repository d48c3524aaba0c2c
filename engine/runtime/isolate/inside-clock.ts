import type { Clock } from "#engine/plugin";
import { sleepOn } from "../system-clock.ts";
import type { CrossingFacts } from "./messages.ts";

/** Of this machine, monotonic, counted from the beginning of Unix time: the same in every process and thread but for adjustments. */
export const machineMs = (): number => performance.timeOrigin + performance.now();

/** The run's clock as an isolated node sees it: of the machine here, or of the other side where that is a virtual one. */
export class InsideClock implements Clock {
  readonly virtual: boolean;
  #nowMs: number;
  #timers = 0;
  readonly #pending = new Map<number, () => void>();
  readonly #stops = new Map<number, () => void>();

  /** @param remote asks the other side for a timer of the virtual clock, or calls it off. */
  constructor(
    private readonly facts: CrossingFacts,
    private readonly remote: { after(timer: number, ms: number): void; callOff(timer: number): void },
  ) {
    this.virtual = facts.virtual;
    this.#nowMs = facts.nowMs;
  }

  nowMs(): number {
    return this.virtual ? this.#nowMs : this.facts.nowMs + Math.max(0, machineMs() - this.facts.machineMs);
  }

  epochMs(): number {
    return this.facts.epochMs + this.nowMs() - this.facts.nowMs;
  }

  after(ms: number, call: () => void): () => void {
    const timer = ++this.#timers;
    this.#pending.set(timer, call);
    const stop = this.virtual ? this.#onTheOtherSide(timer, ms) : this.#here(timer, ms);
    this.#stops.set(timer, stop);
    return () => {
      if (this.#pending.delete(timer)) stop();
      this.#stops.delete(timer);
    };
  }

  sleep(ms: number, signal?: AbortSignal): Promise<void> {
    return sleepOn(this, ms, signal);
  }

  fire(timer: number): void {
    const call = this.#pending.get(timer);
    this.#pending.delete(timer);
    this.#stops.delete(timer);
    call?.();
  }

  /** Calls off what is still pending. */
  dispose(): void {
    for (const stop of this.#stops.values()) stop();
    this.#stops.clear();
    this.#pending.clear();
  }

  /** The virtual time went on. */
  set(nowMs: number): void {
    this.#nowMs = nowMs;
  }

  #onTheOtherSide(timer: number, ms: number): () => void {
    this.remote.after(timer, ms);
    return () => this.remote.callOff(timer);
  }

  #here(timer: number, ms: number): () => void {
    const handle = setTimeout(() => this.fire(timer), Math.max(0, Math.ceil(ms)));
    return () => clearTimeout(handle);
  }
}
