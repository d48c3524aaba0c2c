import { asEngineError, EngineError } from "#engine/errors";
import type { Control, Frame } from "#engine/frames";
import type { Clock, Desk, InlineNode, Logger, NodeEvent, TaskNode } from "#engine/plugin";
import type { Plan } from "#engine/workflow";
import type { ArtifactReport } from "./artifacts.ts";
import { BargeIn, type BargeInHost } from "./barge-in.ts";
import { BatchGroups } from "./batch-unit.ts";
import type { RunEvent, RunHappening } from "./events.ts";
import { IdleWatch } from "./idle-watch.ts";
import { processDesk } from "./network/no-desk.ts";
import type { ClockedNetwork, NetworkRules } from "./network/node-network.ts";
import { SystemNetwork } from "./network/system-network.ts";
import { type Lender, RunNodeContext } from "./node-context.ts";
import { accountOf, imbalances, type NodeAccount, type NodeFailure, type RunReport, type RunState } from "./report.ts";
import { Resources } from "./resources.ts";
import { type Gathering, Line, type Patient, Scheduler, type Step } from "./scheduler.ts";
import { TaskUnit } from "./task-unit.ts";
import type { Host, Pulse, Unit } from "./unit.ts";
import { updateNode } from "./update-node.ts";
import { VirtualClock } from "./virtual-clock.ts";
import { Watch } from "./watch.ts";
import { type Wiring, wire } from "./wiring.ts";
import { within } from "./within.ts";

/** What the runs of a process share. */
export interface Household {
  readonly scheduler: Scheduler;
  readonly batches: BatchGroups;
  readonly resources: Resources;
  readonly watch: Watch;
  /** The machine's, or one in memory for runs under a virtual clock. */
  readonly network: ClockedNetwork;
  readonly desk: Desk;
}

export const newHousehold = (given: Partial<Pick<Household, "network" | "desk">> = {}): Household => ({
  scheduler: new Scheduler(),
  batches: new BatchGroups(),
  resources: new Resources(),
  watch: new Watch(),
  network: given.network ?? new SystemNetwork(),
  desk: given.desk ?? processDesk(),
});

export interface RunOptions {
  readonly runId: string;
  readonly clock: Clock;
  readonly labels?: Readonly<Record<string, string>>;
  /** Of everything random in the run. Default 1. */
  readonly seed?: number;
  /** Distinguishes runs on one virtual clock. Default 0. */
  readonly order?: number;
  /** How often the run has been taken up again in another process; no utterance gets an id of an earlier generation. Default 0. */
  readonly generation?: number;
  /** How long work outside the loop may take by the machine's clock, in milliseconds. Default 60,000. */
  readonly outsideMs?: number;
  readonly log?: Logger;
  /** Unix time in ms. Default: the machine's; under a virtual clock that clock's, from the beginning of 2026. */
  readonly epochMs?: () => number;
  /** Refuses an address that a node wants to reach, by throwing. Default: none is refused. */
  readonly guard?: NetworkRules["guard"];
  /** Of which nodes the wire is told, as `wire` events. Default: of none. */
  readonly traces?: (nodeId: string) => boolean;
  onEvent?(event: RunEvent): void;
  /** Every frame at the workflow's own outputs, audio too. Must not block. */
  onOutput?(output: string, frame: Frame): void;
}

/** By the machine's clock: how long a task may take to unwind and a node to close, once the run is over. */
const UNWIND_MS = 1000;
const CLOSE_MS = 2000;

/** The beginning of 2026, where virtual time stands at first. */
const VIRTUAL_EPOCH_MS = Date.UTC(2026, 0, 1);

const epochOf = (clock: Clock): (() => number) =>
  clock.virtual ? () => VIRTUAL_EPOCH_MS + clock.nowMs() : () => Date.now();

const quiet: Logger = { debug() {}, info() {}, warn() {} };

/** By the machine's clock. */
const inTime = <T>(work: Promise<T>, ms: number): Promise<T> =>
  within(work, ms, () => new EngineError("NODE_HUNG", `did not end within ${ms} ms`));

/**
 * One execution of a plan.
 *
 * It ends in this order: sources end (by themselves, by `drain`, or because a node failed); each node gets the end of its inputs once they
 * are consumed, and closes its outputs; files get their names in plan order; nodes are closed against plan order; resources are given back.
 * `limits.drainMs` after the last source has ended, or after the drain, whatever still runs is cut off and the run has failed with
 * RUN_DEADLINE. `cancel` skips straight to the files.
 */
export class Run implements Host {
  readonly watch: Watch;
  /** Resolves, never rejects, when everything is closed. */
  readonly done: Promise<RunReport>;
  /** False: nobody wants the audio that comes out, and `onOutput` is not told of it. */
  audioIsHeard = true;
  readonly #resolveDone: (report: RunReport) => void;
  readonly #line: Line;
  readonly #wiring: Wiring;
  readonly #contexts: readonly RunNodeContext[];
  readonly #nodes = new Map<Unit, InlineNode | TaskNode>();
  /** Of nodes whose live fields were changed. */
  readonly #configs = new Map<Unit, unknown>();
  readonly #tokens: readonly number[];
  readonly #startedMs: number;
  readonly #failures: NodeFailure[] = [];
  readonly #timers: (() => void)[] = [];
  readonly #letGo: (() => void)[] = [];
  readonly #idle: IdleWatch;
  /** Of inline nodes, for what they await while they are created. */
  readonly #abort = new AbortController();
  #state: RunState = "starting";
  #error: EngineError | undefined;
  #drained = false;
  /** All nodes were ready. */
  #begun = false;
  #ending = false;
  #sequence = 0;

  constructor(
    private readonly plan: Plan,
    private readonly options: RunOptions,
    private readonly household: Household,
  ) {
    this.watch = household.watch;
    const { promise, resolve } = Promise.withResolvers<RunReport>();
    this.done = promise;
    this.#resolveDone = resolve;
    this.#startedMs = options.clock.nowMs();
    this.#tokens = household.watch.register(
      options.runId,
      plan.nodes.map((node) => `${node.id} (${node.type})`),
    );
    this.#idle = new IdleWatch(options.clock, plan.limits.idleMs, (ms) =>
      this.#fail(
        new EngineError("RUN_STALLED", `no frame has moved for ${ms} ms (limits.idleMs); running: ${this.#running()}`),
      ),
    );
    this.#line = new Line(household.scheduler);
    this.#wiring = wire(
      plan,
      this,
      this.#tokens,
      household.batches,
      (output, node) => ({
        receive: (frame) => this.#output(output, node, frame),
        linkEnded: () => {},
      }),
      this.#bargeIns(),
    );
    const lender = this.#lender();
    this.#contexts = this.#wiring.units.map(
      (unit, index) =>
        new RunNodeContext(lender, unit.planned, index, unit instanceof TaskUnit ? unit.signal : this.#abort.signal),
    );
    if (options.clock instanceof VirtualClock) {
      this.#letGo.push(options.clock.watch(() => household.scheduler.busy));
      this.#letGo.push(options.clock.drive());
    }
    void this.#begin();
  }

  get id(): string {
    return this.options.runId;
  }

  get state(): RunState {
    return this.#state;
  }

  /** Accounts of every edge as they are now. */
  get accounts() {
    return this.#wiring.accounts();
  }

  /** What became of the frames of every node so far. */
  get nodeAccounts(): NodeAccount[] {
    return this.#wiring.units.map((unit, i) =>
      accountOf(unit, this.#nodes.has(unit) ? unit.held() : 0, this.#contexts[i]!),
    );
  }

  /**
   * Changes live fields of a node.
   * @throws EngineError NODE_NOT_FOUND, RUN_ENDED, FIELD_NOT_LIVE, CONFIG_INVALID.
   */
  update(nodeId: string, fields: Readonly<Record<string, unknown>>): void {
    const unit = this.#wiring.units.find((each) => each.id === nodeId);
    if (!unit) throw new EngineError("NODE_NOT_FOUND", `the run has no node ${nodeId}`);
    const node = this.#nodes.get(unit);
    if (!node || unit.state === "ended" || unit.state === "failed")
      throw new EngineError("RUN_ENDED", `${nodeId} does not run ${this.#state === "starting" ? "yet" : "any more"}`);
    const { definition, config } = unit.planned;
    const before = this.#configs.get(unit) ?? definition.hosts?.settings ?? config;
    this.#configs.set(unit, updateNode(unit.planned, before, fields, node));
  }

  /** Ends the sources; everything that is under way still comes out. The run is then `done`, its files partial. */
  drain(): void {
    if (this.#state !== "running" && this.#state !== "starting") return;
    this.#drained = true;
    this.#endSources(new EngineError("RUN_CANCELLED", "the run is drained"));
  }

  /** Ends everything at once; what was made is kept as partial files. */
  cancel(reason: string): void {
    if (this.#ending) return;
    this.#setState("cancelled");
    this.control({ kind: "cancel", reason });
    void this.#end();
  }

  /** Hands a control to every node that runs. */
  control(control: Control): void {
    for (const unit of this.#wiring.units) unit.control(control);
  }

  // what the units ask of their run

  get pulse(): Pulse {
    return this.#idle;
  }

  wake(step: Step): void {
    this.#line.wake(step);
  }

  whenIdle(patient: Patient): void {
    this.household.scheduler.whenIdle(patient);
  }

  gather(gathering: Gathering): void {
    this.household.scheduler.gather(gathering);
  }

  nextTurn(): Promise<void> {
    return this.household.scheduler.nextTurn();
  }

  failed(unit: Unit, error: unknown): void {
    if (this.#ending) return;
    const failure = asEngineError(error, "NODE_FAILED", `${unit.id} (${unit.planned.type})`);
    const ends = unit.planned.onFailure === "end";
    this.#failures.push({ node: unit.id, code: failure.code, message: failure.message });
    this.#tell({ type: "node.failed", node: unit.id, error: failure, ends });
    unit.interrupt(failure);
    unit.stop("failed");
    if (ends) this.#fail(failure);
    this.ended(unit);
  }

  ended(_unit: Unit): void {
    if (this.#state === "starting" || this.#ending) return;
    const open = this.#wiring.units.filter((unit) => unit.state === "running");
    if (open.length === 0) return void this.#end();
    if (this.#state === "running" && !open.some((unit) => unit.isSource)) this.#startDraining();
  }

  // from start to end

  async #begin(): Promise<void> {
    this.#tell({ type: "run.state", state: "starting" });
    const callOff = this.options.clock.after(this.plan.limits.startMs, () => {
      const late = this.#wiring.units.filter((unit) => !this.#nodes.has(unit) && unit.state === "idle");
      const names = late.map((unit) => `${unit.id} (${unit.planned.type})`).join(", ");
      this.#fail(
        new EngineError("RUN_DEADLINE", `not ready within ${this.plan.limits.startMs} ms (limits.startMs): ${names}`),
      );
    });
    await Promise.all(this.#wiring.units.map((unit, index) => this.#create(unit, this.#contexts[index]!)));
    callOff();
    if (this.#ending) return;
    if (this.#error) return void this.#end();
    this.#setState("running");
    this.#begun = true;
    this.#idle.start();
    const { runMs } = this.plan.limits;
    if (runMs !== undefined)
      this.#timer(runMs, () =>
        this.#fail(new EngineError("RUN_DEADLINE", `still running after ${runMs} ms (limits.runMs)`)),
      );
    for (const unit of [...this.#wiring.units].reverse()) if (unit.state === "idle") unit.start();
    if (this.#drained) this.#endSources(new EngineError("RUN_CANCELLED", "the run is drained"));
    for (const unit of this.#wiring.units) if (unit.state === "failed") this.ended(unit);
  }

  async #create(unit: Unit, ctx: RunNodeContext): Promise<void> {
    const { definition, config, openMs } = unit.planned;
    const before = this.watch.enter(this.#tokens[unit.index]!, "create");
    let made: ReturnType<typeof definition.create> | undefined;
    try {
      const wallMs = Math.max(this.plan.limits.startMs, openMs ?? 0);
      made = definition.create(config, ctx);
      this.watch.leave(before);
      const late = () =>
        new EngineError("NODE_HUNG", `${unit.id} (${unit.planned.type}) was not created within ${wallMs} ms`);
      const ready = made instanceof Promise ? ctx.announcedHook(within(made, wallMs, late)) : made;
      const node = await (openMs === undefined ? ready : this.#opened(ready, unit, openMs));
      if (this.#ending) return await this.#closeLate(node, ctx);
      this.#nodes.set(unit, node);
      unit.adopt(node);
    } catch (error) {
      this.watch.leave(before);
      this.failed(unit, error);
      if (made instanceof Promise) made.then((node) => this.#closeLate(node, ctx)).catch(() => {});
    }
  }

  /** A node that was ready only when nobody waited for it any more: what it opened is closed all the same. */
  async #closeLate(node: InlineNode | TaskNode, ctx: RunNodeContext): Promise<void> {
    try {
      await node.close?.();
      await ctx.dispose();
    } catch (error) {
      const { message } = asEngineError(error, "NODE_FAILED", ctx.nodeId);
      this.options.log?.warn("a node that was ready too late failed to close", { node: ctx.nodeId, message });
    }
  }

  #opened<T>(ready: T | Promise<T>, unit: Unit, openMs: number): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      const callOff = this.options.clock.after(openMs, () =>
        reject(
          new EngineError(
            "NODE_HUNG",
            `${unit.id} (${unit.planned.type}) did not open within ${openMs} ms (timeouts.openMs)`,
          ),
        ),
      );
      Promise.resolve(ready).then(resolve, reject).finally(callOff);
    });
  }

  #fail(error: EngineError): void {
    this.#error ??= error;
    if (this.#ending) return;
    if (this.#state === "starting" || this.#state === "draining")
      return void (error.code.startsWith("RUN_") && this.#end());
    this.#endSources(error);
  }

  #endSources(reason: EngineError): void {
    if (this.#state !== "running") return;
    this.#startDraining();
    for (const unit of this.#wiring.units)
      if (unit.isSource && unit.state === "running") {
        unit.cut = true;
        unit.interrupt(reason);
      }
  }

  /** The sources have ended or were told to: what is left has `drainMs`. */
  #startDraining(): void {
    this.#setState("draining");
    const { drainMs } = this.plan.limits;
    this.control({ kind: "deadline", remainingMs: drainMs });
    this.#timer(drainMs, () => {
      this.#error ??= new EngineError(
        "RUN_DEADLINE",
        `not ended ${drainMs} ms after its input (limits.drainMs); running: ${this.#running()}`,
      );
      void this.#end();
    });
  }

  async #end(): Promise<void> {
    if (this.#ending) return;
    this.#ending = true;
    for (const callOff of this.#timers) callOff();
    this.#idle.stop();
    await this.#cutOff();
    const { units } = this.#wiring;
    const settled = new Set(units.filter((unit) => unit.state === "ended" && !unit.cut).map((unit) => unit.id));
    const nodes = units.map((unit, i) => accountOf(unit, this.#nodes.has(unit) ? unit.held() : 0, this.#contexts[i]!));
    const artifacts = this.#nameFiles();
    await this.#close();
    const edges = this.#wiring.accounts();
    const state = this.#state === "cancelled" ? "cancelled" : this.#error ? "failed" : "done";
    const report: RunReport = {
      runId: this.id,
      state,
      drained: this.#drained,
      ...(this.#error && { error: this.#error }),
      failures: this.#failures,
      durationMs: this.options.clock.nowMs() - this.#startedMs,
      artifacts,
      edges,
      nodes,
      imbalances: imbalances(edges, nodes, settled),
    };
    this.#setState(state);
    this.#tell({ type: "run.ended", report });
    for (const letGo of this.#letGo) letGo();
    this.watch.forget(this.#tokens);
    this.#resolveDone(report);
  }

  /** Stops whatever has not ended by itself, and lets tasks unwind for a moment. */
  async #cutOff(): Promise<void> {
    const reason = this.#error ?? new EngineError("RUN_CANCELLED", "the run was cancelled");
    this.#abort.abort(reason);
    const open = this.#wiring.units.filter((unit) => unit.state === "running" || unit.state === "idle");
    for (const unit of open) {
      unit.interrupt(reason);
      unit.stop("failed");
    }
    const unwound = Promise.all(
      this.#wiring.units.map((unit) => (unit instanceof TaskUnit ? unit.unwound : undefined)),
    );
    await this.#bounded(unwound, UNWIND_MS).catch(() => {});
  }

  #nameFiles(): ArtifactReport[] {
    const reports: ArtifactReport[] = [];
    for (const [i, unit] of this.#wiring.units.entries())
      for (const file of this.#contexts[i]!.files)
        try {
          // what never began must not take the place of what an earlier run left
          if (!this.#begun || !this.#nodes.has(unit)) {
            file.abandon();
            continue;
          }
          const report = file.finish(unit.cut || this.#drained || this.#state === "cancelled");
          if (!report) continue;
          reports.push(report);
          this.#tell({ type: "artifact", artifact: report });
        } catch (error) {
          const failure = asEngineError(error, "FILE_UNWRITABLE", unit.id);
          this.#failures.push({ node: unit.id, code: failure.code, message: failure.message });
          this.#error ??= failure;
        }
    return reports;
  }

  async #close(): Promise<void> {
    for (const unit of [...this.#wiring.units].reverse()) {
      const node = this.#nodes.get(unit);
      const before = this.watch.enter(this.#tokens[unit.index]!, "close");
      try {
        const closing = node?.close?.();
        this.watch.leave(before);
        // a node that says goodbye waits for its far end, which moves by the clock
        if (closing) await this.#contexts[unit.index]!.announcedHook(inTime(closing, CLOSE_MS));
        await this.#bounded(this.#contexts[unit.index]!.dispose(), CLOSE_MS);
      } catch (error) {
        this.watch.leave(before);
        const failure = asEngineError(error, "NODE_FAILED", `${unit.id} (${unit.planned.type}) while closing`);
        this.#failures.push({ node: unit.id, code: failure.code, message: failure.message });
        this.#error ??= failure;
      }
    }
  }

  /** Bounded by the machine's clock, since at the end no other may be turning. */
  #bounded<T>(work: Promise<T>, ms: number): Promise<T> {
    const bounded = inTime(work, ms);
    const { clock } = this.options;
    return clock instanceof VirtualClock ? clock.owe([this.options.order ?? 0], bounded) : bounded;
  }

  // small things

  #timer(ms: number, call: () => void): void {
    this.#timers.push(this.options.clock.after(ms, call));
  }

  #running(): string {
    const open = this.#wiring.units.filter((unit) => unit.state === "running");
    return open.map((unit) => `${unit.id} (${unit.planned.type})`).join(", ") || "none";
  }

  #setState(state: RunState): void {
    if (this.#state === state) return;
    this.#state = state;
    this.#tell({ type: "run.state", state });
  }

  #output(output: string, node: string, frame: Frame): void {
    this.#idle.moves++;
    if (frame.kind === "audio" && !this.audioIsHeard) return;
    this.options.onOutput?.(output, frame);
    if (frame.kind !== "audio" && frame.kind !== "encoded") this.#tell({ type: "output", output, node, frame });
  }

  #tell(happening: RunHappening): void {
    this.#sequence++;
    const atMs = this.options.clock.nowMs() - this.#startedMs;
    this.options.onEvent?.({ sequence: this.#sequence, atMs, runId: this.id, ...happening });
  }

  #bargeIns(): BargeIn[] {
    const host: BargeInHost = {
      clock: this.options.clock,
      bargedIn: (node, what) => this.#tell({ type: "node", node, event: { type: "bargeIn", ...what } }),
    };
    return (this.plan.bargeIns ?? []).map((planned) => new BargeIn(planned, host));
  }

  #lender(): Lender {
    const { options } = this;
    return {
      runId: options.runId,
      order: options.order ?? 0,
      labels: options.labels ?? {},
      clock: options.clock,
      resources: this.household.resources,
      outsideMs: options.outsideMs ?? 60_000,
      seed: options.seed ?? 1,
      generation: options.generation ?? 0,
      log: options.log ?? quiet,
      network: this.household.network,
      ...(options.guard && { guard: options.guard }),
      desk: this.household.desk,
      epochMs: options.epochMs ?? epochOf(options.clock),
      traces: options.traces ?? (() => false),
      report: (node: string, event: NodeEvent) => this.#tell({ type: "node", node, event }),
      moved: () => {
        this.#idle.moves++;
      },
    };
  }
}
