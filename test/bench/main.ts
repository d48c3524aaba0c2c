import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { describeMachine } from "./machine.ts";
import { type Benchmark, type BenchOptions, verdictOf } from "./measurement.ts";
import { type BenchResult, renderReport, reportJson } from "./report.ts";

const usage = `Usage: bun run bench [NAME...] [--json FILE] [--repetitions N] [--list]

Without a name all benchmarks run. The exit status is 1 when a goal was missed or a benchmark failed.`;

const ownFiles = new Set(["main.ts", "machine.ts", "measure.ts", "measurement.ts", "report.ts"]);

/** The benchmarks are the other files of this folder. */
async function loadBenchmarks(): Promise<Map<string, Benchmark>> {
  const files = (await readdir(import.meta.dir)).filter((file) => isScript(file) && !ownFiles.has(file)).sort();
  const found = new Map<string, Benchmark>();
  for (const file of files) {
    const module: { default?: unknown } = await import(join(import.meta.dir, file));
    if (isBenchmark(module.default)) found.set(module.default.name, module.default);
  }
  return found;
}

const isScript = (file: string) => file.endsWith(".ts") && !file.endsWith(".test.ts");

const isBenchmark = (value: unknown): value is Benchmark =>
  typeof value === "object" && value !== null && "name" in value && "run" in value;

async function runOne(bench: Benchmark, options: BenchOptions): Promise<BenchResult> {
  options.say(`${bench.name}: ${bench.summary}`);
  try {
    return { name: bench.name, measurements: await bench.run(options) };
  } catch (error) {
    return { name: bench.name, measurements: [], error: error instanceof Error ? error.message : String(error) };
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
  const benchmarks = await loadBenchmarks();
  if (values.list || values.help) {
    const lines = [...benchmarks.values()].map(({ name, summary }) => `  ${name.padEnd(16)} ${summary}`);
    console.log(`${usage}\n\n${lines.join("\n")}`);
    return 0;
  }
  const unknown = positionals.filter((name) => !benchmarks.has(name));
  const repetitions = values.repetitions === undefined ? undefined : Number(values.repetitions);
  if (unknown.length > 0)
    throw new Error(`no benchmark ${unknown.join(", ")}; there is: ${[...benchmarks.keys()].join(", ")}`);
  if (repetitions !== undefined && !(Number.isInteger(repetitions) && repetitions > 0)) {
    throw new Error(`--repetitions ${values.repetitions}: a whole number above 0 is wanted`);
  }
  const machine = await describeMachine(join(import.meta.dir, "../.."));
  const options = { say: (text: string) => console.error(text), ...(repetitions === undefined ? {} : { repetitions }) };
  const results: BenchResult[] = [];
  // One after the other: two at once would measure each other.
  for (const name of positionals.length > 0 ? positionals : benchmarks.keys()) {
    results.push(await runOne(benchmarks.get(name)!, options));
  }
  console.log(renderReport(results, machine));
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
