import type { Clock } from "#engine/plugin";

/** Time that moves when it is told to. */
export class HandClock implements Clock {
  readonly virtual = false;
  now = 0;
  readonly #due: { readonly atMs: number; readonly call: () => void }[] = [];

  nowMs(): number {
    return this.now;
  }

  /** Timers that are set. */
  get pending(): number {
    return this.#due.length;
  }

  after(ms: number, call: () => void): () => void {
    const due = { atMs: this.now + ms, call };
    this.#due.push(due);
    return () => {
      const index = this.#due.indexOf(due);
      if (index >= 0) this.#due.splice(index, 1);
    };
  }

  sleep(ms: number): Promise<void> {
    return new Promise((resolve) => this.after(ms, resolve));
  }

  /** Lets so much pass; what is due meanwhile is called in order, and what follows from it by promises comes first. */
  async pass(ms: number): Promise<void> {
    const untilMs = this.now + ms;
    for (;;) {
      for (let turn = 0; turn < 10; turn++) await Promise.resolve();
      const next = this.#due.sort((a, b) => a.atMs - b.atMs)[0];
      if (!next || next.atMs > untilMs) break;
      this.#due.shift();
      this.now = next.atMs;
      next.call();
    }
    this.now = untilMs;
  }
}
