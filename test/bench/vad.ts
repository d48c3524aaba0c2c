import { join } from "node:path";
import { compareLanes, waysHere } from "#test/lane-comparison";
import { pinned } from "./measure.ts";
import type { Benchmark, Measurement } from "./measurement.ts";
import { rawCMissing } from "./peers/raw-c/peer.ts";

const CORE = 1;
const AVX2 = ["vad.lanes.hundred", "vad.lanes.thousand"];
const NATIVE = [
  "vad.ffi.one",
  "vad.ffi.thousand",
  "vad.session.thousand",
  ...AVX2,
  "vad.lanes.portable",
  "vad.lanes.mismatches",
];

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
  async run({ repetitions, say, leaveOut }) {
    const missing = rawCMissing();
    if (missing !== undefined) {
      for (const key of NATIVE) leaveOut(key, missing);
      return [];
    }
    const program = [process.execPath, join(import.meta.dir, "vad/ratios.ts"), String(repetitions ?? 15)];
    const child = Bun.spawn(pinned(program, CORE), { stdin: "ignore", stdout: "pipe", stderr: "pipe" });
    const [status, text, remarks] = await Promise.all([
      child.exited,
      new Response(child.stdout).text(),
      new Response(child.stderr).text(),
    ]);
    if (status !== 0) throw new Error(`the measuring program ended with status ${status}: ${remarks.slice(-500)}`);
    const measurements: Measurement[] = JSON.parse(text);
    for (const key of AVX2)
      if (!measurements.some((each) => each.key === key)) leaveOut(key, "this processor has no AVX2");
    say("vad: a million frames by every way of judging");
    return [...measurements, mismatches()];
  },
} satisfies Benchmark;
