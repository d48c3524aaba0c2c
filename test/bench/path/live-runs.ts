import type { Clock, NodeDefinition } from "#engine/plugin";
import { type Household, type LiveInput, newHousehold, Run, type RunReport, SystemClock } from "#engine/runtime";
import type { Plan } from "#engine/workflow";
import { STRIDE } from "../harness/speech.ts";
import { liveSource, planPath } from "./workflow.ts";

/** Runs of the path that live, and are pushed frame by frame. */
export class LiveRuns {
  readonly runs: Run[] = [];
  readonly inputs: LiveInput[] = [];
  readonly home: Household = newHousehold();
  /** What listeners were told: events and outputs. */
  told = 0;

  /** @param path what runs; the whole path where it is left out */
  constructor(
    readonly path: (source: NodeDefinition) => Promise<Plan> = planPath,
    readonly clock: Clock = new SystemClock(),
  ) {}

  /** Starts so many more. */
  async start(count: number): Promise<void> {
    const byRun = new Map<string, LiveInput>();
    const plan = await this.path(liveSource((runId, input) => byRun.set(runId, input)));
    const { clock } = this;
    const first = this.runs.length;
    const tell = () => {
      this.told++;
    };
    for (let i = first; i < first + count; i++)
      this.runs.push(new Run(plan, { runId: `run-${i}`, clock, onEvent: tell, onOutput: tell }, this.home));
    while (this.runs.some((run) => run.state === "starting")) await Bun.sleep(1);
    for (let i = first; i < first + count; i++) this.inputs.push(byRun.get(`run-${i}`)!);
  }

  /** One frame for each run, in an array of its own as a socket would bring it. Run i begins `STRIDE * i` frames into the audio. */
  push(frames: readonly Int16Array[], tick: number, first = 0, end = this.inputs.length): void {
    const { inputs } = this;
    for (let i = first; i < end; i++) inputs[i]!.push(frames[(i * STRIDE + tick) % frames.length]!.slice());
  }

  /** Resolves when nothing of what was pushed is left to do. */
  async settled(): Promise<void> {
    do await new Promise<void>((resolve) => setImmediate(resolve));
    while (this.home.scheduler.busy);
  }

  /** Ends all of them. @throws Error when one failed, or an account does not balance. */
  async end(): Promise<RunReport[]> {
    for (const input of this.inputs) input.end();
    const reports = await Promise.all(this.runs.map((run) => run.done));
    for (const report of reports)
      if (report.state !== "done" || report.imbalances.length > 0)
        throw new Error(`${report.runId}: ${report.error?.message ?? report.imbalances.join("; ")}`);
    return reports;
  }
}
