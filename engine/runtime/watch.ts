/** The hooks of a node, as the watchdog names them. */
export const HOOKS = ["onFrame", "onControl", "run", "create", "close", "batch"] as const;
export type Hook = (typeof HOOKS)[number];
const NUMBERS = Object.fromEntries(HOOKS.map((hook, index) => [hook, index + 1])) as Readonly<Record<Hook, number>>;

/** The exit status of a process whose watchdog ended it, since a hook had not returned for too long. */
export const HUNG_EXIT_STATUS = 86;

/** Shared words: a heart-beat, the hook that is being called (0: none), and the task that went on last. */
const BEAT = 0;
const CURRENT = 1;
const RESUMED = 2;

interface Watched {
  readonly runId: string;
  readonly nodes: readonly string[];
}

const namesOf = (first: number, { runId, nodes }: Watched): [token: number, name: string][] =>
  nodes.map((node, index) => [first + index, `${runId} ${node}`]);

/**
 * Knows, at any moment and from any thread, which node's hook the main thread is in. A hook that never returns cannot be stopped from
 * inside its thread; a watchdog thread names it on standard error and ends the process with `HUNG_EXIT_STATUS`.
 */
export class Watch {
  readonly #words = new Int32Array(new SharedArrayBuffer(3 * Int32Array.BYTES_PER_ELEMENT));
  #tokens = 0;
  #thread: Worker | undefined;
  #pulse: ReturnType<typeof setInterval> | undefined;
  /** Runs by the token of their first node. */
  readonly #runs = new Map<number, Watched>();

  /**
   * Announces the nodes of a run.
   * @param nodes as people call them; not copied.
   * @returns the token of the first for `enter`; those of the others follow it.
   */
  register(runId: string, nodes: readonly string[]): number {
    const first = this.#tokens + 1;
    const run = { runId, nodes };
    this.#tokens += nodes.length;
    this.#runs.set(first, run);
    this.#thread?.postMessage({ names: namesOf(first, run) });
    return first;
  }

  /** @param first as `register` returned it. */
  forget(first: number): void {
    const run = this.#runs.get(first);
    this.#runs.delete(first);
    this.#thread?.postMessage({ forget: run?.nodes.map((_, index) => first + index) ?? [] });
  }

  /** A hook begins. Returns what `leave` wants back. */
  enter(token: number, hook: Hook = "onFrame"): number {
    const before = this.#words[CURRENT]!;
    this.#words[CURRENT] = token * 8 + NUMBERS[hook];
    return before;
  }

  /** `enter` for the one hook that is called for every frame. */
  enterFrame(token: number): number {
    const before = this.#words[CURRENT]!;
    this.#words[CURRENT] = token * 8 + 1;
    return before;
  }

  leave(before: number): void {
    this.#words[CURRENT] = before;
  }

  /** A task goes on; should the thread hang outside every hook, it was probably this one's `run`. */
  resumed(token: number): void {
    this.#words[RESUMED] = token;
  }

  /**
   * Starts the thread that looks after the process. Once; a second call does nothing.
   * @param hangMs how long the main thread may stay in one place, in milliseconds of the machine.
   */
  start(hangMs: number): void {
    if (this.#thread) return;
    this.#pulse = setInterval(() => Atomics.add(this.#words, BEAT, 1), Math.min(250, hangMs / 4));
    this.#pulse.unref();
    this.#thread = new Worker(new URL("./watch-thread.ts", import.meta.url).href);
    this.#thread.unref();
    this.#thread.postMessage({
      words: this.#words,
      hangMs,
      hooks: HOOKS,
      exitStatus: HUNG_EXIT_STATUS,
      names: [...this.#runs].flatMap(([first, run]) => namesOf(first, run)),
    });
  }

  stop(): void {
    clearInterval(this.#pulse);
    this.#thread?.terminate();
    this.#thread = undefined;
  }
}
