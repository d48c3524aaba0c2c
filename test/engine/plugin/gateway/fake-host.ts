import type { Frame, GatewayHost, GatewayKey, GatewayOutcome, GatewayStart, MappedWorkflow } from "#engine/plugin";
import { EngineError } from "#engine/plugin";
import { MemoryNetwork, VirtualClock } from "#engine/runtime";

export const KEY: GatewayKey = { id: "example-key", secret: "example-secret", facts: {} };

/** A run that does what a test says. */
export interface FakeRun {
  readonly request: GatewayStart;
  readonly pushed: Frame[];
  /** What was asked of it, in order. */
  readonly asked: string[];
  give(frame: Frame): void;
  ends(outcome: GatewayOutcome): void;
}

/** A gateway's host whose runs are in the hands of a test. */
export class FakeHost implements GatewayHost {
  readonly clock = new VirtualClock();
  readonly network = new MemoryNetwork(this.clock);
  readonly log = { debug() {}, info() {}, warn() {} };
  readonly runs: FakeRun[] = [];
  nowMs = Date.UTC(2026, 0, 1);
  keys: readonly GatewayKey[] = [KEY];
  /** In place of starting. */
  refusal: EngineError | undefined;
  /** Called with each run as soon as it is ready. */
  onRun: (run: FakeRun) => void = () => {};
  /** Called when no more comes for a run. */
  onEnd: (run: FakeRun) => void = () => {};

  constructor(readonly inputs: MappedWorkflow["inputs"] = [{ name: "talk", kind: "audio" }]) {}

  get workflow(): MappedWorkflow {
    return { name: "mapped", params: [], inputs: this.inputs, outputs: [] };
  }

  epochMs = (): number => this.nowMs;
  random = (): number => 0.5;
  newId = (): string => "00000000-0000-4000-8000-000000000000";
  key = async (id: string): Promise<GatewayKey | undefined> => this.keys.find((key) => key.id === id);

  async start(request: GatewayStart) {
    if (this.refusal) throw this.refusal;
    const { promise: done, resolve } = Promise.withResolvers<GatewayOutcome>();
    const run: FakeRun = {
      request,
      pushed: [],
      asked: [],
      give: (frame) => request.onOutput(frame, "out"),
      ends: resolve,
    };
    this.runs.push(run);
    queueMicrotask(() => this.onRun(run));
    return {
      id: `run-${this.runs.length}`,
      push: (frame: Frame) => {
        run.pushed.push(frame);
        return undefined;
      },
      flush: () => void run.asked.push("flush"),
      end: () => {
        run.asked.push("end");
        this.onEnd(run);
      },
      cancel: (reason: string) => {
        run.asked.push(`cancel: ${reason}`);
        resolve({ state: "cancelled", error: new EngineError("RUN_CANCELLED", reason) });
      },
      done,
    };
  }
}
