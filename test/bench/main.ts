import { readdir } from "node:fs/promises";
import { basename, join } from "node:path";
import { parseArgs } from "node:util";
import { runSeries, summaryOf } from "./harness/series.ts";
import { describeMachine } from "./machine.ts";
import { type Benchmark, type BenchOptions, type LeftOut, verdictOf } from "./measurement.ts";
import { type BenchResult, renderReport, reportJson } from "./report.ts";

const usage = `Usage: bun run bench [NAME...] [--json FILE] [--repetitions N] [--list]

Without a name all benchmarks run, one after the other and each in a process of its own, which takes about an hour. The exit status is 1
when a goal was missed or a benchmark failed.`;

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
  if (values.list || values.help) {
    const all = await Promise.all(names.map(loadBenchmark));
    const lines = all.map(({ name, summary }) => `  ${name.padEnd(16)} ${summary}`);
    console.log(`${usage}\n\n${lines.join("\n")}`);
    return 0;
  }
  const unknown = positionals.filter((name) => !names.includes(name));
  const repetitions = values.repetitions === undefined ? undefined : Number(values.repetitions);
  if (unknown.length > 0) throw new Error(`no benchmark ${unknown.join(", ")}; there is: ${names.join(", ")}`);
  if (repetitions !== undefined && !(Number.isInteger(repetitions) && repetitions > 0)) {
    throw new Error(`--repetitions ${values.repetitions}: a whole number above 0 is wanted`);
  }
  const machine = await describeMachine(join(import.meta.dir, "../.."));
  const asked = positionals.length > 0 ? positionals : names;
  const options = repetitions === undefined ? {} : { repetitions };
  const results =
    asked.length === 1
      ? [await runOne(asked[0]!, { ...options, say: (text) => console.error(text) })]
      : await runSeries(asked, {
          ...options,
          command: [process.execPath, import.meta.path],
          say: (text) => process.stderr.write(text),
        });
  console.log(`${renderReport(results, machine)}\n${summaryOf(...results)}`);
  if (values.json) await Bun.write(values.json, reportJson(results, machine));
  const bad = results.some(
    (result) => result.error || result.measurements.some((each) => verdictOf(each) === "missed"),
  );
  return bad ? 1 : 0;
}

process.exitCode = await main(Bun.argv.slice(2)).catch((error: unknown) => {
  console.error(`${error instanceof Error ? error.message : error}\n\n${usage}`);
  return 2;
});
