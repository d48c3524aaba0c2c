import { z } from "zod";
import { type AudioFrame, defineNode, type InlineNode } from "#engine/plugin";
import { type Question, serve } from "../harness/serve.ts";
import { framesOf, RATE_HZ, SAMPLES, speechPcm } from "../harness/speech.ts";
import { LiveRuns } from "../path/live-runs.ts";
import { planText } from "../path/workflow.ts";

/** So many runs at real time, for so long. */
export interface PacedQuestion extends Question {
  readonly ask: "ages";
  readonly runs: number;
  readonly seconds: number;
}

/** Milliseconds from the moment at which a frame was due to the moment at which the sink had it. */
export interface Ages {
  readonly frames: number;
  readonly p50: number;
  readonly p99: number;
  readonly max: number;
  /** Processor time of the program, as a share of one core. */
  readonly load: number;
}

const FRAME_MS = 20;
/** Runs are not in step: each has its own place within 20 ms, to the millisecond. */
const GROUPS = 20;
const frames = framesOf(speechPcm());

/** Since when the sources of a group are due, by group; and what has been measured. */
const due = { startMs: 0 };
let ages: number[] = [];
let measuring = false;

/**
 * The newest frame of what comes in one call is the one that was just due. What comes before it with an opening mark was kept back by the
 * detector on purpose: its pre-roll.
 */
class Ageing implements InlineNode {
  static readonly #bursts: Ageing[] = [];
  #burst = false;
  #newest: { sample: number; ms: number } | undefined;

  constructor(readonly group: number) {}

  onFrame(frame: Parameters<InlineNode["onFrame"]>[0]): void {
    if (!measuring) return;
    if (frame.kind === "speech" && frame.mark === "start" && !this.#burst) {
      this.#burst = true;
      Ageing.#bursts.push(this);
    }
    if (frame.kind !== "audio") return;
    const nowMs = performance.now();
    if (this.#burst) this.#newest = { sample: frame.startSample, ms: nowMs };
    else this.#count(frame, nowMs);
  }

  /** Counts the newest frame of each burst; called in another turn of the event loop than the frames came in. */
  static settle(): void {
    for (const sink of Ageing.#bursts.splice(0)) {
      if (sink.#newest) ages.push(sink.#newest.ms - sink.#dueMs(sink.#newest.sample));
      sink.#burst = false;
      sink.#newest = undefined;
    }
  }

  #count({ startSample }: AudioFrame, nowMs: number): void {
    ages.push(nowMs - this.#dueMs(startSample));
  }

  #dueMs(startSample: number): number {
    return due.startMs + this.group + (startSample / SAMPLES) * FRAME_MS;
  }
}

let opened = 0;
const ageing = defineNode({
  type: "bench.ageing",
  summary: "Measures how old frames are.",
  role: "sink",
  inputs: { audio: { kinds: ["speech", "audio"] } },
  outputs: {},
  config: z.strictObject({}),
  create: () => new Ageing(opened++ % GROUPS),
});

const TEXT = `parlando: 1
name: paced
inputs: { talk: { kind: audio } }
limits: { startMs: 120000, idleMs: 3600000, drainMs: 600000 }
nodes:
  vad: { use: webrtc.vad, from: inputs.talk }
  asr:
    use: core.script
    from: vad
    with: { as: asr, afterLast: repeat, results: [{ text: turn to the left and go on, partials: auto }] }
  ages: { use: bench.ageing, from: vad }
outputs: { captions: [asr.partial, asr.final] }
`;

const quantile = (sorted: Float64Array, share: number): number =>
  sorted[Math.min(sorted.length - 1, Math.ceil(share * sorted.length) - 1)]!;

/** Every millisecond the runs of one group get the frame that is due, late where the program is. */
async function measure({ runs, seconds }: PacedQuestion): Promise<Ages> {
  opened = 0;
  ages = [];
  const live = new LiveRuns((source) => planText(TEXT, source, [ageing]));
  await live.start(runs);
  const size = runs / GROUPS;
  // LiveRuns pushes runs by their numbers: those of one group stand side by side
  const byGroup = live.inputs.map((_, i) => i).sort((a, b) => (a % GROUPS) - (b % GROUPS) || a - b);
  const inputs = byGroup.map((i) => live.inputs[i]!);
  live.inputs.splice(0, inputs.length, ...inputs);
  due.startMs = performance.now() + 5;
  measuring = true;
  const cpu = process.cpuUsage();
  const slots = seconds * 1000;
  for (let slot = 0; slot < slots; ) {
    const waitMs = due.startMs + slot - performance.now();
    if (waitMs > 0) await Bun.sleep(Math.ceil(waitMs));
    Ageing.settle();
    for (; slot < slots && due.startMs + slot <= performance.now(); slot++) {
      const group = slot % GROUPS;
      live.push(frames, Math.floor(slot / GROUPS), group * size, (group + 1) * size);
    }
    await new Promise<void>((resolve) => setImmediate(resolve));
  }
  await live.settled();
  const { user, system } = process.cpuUsage(cpu);
  measuring = false;
  await live.end();
  const sorted = Float64Array.from(ages).sort();
  if (sorted.length < (runs * seconds * 1000) / FRAME_MS / 4) throw new Error(`${sorted.length} frames came through`);
  return {
    frames: sorted.length,
    p50: quantile(sorted, 0.5),
    p99: quantile(sorted, 0.99),
    max: sorted.at(-1)!,
    load: (user + system) / 1000 / slots,
  };
}

if (RATE_HZ / (1000 / FRAME_MS) !== SAMPLES) throw new Error("frames of speech are expected to last 20 ms");
await serve<PacedQuestion>(measure);
