import { join } from "node:path";
import { MeasuringProgram, ownProgram } from "./harness/program.ts";
import { median } from "./measure.ts";
import type { Benchmark, BenchOptions, Measurement } from "./measurement.ts";
import type { Memory, MemoryQuestion } from "./memory/ours.ts";

const RUNS = 10_000;
/** 2 s. */
const TICKS = 100;

const program = () => new MeasuringProgram<MemoryQuestion, Memory>(ownProgram(join(import.meta.dir, "memory/ours.ts")));

async function perRun(repetitions: number): Promise<Measurement> {
  const found: Memory[] = [];
  for (let i = 0; i < repetitions; i++) {
    await using fresh = program();
    found.push(await fresh.ask({ ask: "perRun", runs: RUNS, ticks: TICKS }));
  }
  const of = (part: keyof Memory) => found.map((each) => each[part]);
  const resident = of("resident");
  const parts = `${median(of("used")).toFixed(1)} in use within the heap, ${median(of("free")).toFixed(1)} free within it`;
  return {
    key: "memory.perRun",
    value: median(resident),
    spread: { min: Math.min(...resident), max: Math.max(...resident) },
    unit: "KiB",
    goal: { op: "<=", value: 32 },
    note: `resident, ${RUNS} runs after 2 s of speech each and a collection; ${parts}`,
  };
}

async function run({ repetitions = 3, say }: BenchOptions): Promise<Measurement[]> {
  say(`memory: ${RUNS} runs, ${repetitions} times`);
  return [await perRun(repetitions)];
}

export default {
  name: "memory",
  summary: "what each of ten thousand live runs holds after two seconds of speech",
  run,
} satisfies Benchmark;
