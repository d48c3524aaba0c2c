import { readdir } from "node:fs/promises";
import { basename, join } from "node:path";
import { parseArgs } from "node:util";
import { runSeries, summaryOf } from "./harness/series.ts";
import { describeMachine } from "./machine.ts";
import { type Benchmark, type BenchOptions, type LeftOut, verdictOf } from "./measurement.ts";
import { type BenchResult, renderReport, reportJson } from "./report.ts";

const usage = `Usage: bun run bench [NAME...] [--json FILE|FOLDER/] [--repetitions N] [--list]

Without a name all benchmarks run, one after the other and each in a process of its own, which takes more than an hour. The exit status is 1
when a goal was missed or a benchmark failed. A FOLDER/ gets NAME.json of each benchmark that did not fail.`;

const ownFiles = new Set(["main.ts", "machine.ts", "measure.ts", "measurement.ts", "report.ts"]);

/** The benchmarks are the other files of this folder, each named like its file. */
async function benchmarkNames(): Promise<string[]> {
  const files = await readdir(import.meta.dir);
  return files
    .filter((file) => file.endsWith(".ts") && !file.endsWith(".test.ts") && !ownFiles.has(file))
    .map((file) => basename(file, ".ts"))
    .sort();
}

/** Loads only what is asked for, so that one that cannot be loaded does not stand in the way of others. */
async function loadBenchmark(name: string): Promise<Benchmark> {
  const module: { default?: unknown } = await import(join(import.meta.dir, `${name}.ts`));
  if (!isBenchmark(module.default)) throw new Error(`${name}.ts exports no benchmark`);
  return module.default;
}

const isBenchmark = (value: unknown): value is Benchmark =>
  typeof value === "object" && value !== null && "name" in value && "run" in value;

async function runOne(name: string, options: Omit<BenchOptions, "leaveOut">): Promise<BenchResult> {
  const leftOut: LeftOut[] = [];
  const leaveOut = (key: string, why: string) => {
    options.say(`${name}: ${key} is left out: ${why}`);
    leftOut.push({ key, why });
  };
  try {
    const bench = await loadBenchmark(name);
    options.say(`${name}: ${bench.summary}`);
    return { name, measurements: await bench.run({ ...options, leaveOut }), leftOut };
  } catch (error) {
    return { name, measurements: [], leftOut, error: error instanceof Error ? error.message : String(error) };
  }
}

interface Asked {
  readonly names: readonly string[];
  readonly repetitions?: number;
  /** A file, or a folder where it ends in a slash. */
  readonly json?: string;
}

/** @throws Error for what is not understood */
function checked(positionals: readonly string[], given: { repetitions?: string; json?: string }, all: string[]): Asked {
  const unknown = positionals.filter((name) => !all.includes(name));
  if (unknown.length > 0) throw new Error(`no benchmark ${unknown.join(", ")}; there is: ${all.join(", ")}`);
  const repetitions = given.repetitions === undefined ? undefined : Number(given.repetitions);
  if (repetitions !== undefined && !(Number.isInteger(repetitions) && repetitions > 0))
    throw new Error(`--repetitions ${given.repetitions}: a whole number above 0 is wanted`);
  return {
    names: positionals.length > 0 ? positionals : all,
    ...(repetitions !== undefined && { repetitions }),
    ...(given.json !== undefined && { json: given.json }),
  };
}

async function measure({ names, repetitions, json }: Asked): Promise<number> {
  const machine = await describeMachine(join(import.meta.dir, "../.."));
  const folder = json?.endsWith("/") ? json : undefined;
  const [only, ...others] = names;
  const alone = others.length === 0 ? only : undefined;
  const options = repetitions === undefined ? {} : { repetitions };
  const results =
    alone !== undefined
      ? [await runOne(alone, { ...options, say: (text) => console.error(text) })]
      : await runSeries(names, {
          ...options,
          ...(folder !== undefined && { keepIn: folder }),
          command: [process.execPath, import.meta.path],
          say: (text) => process.stderr.write(text),
        });
  console.log(`${renderReport(results, machine)}\n${summaryOf(...results)}`);
  const failed = results.some(({ error }) => error !== undefined);
  if (json !== undefined && folder === undefined) await Bun.write(json, reportJson(results, machine));
  if (folder !== undefined && alone !== undefined && !failed)
    await Bun.write(join(folder, `${alone}.json`), reportJson(results, machine));
  const missed = results.some(({ measurements }) => measurements.some((each) => verdictOf(each) === "missed"));
  return failed || missed ? 1 : 0;
}

async function main(argv: string[]): Promise<number> {
  const { values, positionals } = parseArgs({
    args: argv,
    options: {
      json: { type: "string" },
      repetitions: { type: "string" },
      list: { type: "boolean" },
      help: { type: "boolean" },
    },
    allowPositionals: true,
  });
  const names = await benchmarkNames();
  if (!values.list && !values.help) return measure(checked(positionals, values, names));
  const all = await Promise.all(names.map(loadBenchmark));
  const lines = all.map(({ name, summary }) => `  ${name.padEnd(16)} ${summary}`);
  console.log(`${usage}\n\n${lines.join("\n")}`);
  return 0;
}

process.exitCode = await main(Bun.argv.slice(2)).catch((error: unknown) => {
  console.error(`${error instanceof Error ? error.message : error}\n\n${usage}`);
  return 2;
});
