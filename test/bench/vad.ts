import { join } from "node:path";
import { compareLanes, waysHere } from "#test/lane-comparison";
import { pinned } from "./measure.ts";
import type { Benchmark, Measurement } from "./measurement.ts";

const CORE = 1;

/** Not a time, but what makes the others worth anything. */
function mismatches(): Measurement {
  const ways = waysHere();
  const found = compareLanes(1_000_000, ways);
  return {
    key: "vad.lanes.mismatches",
    value: Object.values(found.mismatches).reduce((sum, count) => sum + count, 0),
    unit: "",
    goal: { op: "<=", value: 0 },
    note: `${found.frames} frames by ${ways.join(", ")} and the plain detector`,
  };
}

export default {
  name: "vad",
  summary: "the detector by call, by session and in lanes, against the same detector in a C loop",
  async run({ repetitions, say }) {
    const program = [process.execPath, join(import.meta.dir, "vad/ratios.ts"), String(repetitions ?? 15)];
    const child = Bun.spawn(pinned(program, CORE), { stdin: "ignore", stdout: "pipe", stderr: "pipe" });
    const [status, text, remarks] = await Promise.all([
      child.exited,
      new Response(child.stdout).text(),
      new Response(child.stderr).text(),
    ]);
    if (status !== 0) throw new Error(`the measuring program ended with status ${status}: ${remarks.slice(-500)}`);
    const measurements: Measurement[] = JSON.parse(text);
    if (!measurements.some(({ key }) => key === "vad.lanes.thousand"))
      say("vad: this processor has no AVX2, so its lanes are not measured");
    say("vad: a million frames by every way of judging");
    return [...measurements, mismatches()];
  },
} satisfies Benchmark;
