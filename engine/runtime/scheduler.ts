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
  /** Set by the scheduler while it waits to be flushed. */
  listed: boolean;
  /** Does what has gathered. */
  flush(): void;
}

/** So long a gathering may wait while other things are ready, in milliseconds. */
const GATHER_MS = 2;
/** A gathering of this size gains nothing from waiting; what it takes in is still in the processor's cache. */
const GATHER_ENOUGH = 128;
const TURN_MS = 4;
const STEPS_BETWEEN_LOOKS = 64;
/** So many steps of one run are made before another run has its turn. */
const STEPS_PER_RUN = 256;
/** Runs that have less to do than this share a turn. */
const SHORT_TURN = 16;
/** So many places of the queue of runs are used once before they are used again. */
const COMPACT_AT = 1024;

/** What is ready in one run, in the order in which it became ready. */
export class Line {
  readonly #steps: Step[] = [];
  #next = 0;
  /** The scheduler knows that something is ready here. */
  listed = false;

  constructor(readonly scheduler: Scheduler) {}

  get ready(): boolean {
    return this.#next < this.#steps.length;
  }

  /** Puts a step in line, once. */
  wake(step: Step): void {
    if (step.inLine) return;
    step.inLine = true;
    this.#steps.push(step);
    if (!this.listed) this.scheduler.enlist(this);
  }

  /** Makes the step that is due. */
  advance(): void {
    const step = this.#steps[this.#next++]!;
    if (this.#next === this.#steps.length) {
      this.#steps.length = 0;
      this.#next = 0;
    }
    step.inLine = false;
    try {
      step.step();
    } catch (error) {
      step.broke(error);
    }
  }
}

/**
 * Makes the steps that are ready, run by run: what a frame wakes in its run comes before other runs' frames, while the frame is still in
 * the processor's cache. Tasks go on between the runs' turns. Hands the thread back to the event loop at least every `TURN_MS`. One for all
 * runs of a process. No promise, timer or closure is made for a frame.
 */
export class Scheduler {
  #lines: Line[] = [];
  #nextLine = 0;
  /** Whose turn it is, and how many steps it has left. */
  #current: Line | undefined;
  #left = 0;
  readonly #patient: Patient[] = [];
  /** A turn is on its way already. */
  #scheduled = false;
  #running = false;
  #turnsOwed = 0;
  /** Steps of this turn. */
  #steps = 0;
  #untilLook = STEPS_BETWEEN_LOOKS;
  #turnEndMs = 0;
  readonly #gatherings: Gathering[] = [];
  #flushing = false;
  #gatheringSinceMs = 0;

  /** Called by a line that has something ready. */
  enlist(line: Line): void {
    line.listed = true;
    this.#lines.push(line);
    this.#schedule();
  }

  /** Calls `release` when nothing is in line any more and what was awaited has gone on. */
  whenIdle(patient: Patient): void {
    if (!this.#patient.includes(patient)) this.#patient.push(patient);
    this.#schedule();
  }

  /**
   * Flushes the gathering when nothing else is ready, the events of the outside world that have come by then included; at the next
   * opportunity after `GATHER_MS`; at once when it is large.
   */
  gather(gathering: Gathering): void {
    if (!gathering.listed) {
      gathering.listed = true;
      if (this.#gatherings.length === 0) this.#gatheringSinceMs = performance.now();
      this.#gatherings.push(gathering);
    }
    if (gathering.size >= GATHER_ENOUGH && !this.#flushing) this.#flushOne(gathering);
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
    return this.#ready || this.#patient.length > 0 || this.#gatherings.length > 0 || this.#turnsOwed > 0;
  }

  get #ready(): boolean {
    return this.#current !== undefined || this.#nextLine < this.#lines.length;
  }

  #schedule(): void {
    if (this.#scheduled || this.#running) return;
    this.#scheduled = true;
    queueMicrotask(this.#turn);
  }

  /** A microtask for each run's turn, or for several short ones: a run's tasks that were awaiting go on before other runs do. */
  readonly #turn = (): void => {
    this.#scheduled = false;
    this.#running = true;
    if (this.#turnEndMs === 0) this.#turnEndMs = performance.now() + TURN_MS;
    this.#steps = 0;
    let late = this.#advance();
    while (!late && this.#nextLine < this.#lines.length && this.#steps < SHORT_TURN) late = this.#advance();
    this.#running = false;
    if (this.#ready) {
      this.#scheduled = true;
      if (!late) return queueMicrotask(this.#turn);
      this.#turnEndMs = 0;
      setImmediate(this.#turn);
      return;
    }
    this.#turnEndMs = 0;
    if (this.#patient.length > 0 || this.#gatherings.length > 0) {
      this.#scheduled = true;
      setImmediate(this.#idle);
    }
  };

  /** @returns whether it is time to hand back the thread. */
  #advance(): boolean {
    const line = this.#whoseTurn();
    while (line?.ready && this.#left > 0) {
      line.advance();
      this.#left--;
      this.#steps++;
      if (--this.#untilLook > 0) continue;
      this.#untilLook = STEPS_BETWEEN_LOOKS;
      if (this.#look()) return true;
    }
    return false;
  }

  /** The current line keeps its turn as long as it has steps left of it and something ready, or its tasks may yet bring something. */
  #whoseTurn(): Line | undefined {
    const current = this.#current;
    if (current?.ready && this.#left > 0) return current;
    if (current?.ready) this.#lines.push(current);
    else if (current) current.listed = false;
    this.#current = this.#lines[this.#nextLine];
    this.#left = STEPS_PER_RUN;
    if (this.#current && ++this.#nextLine >= COMPACT_AT) {
      this.#lines.splice(0, this.#nextLine);
      this.#nextLine = 0;
    }
    return this.#current;
  }

  #look(): boolean {
    const nowMs = performance.now();
    if (this.#gatherings.length > 0 && nowMs - this.#gatheringSinceMs > GATHER_MS) this.#flush();
    return nowMs > this.#turnEndMs;
  }

  #flush(): void {
    for (const gathering of this.#gatherings.splice(0)) {
      gathering.listed = false;
      this.#flushOne(gathering);
    }
  }

  /** Not within another one: what a call brings to a gathering waits for the next call. */
  #flushOne(gathering: Gathering): void {
    this.#flushing = true;
    gathering.flush();
    this.#flushing = false;
  }

  /** Tasks that were awaiting went on before this macrotask; if they brought nothing, what was gathered is done, or else patience ends. */
  readonly #idle = (): void => {
    this.#scheduled = false;
    if (!this.#ready) {
      if (this.#gatherings.length > 0) this.#flush();
      else for (const patient of this.#patient.splice(0)) patient.release();
    }
    if (this.busy) this.#schedule();
  };
}
