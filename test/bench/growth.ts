import { cpus } from "node:os";
import { join } from "node:path";
import { MeasuringProgram, ownProgram } from "./harness/program.ts";
import { commonSlope, type Slope } from "./harness/slope.ts";
import type { Benchmark, BenchOptions, Measurement } from "./measurement.ts";
import type { MemoryQuestion, Reading } from "./memory/ours.ts";

const RUNS = 1000;
const VIRTUAL_S = 3600;
/** Between two readings. */
const APART_S = [4, 12] as const;
/** A line through half an hour of one process is too unsure to say anything. */
const TIMES = 3;
/** Each has an hour of its own, at the same time as the other: nothing here is timed. */
const CORES = [0, 1].filter((core) => core < cpus().length);
const UNIT = "MiB an hour";

type Part = "resident" | "used" | "found";
/** What one process read in the second half of its hour. */
type Half = readonly Reading[];

const lineOf = (halves: readonly Half[], part: Part): Slope =>
  commonSlope(
    halves.map((readings) => ({
      xs: readings.map(({ atS }) => atS / 3600),
      ys: readings.map((each) => each[part]),
    })),
  );

const mean = (readings: readonly Reading[], of: Part | "objects"): number =>
  readings.reduce((sum, each) => sum + each[of], 0) / readings.length;

const interval = ({ value, low, high }: Slope): string =>
  `${value.toFixed(2)} (${low.toFixed(2)} to ${high.toFixed(2)})`;

/** The means of the first and the last five minutes, which need no line to be believed. */
function ends(halves: readonly Half[], of: Part | "objects"): readonly [first: number, last: number] {
  const sixth = (readings: Half) => Math.floor(readings.length / 6);
  return [
    mean(
      halves.flatMap((readings) => readings.slice(0, sixth(readings))),
      of,
    ),
    mean(
      halves.flatMap((readings) => readings.slice(-sixth(readings))),
      of,
    ),
  ];
}

function endsText(halves: readonly Half[], part: Part): string {
  const [first, last] = ends(halves, part);
  return `${first.toFixed(1)} MiB in the first five minutes, ${last.toFixed(1)} in the last`;
}

/** A slope beside the goal's, the interval as its spread. */
function beside(key: string, halves: readonly Half[], part: Part, what: string): Measurement {
  const { value, low, high } = lineOf(halves, part);
  return { key, value, spread: { min: low, max: high }, unit: UNIT, note: `${what}: ${endsText(halves, part)}` };
}

async function secondHalf(core: number, seed: number): Promise<Half> {
  await using fresh = new MeasuringProgram<MemoryQuestion, Reading[]>(
    ownProgram(join(import.meta.dir, "memory/ours.ts")),
    { core },
  );
  return fresh.ask({ ask: "growth", runs: RUNS, virtualS: VIRTUAL_S, apartS: APART_S, seed });
}

async function run({ repetitions = TIMES, say }: BenchOptions): Promise<Measurement[]> {
  const halves: Half[] = [];
  for (let round = 0; round < repetitions; round++) {
    say(
      `growth: ${RUNS} runs through an hour of virtual time on each of ${CORES.length} cores, ${round + 1} of ${repetitions} times, ten minutes each`,
    );
    const found = await Promise.all(CORES.map((core) => secondHalf(core, 1 + core + round * CORES.length)));
    halves.push(...found);
    say(
      `growth: resident, by process: ${found.map((each) => `${interval(lineOf([each], "resident"))} ${UNIT}`).join("; ")}`,
    );
  }
  const slope = lineOf(halves, "resident");
  const [before, after] = ends(halves, "objects").map(Math.round);
  const count = halves.flat().length;
  return [
    {
      key: "memory.slope",
      value: slope.high,
      unit: UNIT,
      goal: { op: "<=", value: 1 },
      note:
        `upper end of the 95 % interval; resident after a collection, ${count} readings of ${halves.length} processes, grows by ${interval(slope)}: ` +
        endsText(halves, "resident"),
    },
    beside(
      "memory.slope.heap",
      halves,
      "used",
      `in use within the heap, of ${before} objects at first and ${after} at last`,
    ),
    beside("memory.slope.found", halves, "found", "resident as it is found, garbage and all"),
  ];
}

export default {
  name: "growth",
  summary: "whether a thousand runs grow in the second half of an hour of virtual time, with a reader that is too slow",
  run,
} satisfies Benchmark;
