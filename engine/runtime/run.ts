import { asEngineError, EngineError, type ErrorCode } from "#engine/errors";
import type { Control, Frame } from "#engine/frames";
import type { Plan } from "#engine/workflow";
import { BargeIn, type BargeInHost } from "./barge-in.ts";
import type { CallHook } from "./call-timing.ts";
import { Delays } from "./delays.ts";
import type { RunHappening } from "./events.ts";
import { IdleWatch } from "./idle-watch.ts";
import type { Receiver } from "./link.ts";
import { RunNodeContext } from "./node-context.ts";
import { accountOf, imbalances, type NodeAccount, type NodeFailure, type RunReport, type RunState } from "./report.ts";
import { type Creation, createNode } from "./run/create-node.ts";
import { closeNodes, cutOff, nameFiles } from "./run/ending.ts";
import type { Household } from "./run/household.ts";
import { nodeName, nodeNamesOf } from "./run/node-names.ts";
import type { RunOptions } from "./run/options.ts";
import { RunLender } from "./run/run-lender.ts";
import { Teller } from "./run/teller.ts";
import { type Gathering, Line, type Patient, type Step } from "./scheduler.ts";
import { TaskUnit } from "./task-unit.ts";
import type { TimeBook } from "./time-book.ts";
import type { Host, Pulse, Unit } from "./unit.ts";
import { updateNode } from "./update-node.ts";
import { VirtualClock } from "./virtual-clock.ts";
import type { Watch } from "./watch.ts";
import { type Wiring, wire } from "./wiring.ts";

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
  /** The watchdog's of the first node. */
  readonly #firstToken: number;
  readonly #teller: Teller;
  readonly #lender: RunLender;
  readonly #failures: NodeFailure[] = [];
  readonly #timers: (() => void)[] = [];
  readonly #letGo: (() => void)[] = [];
  readonly #idle: IdleWatch;
  #state: RunState = "starting";
  #error: EngineError | undefined;
  #drained = false;
  /** All nodes were ready. */
  #begun = false;
  #ending = false;

  constructor(
    private readonly plan: Plan,
    private readonly options: RunOptions,
    private readonly household: Household,
  ) {
    const { clock } = options;
    this.watch = household.watch;
    const { promise, resolve } = Promise.withResolvers<RunReport>();
    this.done = promise;
    this.#resolveDone = resolve;
    this.#teller = new Teller(options);
    this.#firstToken = household.watch.register(options.runId, nodeNamesOf(plan));
    this.#idle = new IdleWatch(clock, plan.limits.idleMs, (ms) => this.#stalled(ms));
    this.#lender = new RunLender(options, household, this.#teller, this.#idle);
    this.#line = new Line(household.scheduler);
    const tap = (output: string, node: string): Receiver => new Tap(this, output, node);
    this.#wiring = wire(plan, this, this.#firstToken, household.batches, tap, this.#bargeIns());
    this.#contexts = this.#wiring.units.map(
      (unit, index) =>
        new RunNodeContext(this.#lender, unit.planned, index, unit instanceof TaskUnit ? unit : this.#lender),
    );
    for (const [i, unit] of this.#wiring.units.entries()) if (unit instanceof TaskUnit) this.#measure(unit, i);
    if (clock instanceof VirtualClock) {
      this.#letGo.push(clock.watch(() => household.scheduler.busy));
      this.#letGo.push(clock.drive());
    }
    void this.#begin();
  }

  get id(): string {
    return this.options.runId;
  }

  get state(): RunState {
    return this.#state;
  }

  get calls(): TimeBook<CallHook> {
    return this.household.calls;
  }

  /** Accounts of every edge as they are now. */
  get accounts() {
    return this.#wiring.accounts();
  }

  /** What became of the frames of every node so far. */
  get nodeAccounts(): NodeAccount[] {
    return this.#wiring.units.map((unit, i) => accountOf(unit, this.#contexts[i]!));
  }

  /**
   * Changes live fields of a node.
   * @throws EngineError NODE_NOT_FOUND, RUN_ENDED, FIELD_NOT_LIVE, CONFIG_INVALID.
   */
  update(nodeId: string, fields: Readonly<Record<string, unknown>>): void {
    const unit = this.#wiring.units.find((each) => each.id === nodeId);
    if (!unit) throw new EngineError("NODE_NOT_FOUND", `the run has no node ${nodeId}`);
    const { node } = unit;
    if (!node || unit.state === "ended" || unit.state === "failed")
      throw new EngineError("RUN_ENDED", `${nodeId} does not run ${this.#state === "starting" ? "yet" : "any more"}`);
    const { definition, config } = unit.planned;
    const before = unit.liveConfig ?? definition.hosts?.settings ?? config;
    unit.liveConfig = updateNode(unit.planned, before, fields, node);
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
    const failure = this.#noted(unit, error, "NODE_FAILED", nodeName(unit.planned));
    const ends = unit.planned.onFailure === "end";
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
    const callOff = this.options.clock.after(this.plan.limits.startMs, () => this.#lateStart());
    const creation: Creation = {
      clock: this.options.clock,
      log: this.#lender.log,
      startMs: this.plan.limits.startMs,
      wanted: () => !this.#ending,
    };
    await Promise.all(this.#wiring.units.map((unit, index) => this.#create(unit, this.#contexts[index]!, creation)));
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

  async #create(unit: Unit, ctx: RunNodeContext, creation: Creation): Promise<void> {
    try {
      const node = await createNode(unit, ctx, creation);
      if (node) unit.adopt(node);
    } catch (error) {
      this.failed(unit, error);
    }
  }

  #lateStart(): void {
    const { startMs } = this.plan.limits;
    const late = this.#wiring.units.filter((unit) => !unit.node && unit.state === "idle");
    const names = late.map((unit) => nodeName(unit.planned)).join(", ");
    this.#fail(new EngineError("RUN_DEADLINE", `not ready within ${startMs} ms (limits.startMs): ${names}`));
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
    const { units } = this.#wiring;
    const reason = this.#error ?? new EngineError("RUN_CANCELLED", "the run was cancelled");
    this.#lender.cutOff(reason);
    await cutOff(units, reason, this.options);
    const settled = new Set(units.filter((unit) => unit.state === "ended" && !unit.cut).map((unit) => unit.id));
    const nodes = this.nodeAccounts;
    const members = units.map((unit, i) => ({ unit, ctx: this.#contexts[i]! }));
    const artifacts = nameFiles(members, {
      begun: this.#begun,
      early: this.#drained || this.#state === "cancelled",
      named: (artifact) => this.#tell({ type: "artifact", artifact }),
      failed: (unit, error) => this.#failedAtEnd(unit, error, "FILE_UNWRITABLE", unit.id),
    });
    await closeNodes(members, this.options, (unit, error) =>
      this.#failedAtEnd(unit, error, "NODE_FAILED", `${nodeName(unit.planned)} while closing`),
    );
    const edges = this.#wiring.accounts();
    const state = this.#state === "cancelled" ? "cancelled" : this.#error ? "failed" : "done";
    const report: RunReport = {
      runId: this.id,
      state,
      drained: this.#drained,
      ...(this.#error && { error: this.#error }),
      failures: this.#failures,
      durationMs: this.#teller.elapsedMs,
      artifacts,
      edges,
      nodes,
      imbalances: imbalances(edges, nodes, settled),
    };
    this.#setState(state);
    this.#tell({ type: "run.ended", report });
    for (const letGo of this.#letGo) letGo();
    this.watch.forget(this.#firstToken);
    this.#resolveDone(report);
  }

  /** A file or a node that failed when everything was over: the run has failed. */
  #failedAtEnd(unit: Unit, error: unknown, code: ErrorCode, where: string): void {
    const failure = this.#noted(unit, error, code, where);
    this.#error ??= failure;
  }

  #noted(unit: Unit, error: unknown, code: ErrorCode, where: string): EngineError {
    const failure = asEngineError(error, code, where);
    this.#failures.push({ node: unit.id, code: failure.code, message: failure.message });
    return failure;
  }

  // small things

  #measure(unit: TaskUnit, index: number): void {
    const { definition, config, type } = unit.planned;
    unit.delays = Delays.of(definition.role(config), type, this.options.clock, this.household.delays);
    this.#contexts[index]!.delays = unit.delays;
  }

  #timer(ms: number, call: () => void): void {
    this.#timers.push(this.options.clock.after(ms, call));
  }

  #running(): string {
    const open = this.#wiring.units.filter((unit) => unit.state === "running");
    return open.map((unit) => nodeName(unit.planned)).join(", ") || "none";
  }

  #setState(state: RunState): void {
    if (this.#state === state) return;
    this.#state = state;
    this.#tell({ type: "run.state", state });
  }

  /** A frame at one of the workflow's own outputs. */
  output(output: string, node: string, frame: Frame): void {
    this.#idle.moves++;
    if (frame.kind === "audio" && !this.audioIsHeard) return;
    this.options.onOutput?.(output, frame);
    if (frame.kind !== "audio" && frame.kind !== "encoded") this.#tell({ type: "output", output, node, frame });
  }

  #stalled(ms: number): void {
    const what = `no frame has moved for ${ms} ms (limits.idleMs); running: ${this.#running()}`;
    this.#fail(new EngineError("RUN_STALLED", what));
  }

  #tell(happening: RunHappening): void {
    this.#teller.tell(happening);
  }

  #bargeIns(): BargeIn[] {
    const { bargeIns } = this.plan;
    if (!bargeIns) return [];
    const host: BargeInHost = {
      clock: this.options.clock,
      bargedIn: (node, what) => this.#tell({ type: "node", node, event: { type: "bargeIn", ...what } }),
    };
    return bargeIns.map((planned) => new BargeIn(planned, host));
  }
}

/** Listens at one of the workflow's own outputs. */
class Tap implements Receiver {
  constructor(
    readonly run: Run,
    readonly output: string,
    readonly node: string,
  ) {}

  receive(frame: Frame): void {
    this.run.output(this.output, this.node, frame);
  }

  linkEnded(): void {}
}
