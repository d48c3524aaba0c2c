/** One thing that can move frames. A call moves a bounded number, so that everyone gets a turn. */
export interface Step {
  /** Set by the scheduler while it stands in line. */
  inLine: boolean;
  step(): void;
  /** What `step` threw, which is a bug of ours: it ends the step's run, and no other. */
  broke(error: unknown): void;
}

/** Something that waits only as long as anything else can still move at this instant. */
export interface Patient {
  /** Nothing else is ready: go on with what is there. */
  release(): void;
}

/** Work that gains from being done together. */
export interface Gathering {
  /** How many have gathered. */
  readonly size: number;
  /** Does what has gathered. */
  flush(): void;
}

/** So long a gathering may wait while other things are ready, in milliseconds. */
const GATHER_MS = 2;
/** A gathering of this size gains nothing from waiting. */
const GATHER_ENOUGH = 512;
const TURN_MS = 4;
const STEPS_BETWEEN_LOOKS = 64;

/**
 * Runs what is ready, in the order in which it became ready, to completion; hands the thread back to the event loop at least every
 * `TURN_MS`. One for all runs of a process. No promise, timer or closure is made for a frame.
 */
export class Scheduler {
  readonly #line: Step[] = [];
  #next = 0;
  readonly #patient: Patient[] = [];
  /** A turn is on its way already. */
  #scheduled = false;
  #running = false;
  #turnsOwed = 0;
  readonly #gatherings: Gathering[] = [];
  #gatheringSinceMs = 0;

  /** Puts a step in line, once. */
  wake(step: Step): void {
    if (step.inLine) return;
    step.inLine = true;
    this.#line.push(step);
    this.#schedule();
  }

  /** Calls `release` when nothing is in line any more and what was awaited has gone on. */
  whenIdle(patient: Patient): void {
    if (!this.#patient.includes(patient)) this.#patient.push(patient);
    this.#schedule();
  }

  /**
   * Flushes the gathering when nothing else is ready, the events of the outside world that have come by then included; after `GATHER_MS`,
   * or when it is large, at the next opportunity.
   */
  gather(gathering: Gathering): void {
    if (!this.#gatherings.includes(gathering)) {
      if (this.#gatherings.length === 0) this.#gatheringSinceMs = performance.now();
      this.#gatherings.push(gathering);
    } else if (gathering.size >= GATHER_ENOUGH) this.#gatheringSinceMs = 0;
    this.#schedule();
  }

  #flush(): void {
    for (const gathering of this.#gatherings.splice(0)) gathering.flush();
  }

  /** Resolves after everybody else had a turn, events of the outside world included. */
  nextTurn(): Promise<void> {
    this.#turnsOwed++;
    return new Promise((resolve) =>
      setImmediate(() => {
        this.#turnsOwed--;
        resolve();
      }),
    );
  }

  /** Anything is in line, or waits for the line to be empty. A virtual clock stands still meanwhile. */
  get busy(): boolean {
    return this.#line.length > 0 || this.#patient.length > 0 || this.#gatherings.length > 0 || this.#turnsOwed > 0;
  }

  #schedule(): void {
    if (this.#scheduled || this.#running) return;
    this.#scheduled = true;
    queueMicrotask(this.#turn);
  }

  readonly #turn = (): void => {
    this.#scheduled = false;
    this.#running = true;
    const endMs = performance.now() + TURN_MS;
    let steps = 0;
    for (;;) {
      const step = this.#line[this.#next];
      if (step) {
        this.#next++;
        step.inLine = false;
        try {
          step.step();
        } catch (error) {
          step.broke(error);
        }
        if (++steps % STEPS_BETWEEN_LOOKS === 0) {
          const nowMs = performance.now();
          if (this.#gatherings.length > 0 && nowMs - this.#gatheringSinceMs > GATHER_MS) this.#flush();
          if (nowMs > endMs) break;
        }
      } else break;
    }
    this.#running = false;
    this.#line.splice(0, this.#next);
    this.#next = 0;
    if (this.#line.length > 0) {
      this.#scheduled = true;
      setImmediate(this.#turn);
    } else if (this.#patient.length > 0 || this.#gatherings.length > 0) {
      this.#scheduled = true;
      setImmediate(this.#idle);
    }
  };

  /** Tasks that were awaiting went on before this macrotask; if they brought nothing, what was gathered is done, or else patience ends. */
  readonly #idle = (): void => {
    this.#scheduled = false;
    if (this.#line.length === 0) {
      if (this.#gatherings.length > 0) this.#flush();
      else for (const patient of this.#patient.splice(0)) patient.release();
    }
    if (this.busy) this.#schedule();
  };
}
