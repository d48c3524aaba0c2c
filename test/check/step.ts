/** One part of the whole check: a program that ends, or a function that answers. */
export interface Step {
  readonly name: string;
  /** Milliseconds until the step is ended and counts as failed. */
  readonly limitMs: number;
  run(signal: AbortSignal): Promise<Outcome>;
}

export interface Outcome {
  readonly passed: boolean;
  /** What a person needs to mend it, or "" when there is nothing to say. */
  readonly text: string;
}

export interface Finished extends Outcome {
  readonly name: string;
  readonly seconds: number;
}

/** Runs a step within its limit and times it; one that throws has failed. */
export async function finish(step: Step): Promise<Finished> {
  const startedMs = performance.now();
  const outcome = await step.run(AbortSignal.timeout(step.limitMs)).catch((error: unknown) => ({
    passed: false,
    text: error instanceof Error ? error.message : String(error),
  }));
  return { ...outcome, name: step.name, seconds: (performance.now() - startedMs) / 1000 };
}

/** Runs the steps, `width` at a time, in the order given; the results come as they finish. */
export async function finishAll(
  steps: readonly Step[],
  width: number,
  done: (result: Finished) => void,
): Promise<void> {
  const waiting = [...steps];
  const worker = async () => {
    for (let step = waiting.shift(); step; step = waiting.shift()) done(await finish(step));
  };
  await Promise.all(Array.from({ length: width }, worker));
}

/** A step that runs a package's program under this very Bun; it passes when the program exits with 0. */
export function programStep(name: string, limitMs: number, args: readonly string[]): Step {
  return {
    name,
    limitMs,
    async run(signal) {
      const ended = await runGroup([process.execPath, ...args], signal);
      if (ended.timedOut) return { passed: false, text: `${ended.output}\nno end after ${limitMs / 1000} s` };
      return { passed: ended.status === 0, text: ended.status === 0 ? "" : ended.output.trim() };
    },
  };
}

export interface Ended {
  readonly status: number;
  readonly timedOut: boolean;
  /** Both streams, as they came. */
  readonly output: string;
}

/** Of all groups that are running now. */
const leaders = new Set<number>();

/**
 * Runs a program to its end in a process group of its own, so that whatever it started ends with it when the limit is
 * reached or this process is told to end.
 * @param live passes each piece of its output on at once
 */
export async function runGroup(
  command: string[],
  signal: AbortSignal,
  live?: (bytes: Uint8Array) => void,
): Promise<Ended> {
  const child = Bun.spawn(command, { stdin: "ignore", stdout: "pipe", stderr: "pipe", detached: true });
  const end = () => endGroup(child.pid);
  const told = (name: NodeJS.Signals) => {
    for (const leader of leaders) endGroup(leader);
    process.exit(name === "SIGINT" ? 130 : 143);
  };
  leaders.add(child.pid);
  signal.addEventListener("abort", end, { once: true });
  for (const name of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.once(name, told);
  try {
    const decoder = new TextDecoder();
    let output = "";
    const collect = async (stream: ReadableStream<Uint8Array>) => {
      for await (const bytes of stream) {
        live?.(bytes);
        output += decoder.decode(bytes, { stream: true });
      }
    };
    const collected = Promise.all([collect(child.stdout), collect(child.stderr)]);
    const status = await child.exited;
    end(); // what the program left behind would hold the pipes open
    await collected;
    return { status, timedOut: signal.aborted, output };
  } finally {
    leaders.delete(child.pid);
    signal.removeEventListener("abort", end);
    for (const name of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.off(name, told);
  }
}

function endGroup(leader: number): void {
  try {
    process.kill(-leader, "SIGKILL");
  } catch {
    // nothing of the group is left
  }
}
