import { join } from "node:path";
import { MeasuringProgram, ownProgram } from "./harness/program.ts";
import { median, summarise } from "./measure.ts";
import type { Benchmark, BenchOptions, Measurement } from "./measurement.ts";
import type { Ages, PacedQuestion } from "./paced/ours.ts";

const RUNS = 1000;
const SECONDS = 10;

async function run({ repetitions = 5, say }: BenchOptions): Promise<Measurement[]> {
  await using program = new MeasuringProgram<PacedQuestion, Ages>(ownProgram(join(import.meta.dir, "paced/ours.ts")));
  say(`paced: ${RUNS} runs at real time, ${SECONDS} s, ${repetitions} times after one to warm up`);
  const ask = () => program.ask({ ask: "ages", runs: RUNS, seconds: SECONDS });
  await ask();
  const found: Ages[] = [];
  for (let i = 0; i < repetitions; i++) found.push(await ask());
  const of = (part: keyof Ages) => median(found.map((each) => each[part]));
  return [
    {
      key: "paced.p99",
      ...summarise(found.map(({ p99 }) => p99)),
      unit: "ms",
      goal: { op: "<=", value: 5 },
      note: `of ${of("frames")} frames; half are ${of("p50").toFixed(2)} ms old or less, the oldest ${of("max").toFixed(1)}; ${(100 * of("load")).toFixed(0)} % of a core`,
    },
  ];
}

export default {
  name: "paced",
  summary: "how old frames are when they come out of a thousand runs at real time on one core",
  run,
} satisfies Benchmark;
