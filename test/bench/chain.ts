import { join } from "node:path";
import type { ChainQuestion } from "./chain/ours.ts";
import { MeasuringProgram, ownProgram } from "./harness/program.ts";
import { interleave, median, summarise } from "./measure.ts";
import type { Benchmark, BenchOptions, Measurement } from "./measurement.ts";
import { findGStreamer, gstreamerNanos, gstreamerVersion } from "./peers/gstreamer/peer.ts";

const FRAMES = 300_000;
/** GStreamer's frames are dearer; so many cost about as much time as ours. */
const PEER_FRAMES = { identity: 100_000, queued: 30_000 };
const RUNS = 1000;

const ask = (kind: ChainQuestion["ask"], runs: number): ChainQuestion => ({
  ask: kind,
  runs,
  framesPerRun: FRAMES / runs,
});

type Nanos = Readonly<Record<string, readonly number[]>>;

/** Repetition by repetition, what is above divided by what is below. */
function ratio(key: string, above: string, below: string, nanos: Nanos, goal: Measurement["goal"]): Measurement {
  const quotients = nanos[above]!.map((each, i) => each / nanos[below]![i]!);
  const in_ = (name: string) => `${name} ${Math.round(median(nanos[name]!))} ns a frame`;
  return { key, ...summarise(quotients), unit: "", ...(goal && { goal }), note: `${in_(above)}; ${in_(below)}` };
}

async function run({ repetitions = 7, say }: BenchOptions): Promise<Measurement[]> {
  await using ours = new MeasuringProgram<ChainQuestion>(ownProgram(join(import.meta.dir, "chain/ours.ts")));
  const program = findGStreamer();
  if (program) say(`chain: GStreamer ${await gstreamerVersion(program)}, ${repetitions} repetitions`);
  else say("chain: GStreamer is left out: gst-launch-1.0 is not installed (apt-get install gstreamer1.0-tools)");
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
        ratio("chain.inline.vsGstreamer", "GStreamer identity", "inline", nanos, { op: ">=", value: 4 }),
        ratio("chain.queued.vsIdentity", "GStreamer identity", "queued", nanos, { op: ">=", value: 3 }),
        ratio("chain.queued.vsQueued", "GStreamer queue ! identity", "queued", nanos, { op: ">=", value: 10 }),
      ]
    : [];
  return [
    ...peers,
    ratio("chain.inline.thousand", "inline, 1000 runs", "inline", nanos, { op: "<=", value: 2 }),
    ratio("chain.queued.thousand", "queued, 1000 runs", "queued", nanos, { op: "<=", value: 3 }),
  ];
}

export default {
  name: "chain",
  summary: "six pass-through nodes, called and queued, one run and a thousand, against GStreamer",
  run,
} satisfies Benchmark;
