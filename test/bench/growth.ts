import { join } from "node:path";
import { MeasuringProgram, ownProgram } from "./harness/program.ts";
import { leastSquares } from "./harness/slope.ts";
import type { Benchmark, BenchOptions, Measurement } from "./measurement.ts";
import type { Memory, MemoryQuestion } from "./memory/ours.ts";

const RUNS = 1000;
const VIRTUAL_S = 3600;
/** In the second half. With a scatter of 1.1 MiB, 360 readings make the interval 0.8 MiB an hour wide to either side. */
const EVERY_S = 5;

async function slope(): Promise<Measurement> {
  await using fresh = new MeasuringProgram<MemoryQuestion, Memory[]>(
    ownProgram(join(import.meta.dir, "memory/ours.ts")),
  );
  const seen = await fresh.ask({ ask: "growth", runs: RUNS, virtualS: VIRTUAL_S, everyS: EVERY_S });
  const hours = seen.map((_, i) => ((i + 1) * EVERY_S) / 3600);
  const line = (part: keyof Memory) =>
    leastSquares(
      hours,
      seen.map((each) => each[part]),
    );
  const [resident, used] = [line("resident"), line("used")];
  return {
    key: "memory.slope",
    value: resident.high,
    unit: "MiB an hour",
    goal: { op: "<=", value: 1 },
    note:
      `upper end of the 95 % interval, ${seen.length} readings; resident grows by ${resident.value.toFixed(2)} (${resident.low.toFixed(2)} to ${resident.high.toFixed(2)}), ` +
      `the heap in use by ${used.value.toFixed(2)} (${used.low.toFixed(2)} to ${used.high.toFixed(2)}); ${seen.at(-1)!.resident.toFixed(0)} MiB at the end`,
  };
}

async function run({ say }: BenchOptions): Promise<Measurement[]> {
  say(`growth: ${RUNS} runs through an hour of virtual time, which takes a quarter of an hour`);
  return [await slope()];
}

export default {
  name: "growth",
  summary: "whether a thousand runs grow over an hour of virtual time with a reader that is too slow",
  run,
} satisfies Benchmark;
