import { join } from "node:path";
import type { ChainQuestion } from "./chain/ours.ts";
import { MeasuringProgram, ownProgram } from "./harness/program.ts";
import { ratio } from "./harness/ratio.ts";
import { interleave } from "./measure.ts";
import type { Benchmark, BenchOptions, Measurement } from "./measurement.ts";
import { findGStreamer, gstreamerNanos, gstreamerVersion } from "./peers/gstreamer/peer.ts";

/** Of a repetition, in one run and in a thousand. */
const FRAMES = 300_000;
const FRAMES_OF_ALL = 600_000;
/** GStreamer's frames are dearer; so many cost about as much time as ours. */
const PEER_FRAMES = { identity: 100_000, queued: 30_000 };
const RUNS = 1000;

const ask = (kind: ChainQuestion["ask"], runs: number): ChainQuestion => ({
  ask: kind,
  runs,
  framesPerRun: runs === 1 ? FRAMES : FRAMES_OF_ALL / runs,
});

async function run({ repetitions = 7, say, leaveOut }: BenchOptions): Promise<Measurement[]> {
  await using ours = new MeasuringProgram<ChainQuestion>(ownProgram(join(import.meta.dir, "chain/ours.ts")));
  const program = findGStreamer();
  if (program) say(`chain: GStreamer ${await gstreamerVersion(program)}, ${repetitions} repetitions`);
  else
    for (const key of ["chain.inline.vsGstreamer", "chain.queued.vsIdentity", "chain.queued.vsQueued"])
      leaveOut(key, "gst-launch-1.0 is not installed (apt-get install gstreamer1.0-tools)");
  const nanos = await interleave<number>(
    {
      inline: () => ours.ask(ask("inline", 1)),
      queued: () => ours.ask(ask("queued", 1)),
      "inline, 1000 runs": () => ours.ask(ask("inline", RUNS)),
      "queued, 1000 runs": () => ours.ask(ask("queued", RUNS)),
      ...(program && {
        "GStreamer identity": () => gstreamerNanos(program, "identity", PEER_FRAMES.identity),
        "GStreamer queue ! identity": () => gstreamerNanos(program, "queue ! identity", PEER_FRAMES.queued),
      }),
    },
    repetitions,
  );
  const peers: Measurement[] = program
    ? [
        ratio("chain.inline.vsGstreamer", ["GStreamer identity", "inline"], nanos, { op: ">=", value: 4 }),
        ratio("chain.queued.vsIdentity", ["GStreamer identity", "queued"], nanos, { op: ">=", value: 3 }),
        ratio("chain.queued.vsQueued", ["GStreamer queue ! identity", "queued"], nanos, { op: ">=", value: 10 }),
      ]
    : [];
  return [
    ...peers,
    ratio("chain.inline.thousand", ["inline, 1000 runs", "inline"], nanos, { op: "<=", value: 2 }),
    ratio("chain.queued.thousand", ["queued, 1000 runs", "queued"], nanos, { op: "<=", value: 3 }),
  ];
}

export default {
  name: "chain",
  summary: "six pass-through nodes, called and queued, one run and a thousand, against GStreamer",
  run,
} satisfies Benchmark;
