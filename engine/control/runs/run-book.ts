import { rmSync } from "node:fs";
import { asEngineError, EngineError } from "#engine/errors";
import type { Clock, Logger } from "#engine/plugin";
import type { Household, RunReport } from "#engine/runtime";
import type { IdempotencyRow, Rows, RunRow, Store, TrackRow } from "#engine/store";
import type { Finding } from "#engine/workflow";
import type { OwnBinding } from "../api/runs.ts";
import type { ServerConfig } from "../config.ts";
import type { Journal } from "../journal.ts";
import { ArtifactNames } from "../live/artifact-names.ts";
import { coverKey, LiveRun } from "../live/live-run.ts";
import type { Hearer } from "../live/live-run-options.ts";
import { LonelyRuns } from "../live/lonely-runs.ts";
import { drainAgain } from "../live/own-sources.ts";
import { Recorder } from "../live/recorder.ts";
import type { RunMessage } from "../messages.ts";
import type { Traces } from "../telemetry/traces.ts";
import { Fetches } from "./fetches.ts";
import type { FetchingRun } from "./fetching-run.ts";
import { LeftBehind } from "./left-behind.ts";
import { type Locate, outputsOf, type PlannedRun, type Planner, type PlanRequest } from "./planner.ts";
import { withSecretParams } from "./secret-params.ts";
import { storedMessages } from "./stored-messages.ts";
import type { StoredEnd, StoredRuns } from "./stored-runs.ts";
import { added, usageOf } from "./usage.ts";

export interface BookOptions {
  readonly config: ServerConfig;
  readonly store: Store;
  readonly journal: Journal;
  readonly stored: StoredRuns;
  readonly planner: Planner;
  readonly household: Household;
  readonly clock: Clock;
  readonly epochMs: () => number;
  readonly log: Logger;
  readonly locate: (project: string) => Locate;
  readonly traces?: Traces;
}

/** Positions are stored and told once a second where no final moves them: of a part of the runs at a time, so that no commit is long. */
const TICK_MS = 50;
const TICKS = 20;

/** What earlier generations of a run have left. */
interface Before {
  readonly lastId: number;
  readonly covered: ReadonlyMap<string, number>;
  readonly artifacts: readonly { readonly path: string; readonly name: string }[];
}

const NOTHING_BEFORE: Before = { lastId: 0, covered: new Map(), artifacts: [] };

/** The runs of this process: starts them, takes up those that an earlier process left, and looks after them until they end. */
export class RunBook {
  readonly #live = new Map<string, LiveRun>();
  readonly #resuming = new Map<string, Promise<LiveRun>>();
  readonly #fetches: Fetches;
  readonly #lonely: LonelyRuns;
  readonly #leftBehind: LeftBehind;
  readonly #ended = new Set<(run: LiveRun, report: RunReport) => void>();
  #ticking: (() => void) | undefined;
  #ticks = 0;
  /** Runs that began here; which of the ticks is theirs follows from it. */
  #begun = 0;
  started = 0;
  finals = 0;
  audioSecondsIn = 0;

  constructor(readonly options: BookOptions) {
    const { stored, clock, log } = options;
    const begin = (row: RunRow, secrets: Readonly<Record<string, string>>, signal: AbortSignal) =>
      this.#beginFetched(row, secrets, signal);
    this.#fetches = new Fetches({ stored, clock, log, begin });
    this.#lonely = new LonelyRuns(clock, options.config.limits.resumeSeconds * 1000);
    this.#leftBehind = new LeftBehind(options, {
      fetchAgain: (row) => void this.#fetches.add(row, {}),
      resume: (row) => this.resume(row),
      giveUp: (row, state, message) => this.giveUp(row, state, message),
    });
  }

  get(id: string): LiveRun | undefined {
    return this.#live.get(id);
  }

  /** A run that waits for inputs that lie elsewhere. */
  fetching(id: string): FetchingRun | undefined {
    return this.#fetches.get(id);
  }

  /** Those that have begun. */
  all(): LiveRun[] {
    return [...this.#live.values()];
  }

  /** Those that wait for inputs that lie elsewhere. */
  waiting(): FetchingRun[] {
    return this.#fetches.all();
  }

  /** Of a project, those that wait for their inputs among them. */
  countOf(project: string): number {
    const own = [...this.all(), ...this.waiting()].filter(({ row }) => row.project === project);
    return own.length;
  }

  get size(): number {
    return this.#live.size + this.#fetches.size;
  }

  /** Calls when a run of this process has ended and that is stored. */
  onEnded(call: (run: LiveRun, report: RunReport) => void): void {
    this.#ended.add(call);
  }

  /**
   * Plans, stores and starts a run whose inputs are there.
   * @param row with an empty `request.outputs`, which this fills in.
   * @param request that must not be answered twice; undefined is returned when it was before.
   * @param hearer of everything that comes out, from the beginning.
   */
  async start(
    row: RunRow,
    secrets: Readonly<Record<string, string>>,
    request?: IdempotencyRow,
    hearer?: Hearer,
  ): Promise<{ readonly run: LiveRun; readonly notes: readonly Finding[] } | undefined> {
    const { planner, store } = this.options;
    const planned = await this.#plan(row, secrets, {});
    const stored = plannedRow(row, planned);
    const fresh = await store.write(async (to) => {
      if (request && !(await to.access.addRequest(request))) return false;
      await to.runs.insert(stored);
      await to.journal.saveTracks(newTracks(row.id, planned));
      return true;
    });
    if (!fresh) {
      rmSync(planner.dirOf(row.id), { recursive: true, force: true });
      return undefined;
    }
    this.started++;
    return { run: this.#begin(stored, planned, NOTHING_BEFORE, hearer), notes: planned.notes };
  }

  /**
   * Stores a run some of whose inputs lie elsewhere, and fetches them: it begins when they are there, and has failed where they cannot be had.
   * What is wrong with the request itself is told at once.
   */
  async fetch(
    row: RunRow,
    secrets: Readonly<Record<string, string>>,
    request?: IdempotencyRow,
  ): Promise<{ readonly run: FetchingRun; readonly notes: readonly Finding[] } | undefined> {
    const planned = await this.#plan(row, secrets, { ahead: true });
    const stored = plannedRow(row, planned);
    const claim = async (to: Rows) => !request || (await to.access.addRequest(request));
    if (!(await this.options.stored.insertFetching(stored, claim))) return undefined;
    this.started++;
    return { run: this.#fetches.add({ ...stored, state: "fetching" }, secrets), notes: planned.notes };
  }

  /**
   * Takes up an interrupted run where its inputs are safe.
   * @param holds by track: what its sender still has begins here; it was told that all before is safe.
   * @throws EngineError SECRET_MISSING where it was started with secrets that are not given again.
   */
  async resume(
    row: RunRow,
    holds: Readonly<Record<string, number>> = {},
    secrets: Readonly<Record<string, string>> = {},
  ): Promise<LiveRun> {
    const going = this.#live.get(row.id) ?? this.#resuming.get(row.id);
    if (going) return going;
    const missing = row.ownSecrets.filter((name) => !Object.hasOwn(secrets, name));
    if (missing.length > 0)
      throw new EngineError(
        "SECRET_MISSING",
        `the run was started with secrets that it needs again: ${missing.join(", ")}`,
      );
    const resuming = this.#resume(row, holds, secrets).finally(() => this.#resuming.delete(row.id));
    this.#resuming.set(row.id, resuming);
    return resuming;
  }

  /** Takes up what an earlier process left, as far as it needs nobody. */
  recover(): Promise<void> {
    return this.#leftBehind.recover();
  }

  /** Interrupted runs that nobody took up in an hour have failed. */
  abandon(): Promise<void> {
    return this.#leftBehind.abandon();
  }

  /** Ends an interrupted run that does not go on. */
  async giveUp(
    row: RunRow,
    state: "failed" | "cancelled",
    message = "it was interrupted, and nobody took it up",
  ): Promise<void> {
    if (this.#live.has(row.id) || this.#resuming.has(row.id)) return;
    const end: StoredEnd = { state, ...(state === "failed" && { error: { code: "RUN_STALLED", message } }) };
    await this.options.stored.end(row, ["interrupted"], end);
  }

  /** Somebody came to a run or left it: an input that nobody sends to ends after `limits.resumeSeconds`. */
  changed(run: LiveRun): void {
    this.#lonely.changed(run, this.#live.has(run.id));
  }

  /**
   * Interrupts what still goes on; it is taken up by the next process.
   * @param mostMs so long a node may take to stop; a run whose node takes longer is interrupted all the same.
   */
  async interruptAll(mostMs: number): Promise<void> {
    await this.#fetches.stop();
    await Promise.all(this.all().map((run) => run.interrupt(mostMs)));
  }

  stop(): void {
    this.#ticking?.();
    this.#lonely.stop();
  }

  async #resume(row: RunRow, holds: Readonly<Record<string, number>>, secrets: Readonly<Record<string, string>>) {
    const { store } = this.options;
    const known = await store.read(async (from) => ({
      tracks: await from.journal.tracks([row.id]),
      lastId: (await from.journal.lastIds([row.id])).get(row.id) ?? 0,
      ends: await from.journal.finalEnds(row.id),
      artifacts: await from.runs.artifacts(row.id),
    }));
    const starts = Object.fromEntries(
      known.tracks.map(({ track, kept }) => [track, Math.max(kept, Math.trunc(holds[track] ?? 0))]),
    );
    const again: RunRow = { ...row, state: "starting", generation: row.generation + 1 };
    const planned = await this.#plan(again, secrets, { starts });
    for (const track of planned.tracks) {
      const before = known.tracks.find((each) => each.track === track.name);
      if (before?.ended) track.endAt(before.received);
    }
    await store.write(async (to) => {
      const { generation } = again;
      if (!(await to.runs.updateFrom(["interrupted"], row.id, { state: "starting", generation })))
        throw new EngineError("RUN_ENDED", "the run has ended, or goes on elsewhere");
      await to.callbacks.giveBack(row.id);
    });
    const covered = new Map(known.ends.map(({ output, node, role, endMs }) => [coverKey(output, node, role), endMs]));
    return this.#begin(again, planned, { lastId: known.lastId, covered, artifacts: known.artifacts });
  }

  async #beginFetched(row: RunRow, secrets: Readonly<Record<string, string>>, signal: AbortSignal): Promise<LiveRun> {
    const planned = await this.#plan(row, secrets, { signal });
    signal.throwIfAborted();
    const begun: RunRow = { ...plannedRow(row, planned), state: "starting" };
    await this.options.store.write(async (to) => {
      await to.runs.update(row.id, { state: "starting", request: begun.request });
      await to.journal.saveTracks(newTracks(row.id, planned));
    });
    const before = await this.options.store.read((from) => from.journal.lastIds([row.id]));
    return this.#begin(begun, planned, { ...NOTHING_BEFORE, lastId: before.get(row.id) ?? 0 });
  }

  #plan(
    row: RunRow,
    secrets: Readonly<Record<string, string>>,
    more: Pick<PlanRequest, "starts" | "signal" | "ahead">,
  ): Promise<PlannedRun> {
    const inputs = row.request.inputs as Readonly<Record<string, OwnBinding>>;
    const { home } = row.request;
    const params = withSecretParams({ params: row.request.params, secrets });
    const name = row.workflow || "workflow";
    const plan = { runId: row.id, text: row.workflowText, name, inputs, params, secrets, ...more };
    const request = { ...plan, ...(home !== undefined && { home }) };
    return this.options.planner.plan(request, this.options.locate(row.project));
  }

  #begin(row: RunRow, planned: PlannedRun, { lastId, covered, artifacts }: Before, hearer?: Hearer): LiveRun {
    const { clock, epochMs, log, household, journal, store, traces } = this.options;
    const run: LiveRun = new LiveRun({
      row,
      plan: planned.plan,
      guard: planned.guard,
      tracks: planned.tracks,
      lastId,
      covered,
      artifactNames: new ArtifactNames(artifacts),
      clock,
      epochMs,
      log,
      household,
      journal,
      storedAfter: (id, limit): Promise<RunMessage[]> => storedMessages(store, row, id, limit),
      recorder: row.record ? this.#recorder(row) : undefined,
      tickOf: this.#begun++,
      ...(hearer && { hearer }),
      ...(traces && { observe: (message: RunMessage) => traces.told(row, message) }),
      atEnd: (to, report): Promise<void> => this.#saveUsage(to, run, report),
    });
    this.#live.set(row.id, run);
    if (row.drain) drainAgain(run, row.drain.sources, clock);
    this.changed(run);
    this.#tick();
    void run.ended.then((report) => this.#over(run, report));
    return run;
  }

  #recorder(row: RunRow): Recorder {
    return new Recorder(this.options.planner.dirOf(row.id), (error) => {
      const { code } = asEngineError(error, "FILE_UNWRITABLE", "recording");
      this.options.log.warn("the recording of a run has ended: it cannot be written", { run: row.id, code });
    });
  }

  async #saveUsage(to: Rows, run: LiveRun, { nodes }: RunReport): Promise<void> {
    const before = await to.usage.get(run.id);
    const atMs = before?.atMs ?? Math.round(run.row.createdAtMs);
    await to.usage.save(added(before, usageOf(run.row, run.options.plan, nodes, run.finals, atMs)));
  }

  #over(run: LiveRun, report: RunReport | undefined): void {
    this.#live.delete(run.id);
    this.#lonely.forget(run);
    this.finals += run.finals;
    for (const track of run.tracks.values()) this.audioSecondsIn += secondsOf(track);
    if (report) for (const call of this.#ended) call(run, report);
    if (this.#live.size === 0) {
      this.#ticking?.();
      this.#ticking = undefined;
    }
  }

  /** Positions of all runs are stored together, once a second; whoever sends keeps a run from being taken for stalled. */
  #tick(): void {
    if (this.#ticking) return;
    this.#ticking = this.options.clock.after(TICK_MS, () => {
      this.#ticking = undefined;
      this.#ticks++;
      for (const run of this.#live.values()) {
        if (run.tracks.size === 0 || run.tickOf % TICKS !== this.#ticks % TICKS) continue;
        this.options.journal.touch(run);
        for (const track of run.tracks.values()) if (track.sender) run.run.pulse.moves++;
      }
      if (this.#live.size > 0) this.#tick();
    });
  }
}

/** With what is known of it once it is planned. */
const plannedRow = (row: RunRow, { plan }: PlannedRun): RunRow => ({
  ...row,
  workflow: row.version === null ? plan.name : row.workflow,
  request: { ...row.request, outputs: outputsOf(plan) },
});

const newTracks = (runId: string, { tracks }: PlannedRun): TrackRow[] =>
  tracks.map(({ name }) => ({ runId, track: name, received: 0, kept: 0, ended: false }));

const secondsOf = (track: { received: number; start: number; sampleRateHz: number; format: unknown }): number =>
  track.format ? (track.received - track.start) / track.sampleRateHz : 0;
