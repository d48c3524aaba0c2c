import { cpus } from "node:os";
import { join } from "node:path";
import { MeasuringProgram, ownProgram } from "./harness/program.ts";
import { commonSlope, type Slope } from "./harness/slope.ts";
import type { Benchmark, BenchOptions, Measurement } from "./measurement.ts";
import type { MemoryQuestion, Reading } from "./memory/ours.ts";

const RUNS = 1000;
/** Twice the hour that the goal speaks of: a line through a whole hour is some three times as sure as one through half of it. */
const VIRTUAL_S = 7200;
/** Between two readings. */
const APART_S = [4, 12] as const;
/** Each has two hours of its own, at the same time as the other: nothing here is timed. */
const CORES = [0, 1].filter((core) => core < cpus().length);
const UNIT = "MiB an hour";

type Part = "resident" | "used" | "found";
/** What one process read in its second hour. */
type Hour = readonly Reading[];

const lineOf = (hours: readonly Hour[], part: Part): Slope =>
  commonSlope(
    hours.map((readings) => ({
      xs: readings.map(({ atS }) => atS / 3600),
      ys: readings.map((each) => each[part]),
    })),
  );

const mean = (readings: readonly Reading[], of: Part | "objects"): number =>
  readings.reduce((sum, each) => sum + each[of], 0) / readings.length;

const interval = ({ value, low, high }: Slope): string =>
  `${value.toFixed(2)} (${low.toFixed(2)} to ${high.toFixed(2)})`;

/** The means of the first and the last ten minutes, which need no line to be believed. */
function ends(hours: readonly Hour[], of: Part | "objects"): readonly [first: number, last: number] {
  const sixth = (readings: Hour) => Math.floor(readings.length / 6);
  return [
    mean(
      hours.flatMap((readings) => readings.slice(0, sixth(readings))),
      of,
    ),
    mean(
      hours.flatMap((readings) => readings.slice(-sixth(readings))),
      of,
    ),
  ];
}

function endsText(hours: readonly Hour[], part: Part): string {
  const [first, last] = ends(hours, part);
  return `${first.toFixed(1)} MiB in the first ten minutes, ${last.toFixed(1)} in the last`;
}

/** A slope beside the goal's, the interval as its spread. */
function beside(key: string, hours: readonly Hour[], part: Part, what: string): Measurement {
  const { value, low, high } = lineOf(hours, part);
  return { key, value, spread: { min: low, max: high }, unit: UNIT, note: `${what}: ${endsText(hours, part)}` };
}

async function secondHour(core: number, seed: number): Promise<Hour> {
  await using fresh = new MeasuringProgram<MemoryQuestion, Reading[]>(
    ownProgram(join(import.meta.dir, "memory/ours.ts")),
    { core },
  );
  return fresh.ask({ ask: "growth", runs: RUNS, virtualS: VIRTUAL_S, apartS: APART_S, seed });
}

async function run({ repetitions = 1, say }: BenchOptions): Promise<Measurement[]> {
  const hours: Hour[] = [];
  for (let round = 0; round < repetitions; round++) {
    say(
      `growth: ${RUNS} runs through two hours of virtual time on each of ${CORES.length} cores, ${round + 1} of ${repetitions} times, half an hour each`,
    );
    const found = await Promise.all(CORES.map((core) => secondHour(core, 1 + core + round * CORES.length)));
    hours.push(...found);
    say(
      `growth: resident, by process: ${found.map((each) => `${interval(lineOf([each], "resident"))} ${UNIT}`).join("; ")}`,
    );
  }
  const slope = lineOf(hours, "resident");
  const [before, after] = ends(hours, "objects").map(Math.round);
  const count = hours.flat().length;
  return [
    {
      key: "memory.slope",
      value: slope.high,
      unit: UNIT,
      goal: { op: "<=", value: 1 },
      note:
        `upper end of the 95 % interval; resident after a collection, ${count} readings of ${hours.length} processes, grows by ${interval(slope)}: ` +
        endsText(hours, "resident"),
    },
    beside(
      "memory.slope.heap",
      hours,
      "used",
      `in use within the heap, of ${before} objects at first and ${after} at last`,
    ),
    beside("memory.slope.found", hours, "found", "resident as it is found, garbage and all"),
  ];
}

export default {
  name: "growth",
  summary:
    "whether a thousand runs grow over an hour of virtual time, the second of two, with a reader that is too slow",
  run,
} satisfies Benchmark;
