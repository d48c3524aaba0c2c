import { join } from "node:path";
import { MeasuringProgram, ownProgram } from "./harness/program.ts";
import { leastSquares, lowestOfEach, type Slope } from "./harness/slope.ts";
import type { Benchmark, BenchOptions, Measurement } from "./measurement.ts";
import type { MemoryQuestion, Reading } from "./memory/ours.ts";

const RUNS = 1000;
const VIRTUAL_S = 3600;
/** In the second half. Closer than two lives of a frame, collections would get into each other's way and leave more room. */
const EVERY_S = 2.5;
/**
 * The least of so many readings counts. How much room a collection leaves between live objects hangs on when the collector came by last, which
 * makes single readings scatter upwards by up to 7 MiB; the least of four scatters by a quarter of that. What runs hold is in each of them.
 */
const LEAST_OF = 4;
const UNIT = "MiB an hour";

type Part = "resident" | "used" | "found";

const lineOf = (readings: readonly Reading[], part: Part): Slope =>
  leastSquares(
    readings.map(({ atS }) => atS / 3600),
    readings.map((each) => each[part]),
  );

const mean = (readings: readonly Reading[], part: Part): number =>
  readings.reduce((sum, each) => sum + each[part], 0) / readings.length;

const interval = ({ value, low, high }: Slope): string =>
  `${value.toFixed(2)} (${low.toFixed(2)} to ${high.toFixed(2)})`;

/** The means of the first and the last sixth, which need no line to be believed. */
function ends(readings: readonly Reading[], part: Part): string {
  const sixth = Math.floor(readings.length / 6);
  const [first, last] = [readings.slice(0, sixth), readings.slice(-sixth)];
  return `${mean(first, part).toFixed(1)} MiB in its first five minutes, ${mean(last, part).toFixed(1)} in its last`;
}

/** A slope beside the goal's, the interval as its spread. */
function beside(key: string, readings: readonly Reading[], part: Part, what: string): Measurement {
  const { value, low, high } = lineOf(readings, part);
  const note = `${what}, ${readings.length} readings: ${ends(readings, part)}`;
  return { key, value, spread: { min: low, max: high }, unit: UNIT, note };
}

async function run({ say }: BenchOptions): Promise<Measurement[]> {
  say(`growth: ${RUNS} runs through an hour of virtual time, which takes a quarter of an hour`);
  await using fresh = new MeasuringProgram<MemoryQuestion, Reading[]>(
    ownProgram(join(import.meta.dir, "memory/ours.ts")),
  );
  const readings = await fresh.ask({ ask: "growth", runs: RUNS, virtualS: VIRTUAL_S, everyS: EVERY_S });
  const objects = ([first, last]: readonly (Reading | undefined)[]) =>
    `in use within the heap after a collection, of ${first?.objects} objects at first and ${last?.objects} at last`;
  const lowest = lowestOfEach(LEAST_OF, readings, ({ resident }) => resident);
  const slope = lineOf(lowest, "resident");
  return [
    {
      key: "memory.slope",
      value: slope.high,
      unit: UNIT,
      goal: { op: "<=", value: 1 },
      note:
        `upper end of the 95 % interval; resident after a collection, the least of each ${LEAST_OF} of ${readings.length} readings, grows by ` +
        `${interval(slope)}: ${ends(lowest, "resident")}`,
    },
    beside("memory.slope.each", readings, "resident", "resident after every collection"),
    beside("memory.slope.heap", readings, "used", objects([readings[0], readings.at(-1)])),
    beside("memory.slope.found", readings, "found", "resident as it is found, garbage and all"),
  ];
}

export default {
  name: "growth",
  summary: "whether a thousand runs grow over an hour of virtual time with a reader that is too slow",
  run,
} satisfies Benchmark;
