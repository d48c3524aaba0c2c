import { copyFile, mkdir, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { runGroup } from "../../check/step.ts";
import { type Verdict, verdictOf } from "../measurement.ts";
import type { BenchResult } from "../report.ts";

/** Three times what the longest takes on two quiet cores. A first run installs peers as well. */
const LIMIT_MS = 45 * 60_000;

export interface SeriesOptions {
  /** Before the benchmark's name and options. */
  readonly command: readonly string[];
  readonly repetitions?: number;
  readonly limitMs?: number;
  /** A folder that gets the report of each benchmark that does not fail, as NAME.json, when it has ended. */
  readonly keepIn?: string;
  /** Gets what the benchmarks say, bytes of theirs included, as it comes. */
  readonly say: (text: string | Uint8Array) => void;
}

/**
 * Runs benchmarks one after the other, for two at once would measure each other, each in a process of its own: what one leaves behind
 * does not weigh on the next, and none that fails, crashes or hangs keeps the others from running.
 */
export async function runSeries(names: readonly string[], options: SeriesOptions): Promise<BenchResult[]> {
  const folder = await mkdtemp(join(tmpdir(), "parlando-bench-"));
  const results: BenchResult[] = [];
  try {
    for (const [i, name] of names.entries()) {
      const startedMs = performance.now();
      options.say(`\n[${i + 1} of ${names.length}] ${name}\n`);
      const result = await runAlone(name, join(folder, `${name}.json`), options);
      results.push(result);
      if (options.keepIn !== undefined && result.error === undefined) await keep(folder, name, options.keepIn);
      options.say(`${name}: ${result.error ?? "done"}, ${((performance.now() - startedMs) / 1000).toFixed(0)} s\n`);
    }
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
  return results;
}

async function keep(from: string, name: string, folder: string): Promise<void> {
  await mkdir(folder, { recursive: true });
  await copyFile(join(from, `${name}.json`), join(folder, `${name}.json`));
}

async function runAlone(name: string, file: string, options: SeriesOptions): Promise<BenchResult> {
  const { command, repetitions, limitMs = LIMIT_MS, say } = options;
  const more = repetitions === undefined ? [] : ["--repetitions", String(repetitions)];
  const signal = AbortSignal.timeout(limitMs);
  const { status, timedOut, output } = await runGroup([...command, name, "--json", file, ...more], signal, say);
  const failed = (error: string): BenchResult => ({ name, measurements: [], error });
  if (timedOut) return failed(`no end after ${limitMs / 1000} s`);
  const report = Bun.file(file);
  if (!(await report.exists())) return failed(`ended with status ${status}: ${output.trim().split("\n").at(-1) ?? ""}`);
  const { results }: { results: BenchResult[] } = await report.json();
  const [result] = results;
  if (!result) return failed("its report is empty");
  // JSON has no NaN; what was none must not pass for 0
  return { ...result, measurements: result.measurements.map((each) => ({ ...each, value: each.value ?? Number.NaN })) };
}

/** How a benchmark, or all of them, came out. */
export function summaryOf(...results: readonly BenchResult[]): string {
  const all = results.flatMap(({ measurements }) => measurements);
  const keys = (verdict: Verdict) => all.filter((each) => verdictOf(each) === verdict).map(({ key }) => key);
  const [met, missed] = [keys("met"), keys("missed")];
  const others = {
    missed,
    "left out": results.flatMap(({ leftOut = [] }) => leftOut.map(({ key }) => key)),
    failed: results.filter(({ error }) => error !== undefined).map(({ name }) => name),
  };
  const rest = Object.entries(others).filter(([, names]) => names.length > 0);
  return [
    `${met.length} of ${met.length + missed.length} goals met`,
    ...rest.map(([what, names]) => `${what}: ${names.join(", ")}`),
  ].join("; ");
}
