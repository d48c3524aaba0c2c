import { rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { encodeWav } from "#engine/audio";
import type { Frame } from "#engine/frames";
import { newHousehold, Run, SystemClock } from "#engine/runtime";
import { formatFinding, type Plan, planWorkflow } from "#engine/workflow";
import { requireBalance } from "#test/accounted-run";
import { builtInTypes } from "#test/built-in-types";
import { CHECKOUT, startCommand } from "#test/command-line";
import { SAMPLES_DIR } from "#test/make-recording";
import { sampleStart, scratchFolder } from "#test/short-recording";
import { summarise } from "./measure.ts";
import type { Benchmark, Measurement } from "./measurement.ts";

const WORKFLOW = join(CHECKOUT, "workflows/interpret.yaml");
const STARTS = 7;
const RATE_HZ = 16_000;

/** When the stages of one utterance were heard of, in ms of one clock. */
interface Stages {
  closed?: number;
  final?: number;
  translated?: number;
  spoken?: number;
}

/** The interpret workflow with fast finals, its input bound to the sample as a microphone would give it, and the detector's marks shown. */
async function pacedPlan(dir: string): Promise<Plan> {
  const types = builtInTypes();
  const source = types.get("core.file");
  if (!source) throw new Error("there is no core.file");
  const config = source.config.parse({ path: join(SAMPLES_DIR, "recording.wav"), pace: "realtime" });
  const { plan, findings } = await planWorkflow(
    { path: WORKFLOW },
    {
      types,
      purpose: "run",
      environment: process.env,
      secret: () => undefined,
      cwd: CHECKOUT,
      params: { final: "fast" },
      bindings: { talk: { definition: source, config, format: { sampleRateHz: RATE_HZ, channels: 1 } } },
      run: { id: "bench", dir },
    },
  );
  if (!plan) throw new Error(findings.map(formatFinding).join("\n"));
  return { ...plan, outputs: [...plan.outputs, { name: "marks", from: [{ node: "vad", port: "speech" }] }] };
}

/** One paced run; what each utterance that was understood took. */
async function pacedRun(dir: string): Promise<Stages[]> {
  const utterances = new Map<string, Stages>();
  const onOutput = (output: string, frame: Frame) => {
    const nowMs = performance.now();
    if (!("utterance" in frame) || frame.utterance === undefined) return;
    const stages = utterances.get(frame.utterance) ?? {};
    utterances.set(frame.utterance, stages);
    if (frame.kind === "speech" && frame.mark === "end") stages.closed = nowMs;
    else if (frame.kind === "text" && frame.final && frame.role === "transcript") stages.final = nowMs;
    else if (frame.kind === "text" && frame.final) stages.translated = nowMs;
    else if (frame.kind === "audio" && output === "speech") stages.spoken ??= nowMs;
  };
  const run = new Run(await pacedPlan(dir), { runId: "bench", clock: new SystemClock(), onOutput }, newHousehold());
  const report = requireBalance(await run.done);
  if (report.state !== "done")
    throw new Error(`the run ${report.state}: ${report.error?.code} ${report.error?.message}`);
  const whole = [...utterances.values()].filter((stages) => stages.spoken !== undefined);
  if (whole.length < 5) throw new Error(`${whole.length} utterances came through; the sample has 7`);
  return whole;
}

/**
 * Starts the command line on a second of a quiet room and reads its events.
 * @returns ms until it tells that the first second has been read, which is a little later than the first frame.
 */
async function timeToFirstFrames(recording: string, dir: string): Promise<number> {
  const startedMs = performance.now();
  const command = startCommand(["run", WORKFLOW, "--json", "--in", `talk=${recording}`, "--out", dir]);
  let firstMs: number | undefined;
  for await (const line of command.lines) if (line.includes('"progress"')) firstMs ??= performance.now() - startedMs;
  const { status, err } = await command.ended;
  if (status !== 0 || firstMs === undefined) throw new Error(`run ended with status ${status}: ${err.slice(-500)}`);
  return firstMs;
}

/** From one stage to the next, over utterances. */
function between(
  key: string,
  goalMs: number,
  all: readonly Stages[],
  from: keyof Stages,
  to: keyof Stages,
): Measurement {
  const times = all.map((stages) => (stages[to] ?? Number.NaN) - (stages[from] ?? Number.NaN));
  return {
    key,
    unit: "ms",
    goal: { op: "<=", value: goalMs },
    note: `${times.length} utterances`,
    ...summarise(times),
  };
}

export default {
  name: "latency",
  summary:
    "the interpret workflow at real time: what each stage adds after the end of an utterance, and how soon a run begins",
  async run({ repetitions, say }) {
    const dir = scratchFolder();
    const all: Stages[] = [];
    for (let i = 0; i < (repetitions ?? 1); i++) {
      say("latency: the sample at real time, 39 s");
      all.push(...(await pacedRun(dir)));
    }
    say(`latency: ${STARTS} starts`);
    const quiet = join(dir, "quiet.wav");
    writeFileSync(quiet, encodeWav(await sampleStart(1), { sampleRateHz: RATE_HZ, channels: 1 }));
    const starts: number[] = [];
    for (let i = 0; i < STARTS; i++) starts.push(await timeToFirstFrames(quiet, dir));
    rmSync(dir, { recursive: true });
    return [
      between("closing mark to final (fast)", 30, all, "closed", "final"),
      between("final to translation", 10, all, "final", "translated"),
      between("translation to first synthesised audio", 60, all, "translated", "spoken"),
      {
        key: "start of the process to first frame",
        unit: "ms",
        goal: { op: "<=", value: 600 },
        note: `${STARTS} starts, to the report that 1 s was read`,
        ...summarise(starts),
      },
    ];
  },
} satisfies Benchmark;
