import { join } from "node:path";
import { MeasuringProgram, ownProgram } from "./harness/program.ts";
import { ratio } from "./harness/ratio.ts";
import { interleave } from "./measure.ts";
import type { Benchmark, BenchOptions, Measurement } from "./measurement.ts";
import type { PathQuestion } from "./path/ours.ts";
import { livekitFolder, livekitProgram } from "./peers/livekit/peer.ts";
import { pipecatFolder, pipecatProgram } from "./peers/pipecat/peer.ts";
import { rawCMissing } from "./peers/raw-c/peer.ts";

const RUNS = 1000;
/** Frames of each run in one repetition. */
const TICKS = 150;
/** Repetitions before the counted ones, a minute of each stream: until then the compiler still finds something to make better. */
const WARM_UP = 20;
const ONE_RUN_FRAMES = 100_000;
const LIVEKIT_FRAMES = 20_000;
const PIPECAT_FRAMES = 6000;

interface PeerQuestion {
  readonly ask: "wiring";
  readonly frames: number;
}

type PeerProgram = MeasuringProgram<PeerQuestion>;

/** The peers that can be had here, by name. */
async function startPeers({ leaveOut }: BenchOptions): Promise<Readonly<Record<string, PeerProgram>>> {
  const peers: Record<string, PeerProgram> = {};
  const livekit = await livekitFolder();
  if ("folder" in livekit) {
    peers["LiveKit in Bun"] = new MeasuringProgram(livekitProgram(livekit.folder, process.execPath));
    const node = Bun.which("node");
    if (node) peers["LiveKit in Node"] = new MeasuringProgram(livekitProgram(livekit.folder, node));
    else leaveOut("path.vsLivekitNode", "node is not installed");
  } else for (const key of ["path.vsLivekitBun", "path.vsLivekitNode"]) leaveOut(key, livekit.missing);
  const pipecat = await pipecatFolder();
  if ("folder" in pipecat) peers.pipecat = new MeasuringProgram(pipecatProgram(pipecat.folder));
  else leaveOut("path.vsPipecat", pipecat.missing);
  return peers;
}

async function run(options: BenchOptions): Promise<Measurement[]> {
  const { repetitions = 7, say, leaveOut } = options;
  const peers = await startPeers(options);
  const program = ownProgram(join(import.meta.dir, "path/ours.ts"));
  await using ours = new MeasuringProgram<PathQuestion>(program);
  await using alone = new MeasuringProgram<PathQuestion>(program);
  await using detector = new MeasuringProgram<PathQuestion>(program);
  const ask = (what: PathQuestion["ask"], runs: number, ticks: number) => () => ours.ask({ ask: what, runs, ticks });
  const missing = rawCMissing();
  if (missing !== undefined) leaveOut("path.vsDetector", missing);
  const wiring = (name: string, frames: number) => async () =>
    peers[name] ? peers[name].ask({ ask: "wiring", frames }) : Number.NaN;
  say(`path: ${RUNS} runs and one, beside ${Object.keys(peers).join(", ") || "no peer"}, ${repetitions} repetitions`);
  for (let i = 0; i < WARM_UP; i++) await ask("live", RUNS, TICKS)();
  const nanos = await interleave<number>(
    {
      "1000 runs": ask("live", RUNS, TICKS),
      ...(missing === undefined && { "raw C detector": () => detector.ask({ ask: "raw", runs: RUNS, ticks: TICKS }) }),
      "one run": () => alone.ask({ ask: "one", runs: 1, ticks: ONE_RUN_FRAMES }),
      "LiveKit in Bun": wiring("LiveKit in Bun", LIVEKIT_FRAMES),
      "LiveKit in Node": wiring("LiveKit in Node", LIVEKIT_FRAMES / 4),
      pipecat: wiring("pipecat", PIPECAT_FRAMES),
    },
    repetitions,
  );
  const gated = await ask("end", RUNS, 0)();
  for (const peer of Object.values(peers)) await peer.close();
  const vs = (key: string, peer: string, goal?: Measurement["goal"]) =>
    peers[peer] ? [ratio(key, [peer, "one run"], nanos, goal)] : [];
  const whole = () => ratio("path.vsDetector", ["1000 runs", "raw C detector"], nanos, { op: "<=", value: 1.5 });
  return [
    ...(missing === undefined
      ? [whole()].map((each) => ({ ...each, note: `${each.note}; ${(gated / 10).toFixed(1)} % of the samples gated` }))
      : []),
    ...vs("path.vsLivekitBun", "LiveKit in Bun", { op: ">=", value: 3 }),
    ...vs("path.vsLivekitNode", "LiveKit in Node"),
    ...vs("path.vsPipecat", "pipecat", { op: ">=", value: 15 }),
  ];
}

export default {
  name: "path",
  summary:
    "source, detector, scripted recogniser and sink, a thousand runs and one, against the detector alone and peers",
  run,
} satisfies Benchmark;
