import { z } from "zod";
import {
  EngineError,
  type Frame,
  type FrameKind,
  type GatewayHost,
  type GatewayKey,
  type GatewayOutcome,
  type GatewayRun,
  type GatewayStart,
  type Logger,
  type MappedWorkflow,
  type NodeTypes,
} from "#engine/plugin";
import {
  type Household,
  type MemoryNetwork,
  newHousehold,
  Run,
  type RunReport,
  seededUuid,
  VirtualClock,
} from "#engine/runtime";
import { type Plan, planWorkflow, readYaml } from "#engine/workflow";
import { LiveInput } from "./live-input.ts";

export interface TestHostOptions {
  readonly network: MemoryNetwork;
  readonly types: NodeTypes;
  /** The text of the workflow that runs for each client stream. */
  readonly workflow: string;
  readonly keys?: readonly GatewayKey[];
  /** Shared with the runs of the test itself, so that they take turns. */
  readonly household?: Household;
  /** Added to the gateway's Unix time, as a fault script may want. */
  readonly skewMs?: number;
  readonly log?: Logger;
}

const quiet: Logger = { debug() {}, info() {}, warn() {} };
const EPOCH_MS = Date.UTC(2026, 0, 1);

const shape = z.looseObject({
  name: z.string().default("gateway"),
  params: z.record(z.string(), z.unknown()).default({}),
  inputs: z.record(z.string(), z.looseObject({ kind: z.string() })).default({}),
  outputs: z.record(z.string(), z.unknown()).default({}),
});

/** A gateway's host in a test: runs a workflow, usually a scripted one, for each client, over the network in memory and by its clock. */
export class TestGatewayHost implements GatewayHost {
  readonly log: Logger;
  readonly workflow: MappedWorkflow;
  /** How every run that was started has ended so far, in the order of their ends. */
  readonly reports: RunReport[] = [];
  readonly #household: Household;
  readonly #running = new Set<Run>();
  #started = 0;
  #seed = 7;

  constructor(readonly options: TestHostOptions) {
    this.log = options.log ?? quiet;
    this.#household = options.household ?? newHousehold({ network: options.network });
    const { value, findings } = readYaml(options.workflow, shape, "gateway.yaml");
    if (!value) throw new EngineError("WORKFLOW_INVALID", findings.map((finding) => finding.message).join("; "));
    this.workflow = {
      name: value.name,
      params: Object.keys(value.params),
      inputs: Object.entries(value.inputs).map(([name, { kind }]) => ({ name, kind: kind as FrameKind })),
      outputs: Object.keys(value.outputs).map((name) => ({ name, kinds: [] })),
    };
  }

  get network() {
    return this.options.network;
  }

  get clock() {
    return this.options.network.clock;
  }

  /** Runs that have not ended. */
  get running(): number {
    return this.#running.size;
  }

  /** Runs that were asked for. */
  get started(): number {
    return this.#started;
  }

  epochMs(): number {
    const now = this.clock.virtual ? EPOCH_MS + this.clock.nowMs() : Date.now();
    return now + (this.options.skewMs ?? 0);
  }

  random(): number {
    this.#seed = (Math.imul(this.#seed, 1664525) + 1013904223) >>> 0;
    return this.#seed / 2 ** 32;
  }

  newId(): string {
    return seededUuid(() => this.random());
  }

  async key(id: string): Promise<GatewayKey | undefined> {
    return this.options.keys?.find((key) => key.id === id);
  }

  async start(request: GatewayStart): Promise<GatewayRun> {
    const { kind } = request.input;
    const bound = this.workflow.inputs.find((input) => input.kind === kind);
    if (!bound)
      throw new EngineError(
        "CONFIG_INVALID",
        `${this.workflow.name} has no input of kind ${kind}, which the client sends`,
      );
    const clock = this.clock;
    const letGo = clock instanceof VirtualClock ? clock.hold() : () => {}; // planning takes no time
    const input = new LiveInput(kind, request.input.kind === "audio" ? request.input.format : undefined);
    const runId = `gateway-${++this.#started}`;
    const plan = await this.#plan(request, bound.name, input).finally(letGo);
    return this.#run(plan, runId, input, request);
  }

  async #plan(request: GatewayStart, name: string, input: LiveInput): Promise<Plan> {
    const params = Object.entries(request.params ?? {}).filter(([param]) => this.workflow.params.includes(param));
    const format = request.input.kind === "audio" ? { format: request.input.format } : {};
    const { plan, findings } = await planWorkflow(
      { text: this.options.workflow, name: "gateway.yaml", dir: "/" },
      {
        types: this.options.types,
        purpose: "run",
        params: Object.fromEntries(params),
        bindings: { [name]: { definition: input.definition, config: {}, ...format } },
        environment: {},
        secret: () => undefined,
        cwd: "/",
      },
    );
    if (plan) return plan;
    throw new EngineError("WORKFLOW_INVALID", findings.map((finding) => finding.message).join("; "), {
      details: { findings },
    });
  }

  #run(plan: Plan, runId: string, input: LiveInput, request: GatewayStart): Promise<GatewayRun> {
    return new Promise((resolve, reject) => {
      const run: Run = new Run(
        plan,
        {
          runId,
          clock: this.clock,
          order: 1000 + this.#started,
          labels: request.labels ?? {},
          onOutput: (output: string, frame: Frame) => request.onOutput(frame, output),
          onEvent: (event) => {
            if (event.type === "run.state" && event.state === "running") resolve(handle);
          },
        },
        this.#household,
      );
      this.#running.add(run);
      const done = run.done.then((report): GatewayOutcome => {
        this.#running.delete(run);
        this.reports.push(report);
        reject(report.error ?? new EngineError("RUN_CANCELLED", `${runId} ended before it was ready`));
        return { state: report.state, ...(report.error && { error: report.error }) };
      });
      request.signal?.addEventListener("abort", () => run.cancel("the client has gone"), { once: true });
      const handle: GatewayRun = {
        id: runId,
        push: (frame) => input.push(frame),
        flush: () => run.control({ kind: "flush" }),
        end: () => input.end(),
        cancel: (reason) => run.cancel(reason),
        done,
      };
    });
  }
}
