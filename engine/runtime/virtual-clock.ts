import type { Clock } from "#engine/plugin";
import { sleepOn } from "./system-clock.ts";

interface Timer {
  readonly atMs: number;
  readonly sequence: number;
  call: (() => void) | undefined;
}

interface Owed {
  /** Answers of one instant are delivered in rising order of these, compared one by one. */
  readonly order: readonly number[];
  settled: boolean;
  /** True: time may go on although it is not settled. */
  readonly free: () => boolean;
  deliver: () => void;
}

/**
 * Time that stands still while there is anything to do, and then jumps to the next timer. An hour passes in seconds, and the same work
 * happens in the same order every time.
 *
 * The clock turns only while somebody drives it: `drive()` until the function it returns is called. It counts on all waiting being
 * visible to it: timers made here, and work outside the loop that was announced by `owe()`.
 */
export class VirtualClock implements Clock {
  readonly virtual = true;
  #nowMs = 0;
  #sequence = 0;
  readonly #timers: Timer[] = [];
  #owed: Owed[] = [];
  #drivers = 0;
  #holds = 0;
  #turning = false;
  readonly #busy = new Set<() => boolean>();
  #onRelease: (() => void) | undefined;
  /** Something was newly owed or answered. */
  #onChange: (() => void) | undefined;

  nowMs(): number {
    return this.#nowMs;
  }

  after(ms: number, call: () => void): () => void {
    const timer: Timer = {
      atMs: this.#nowMs + (ms > 0 ? Math.max(RESOLUTION_MS, ms) : 0),
      sequence: this.#sequence++,
      call,
    };
    push(this.#timers, timer);
    return () => {
      timer.call = undefined;
    };
  }

  /** Timers that were neither called nor called off. */
  get pending(): number {
    return this.#timers.reduce((sum, timer) => sum + (timer.call ? 1 : 0), 0);
  }

  sleep(ms: number, signal?: AbortSignal): Promise<void> {
    return sleepOn(this, ms, signal);
  }

  /**
   * Keeps time still until `work` settles, and hands its outcome on in the order stated, after those of the same instant that come before.
   * @param free asked while waiting: true lets time go on although the work is not done, for work that itself waits on this clock.
   */
  owe<T>(order: readonly number[], work: Promise<T>, free: () => boolean = never): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      const owed: Owed = { order, settled: false, free, deliver: () => {} };
      const settle = (deliver: () => void) => {
        owed.deliver = deliver;
        owed.settled = true;
        this.#onChange?.();
      };
      work.then(
        (value) => settle(() => resolve(value)),
        (reason) => settle(() => reject(reason)),
      );
      this.#owed.push(owed);
      this.#onChange?.();
    });
  }

  /** Keeps time still until the returned function is called: for a test that acts from outside. */
  hold(): () => void {
    this.#holds++;
    let held = true;
    return () => {
      if (!held) return;
      held = false;
      this.#holds--;
      this.#onRelease?.();
    };
  }

  /** Keeps time still whenever `busy` answers true. Returns the function that takes it back. */
  watch(busy: () => boolean): () => void {
    this.#busy.add(busy);
    return () => this.#busy.delete(busy);
  }

  /** Lets time go on until the returned function is called. Drivers are counted. */
  drive(): () => void {
    this.#drivers++;
    if (!this.#turning) void this.#turn();
    let driving = true;
    return () => {
      if (driving) this.#drivers--;
      driving = false;
    };
  }

  async #turn(): Promise<void> {
    this.#turning = true;
    while (this.#drivers > 0) {
      await macrotask();
      if (this.#drivers === 0) break;
      if (this.#holds > 0) {
        await new Promise<void>((release) => {
          this.#onRelease = release;
        });
        continue;
      }
      if (this.#isBusy()) continue;
      if (await this.#deliverAnswers()) continue;
      if (!this.#fireTimers()) await this.#nothingToDo();
    }
    this.#turning = false;
  }

  #isBusy(): boolean {
    for (const busy of this.#busy) if (busy()) return true;
    return false;
  }

  /** Awaits all that is owed at this instant, then hands it on in order; true when there was anything. */
  async #deliverAnswers(): Promise<boolean> {
    for (;;) {
      const due = this.#owed.filter((owed) => owed.settled || !owed.free());
      if (due.length === 0) return false;
      if (due.every((owed) => owed.settled)) {
        await this.#deliver(due);
        return true;
      }
      // What is owed may itself ask for more while it is awaited, so the sum is done again at each change.
      await new Promise<void>((resolve) => {
        this.#onChange = resolve;
      });
      await macrotask();
    }
  }

  async #deliver(due: readonly Owed[]): Promise<void> {
    this.#owed = this.#owed.filter((owed) => !due.includes(owed));
    for (const answer of [...due].sort(byOrder)) {
      answer.deliver();
      await macrotask();
    }
  }

  /** Moves to the next instant that has timers and calls all of them, in the order they were made. */
  #fireTimers(): boolean {
    let first = pop(this.#timers);
    while (first && !first.call) first = pop(this.#timers);
    if (!first) return false;
    this.#nowMs = Math.max(this.#nowMs, first.atMs);
    for (let timer: Timer | undefined = first; timer; timer = this.#popAt(first.atMs)) timer.call?.();
    return true;
  }

  #popAt(atMs: number): Timer | undefined {
    const next = this.#timers[0];
    return next && next.atMs === atMs ? pop(this.#timers) : undefined;
  }

  /** Nothing is ready, owed or timed: only work that was not announced can bring news, so the machine's own time is let pass. */
  #nothingToDo(): Promise<void> {
    return new Promise((resolve) => setTimeout(resolve, 1));
  }
}

/** Whoever waits for a moment that is still to come finds a later time: a shorter wait could vanish in rounding, and be asked for for ever. */
const RESOLUTION_MS = 0.001;

const never = () => false;
const macrotask = () => new Promise<void>((resolve) => setImmediate(resolve));

function byOrder(a: Owed, b: Owed): number {
  for (let i = 0; i < Math.max(a.order.length, b.order.length); i++) {
    const difference = (a.order[i] ?? 0) - (b.order[i] ?? 0);
    if (difference !== 0) return difference;
  }
  return 0;
}

const before = (a: Timer, b: Timer) => a.atMs < b.atMs || (a.atMs === b.atMs && a.sequence < b.sequence);

/** A binary heap, the earliest timer on top. */
function push(heap: Timer[], timer: Timer): void {
  heap.push(timer);
  for (let i = heap.length - 1; i > 0; ) {
    const parent = (i - 1) >> 1;
    if (!before(heap[i]!, heap[parent]!)) break;
    [heap[i], heap[parent]] = [heap[parent]!, heap[i]!];
    i = parent;
  }
}

function pop(heap: Timer[]): Timer | undefined {
  const top = heap[0];
  const last = heap.pop();
  if (!top || !last || heap.length === 0) return top;
  heap[0] = last;
  for (let i = 0; ; ) {
    const left = 2 * i + 1;
    const right = left + 1;
    let least = i;
    if (left < heap.length && before(heap[left]!, heap[least]!)) least = left;
    if (right < heap.length && before(heap[right]!, heap[least]!)) least = right;
    if (least === i) return top;
    [heap[i], heap[least]] = [heap[least]!, heap[i]!];
    i = least;
  }
}
