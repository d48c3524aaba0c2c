/** The middle of the values, or the mean of the two in the middle. */
export function median(values: readonly number[]): number {
  if (values.length === 0) throw new RangeError("the median of no values");
  const sorted = values.toSorted((a, b) => a - b);
  const half = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[half]! : (sorted[half - 1]! + sorted[half]!) / 2;
}

/** The value that the given share of the values does not exceed (nearest rank). @param share 0 to 1 */
export function quantile(values: readonly number[], share: number): number {
  if (values.length === 0) throw new RangeError("a quantile of no values");
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.max(0, Math.ceil(share * sorted.length) - 1))]!;
}

/** Value and spread of a {@link Measurement}, from the repetitions. */
export function summarise(values: readonly number[]): { value: number; spread: { min: number; max: number } } {
  return { value: median(values), spread: { min: Math.min(...values), max: Math.max(...values) } };
}

/** What one repetition cost. */
export interface Cost {
  readonly wallMs: number;
  /** Of all threads of this process, user and system. */
  readonly cpuMs: number;
}

/** Runs the work once and tells what it cost. */
export async function costOf(work: () => unknown): Promise<Cost> {
  const cpu = process.cpuUsage();
  const startedMs = performance.now();
  await work();
  const wallMs = performance.now() - startedMs;
  const used = process.cpuUsage(cpu);
  return { wallMs, cpuMs: (used.user + used.system) / 1000 };
}

/**
 * Repeats several candidates by turns, so that what slows the machine down for a while slows them all, and starts each
 * round with another one. One round before the counted ones warms up.
 * @param candidates by name; each call is one repetition and may answer with figures of its own
 * @returns for each name what its counted repetitions answered, in order
 */
export async function interleave<T>(
  candidates: Readonly<Record<string, () => T | Promise<T>>>,
  repetitions: number,
): Promise<Record<string, T[]>> {
  const names = Object.keys(candidates);
  const answers: Record<string, T[]> = Object.fromEntries(names.map((name) => [name, []]));
  for (let round = -1; round < repetitions; round++) {
    for (let turn = 0; turn < names.length; turn++) {
      const name = names[(turn + Math.max(round, 0)) % names.length]!;
      const answer = await candidates[name]!();
      if (round >= 0) answers[name]!.push(answer);
    }
  }
  return answers;
}

/** Puts `taskset` before a command where it exists, so that the command keeps to one core; else leaves it as it is. */
export function pinned(command: readonly string[], core: number): string[] {
  const taskset = Bun.which("taskset");
  return taskset ? [taskset, "--cpu-list", String(core), ...command] : [...command];
}

/** Runs a command to its end and tells how long it took, from before its start. @throws Error when it fails */
export async function timeCommand(command: readonly string[], options: { cwd?: string } = {}): Promise<Cost> {
  const startedMs = performance.now();
  const child = Bun.spawn([...command], { ...options, stdin: "ignore", stdout: "ignore", stderr: "pipe" });
  const [status, remarks] = await Promise.all([child.exited, new Response(child.stderr).text()]);
  const wallMs = performance.now() - startedMs;
  if (status !== 0) throw new Error(`${command[0]} ended with status ${status}: ${remarks.slice(-500)}`);
  return { wallMs, cpuMs: Number(child.resourceUsage()?.cpuTime.total ?? 0n) / 1000 };
}
