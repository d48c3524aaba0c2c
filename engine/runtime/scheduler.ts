/** One thing that can move frames. A call moves a bounded number, so that everyone gets a turn. */
export interface Step {
  /** Set by the scheduler while it stands in line. */
  inLine: boolean;
  step(): void;
}

/** Something that waits only as long as anything else can still move at this instant. */
export interface Patient {
  /** Nothing else is ready: go on with what is there. */
  release(): void;
}

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
    return this.#line.length > 0 || this.#patient.length > 0 || this.#turnsOwed > 0;
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
        step.step();
        if (++steps % STEPS_BETWEEN_LOOKS === 0 && performance.now() > endMs) break;
      } else break;
    }
    this.#running = false;
    this.#line.splice(0, this.#next);
    this.#next = 0;
    if (this.#line.length > 0) {
      this.#scheduled = true;
      setImmediate(this.#turn);
    } else if (this.#patient.length > 0) {
      this.#scheduled = true;
      setImmediate(this.#idle);
    }
  };

  /** Tasks that were awaiting went on before this macrotask; if they brought nothing, the patient ones are released. */
  readonly #idle = (): void => {
    this.#scheduled = false;
    if (this.#line.length === 0) for (const patient of this.#patient.splice(0)) patient.release();
    if (this.#line.length > 0 || this.#patient.length > 0) this.#schedule();
  };
}
