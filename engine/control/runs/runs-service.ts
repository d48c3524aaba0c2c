import { createHash } from "node:crypto";
import { rmSync } from "node:fs";
import { EngineError } from "#engine/errors";
import type { RunRow, Store } from "#engine/store";
import { pageOf, placeOf, requireScope, requireWhole } from "../access.ts";
import type { Admission } from "../admission.ts";
import type { Caller, Page } from "../api/access.ts";
import type { AttachRequest, LiveSession, SessionListener } from "../api/live.ts";
import type {
  ArtifactView,
  FileToSend,
  FinalView,
  Followed,
  FollowRequest,
  RunAccounts,
  RunFilter,
  Runs,
  RunView,
  StartOptions,
  StartRun,
  TranscriptRequest,
  UsageFilter,
  UsageLine,
} from "../api/runs.ts";
import type { ServerConfig } from "../config.ts";
import { followed } from "../live/followed.ts";
import { isOver, LiveRun } from "../live/live-run.ts";
import { outputCoder } from "../live/open-coder.ts";
import { Replayed } from "../live/replayed.ts";
import { Session, type SessionHost } from "../live/session.ts";
import { requireStartRun } from "./check-request.ts";
import { type FetchingRun, hasUrls } from "./fetching-run.ts";
import { keptOf, ownRow } from "./own-row.ts";
import { RunAccess } from "./run-access.ts";
import type { RunBook } from "./run-book.ts";
import { RunReadings } from "./run-readings.ts";
import { withoutSecretParams } from "./secret-params.ts";
import { storedMessages } from "./stored-messages.ts";
import type { StoredEnd } from "./stored-runs.ts";
import { requireOutputs, runView } from "./views.ts";
import type { WorkflowsService } from "./workflows-service.ts";

/** Runs that are deleted in one go. */
const DELETED_AT_ONCE = 500;

interface Services {
  readonly config: ServerConfig;
  readonly store: Store;
  readonly book: RunBook;
  readonly admission: Admission;
  readonly workflows: WorkflowsService;
  readonly epochMs: () => number;
}

/** Runs as callers see them: of their project, and within what their key or token may do. */
export class RunsService implements Runs, SessionHost {
  readonly sessions = new Set<Session>();
  audioSecondsOut = 0;
  missedEvents = 0;
  lateMessages = 0;

  readonly #access: RunAccess;
  readonly #readings: RunReadings;

  constructor(private readonly services: Services) {
    this.#access = new RunAccess(services.store, services.book);
    this.#readings = new RunReadings(services.store, services.book);
  }

  async start(caller: Caller, request: StartRun, options: StartOptions = {}) {
    requireScope(caller, "runs:write");
    requireStartRun(request);
    const { admission, store, book } = this.services;
    const hash = createHash("sha256").update(JSON.stringify(request)).digest("hex");
    const before = options.idempotencyKey && (await this.#answered(caller, options.idempotencyKey, hash));
    if (before) return { ...before, notes: [] };
    await admission.admitRun(caller.project);
    const { row, secrets } = await this.#newRow(caller, request, options.traceparent);
    const key = options.idempotencyKey;
    const { project, id: resourceId, createdAtMs } = row;
    const asked =
      key === undefined ? undefined : { project, kind: "run", key, requestHash: hash, resourceId, createdAtMs };
    const started = await (hasUrls(row) ? book.fetch(row, secrets, asked) : book.start(row, secrets, asked));
    if (!started) {
      const winner = key && (await this.#answered(caller, key, hash));
      if (winner) return { ...winner, notes: [] };
      throw new EngineError("IDEMPOTENCY_CONFLICT", "another request with the same Idempotency-Key is under way");
    }
    const { run, notes } = started;
    const tracks = await store.read((from) => from.journal.tracks([row.id]));
    const view = run instanceof LiveRun ? runView(run.row, tracks, 0, run) : runView(run.row, tracks, 1, undefined);
    return { ...view, notes };
  }

  /** What is stored of a request, before anything of it was planned. */
  async #newRow(caller: Caller, request: StartRun, traceparent?: string) {
    const { workflows, config, epochMs } = this.services;
    const { text, name, version } = await workflows.resolve(caller, request.workflow);
    const { params, secrets } = withoutSecretParams(text, request.params ?? {}, request.secrets ?? {});
    const keep = keptOf(request.keep, config.privacy.keep);
    const row = ownRow({
      project: caller.project,
      keyId: caller.keyId,
      sourced: { text, name, version },
      inputs: request.inputs ?? {},
      params,
      ownSecrets: Object.keys(secrets),
      labels: request.labels ?? {},
      keep,
      record: (request.record ?? false) && keep === "all",
      createdAtMs: epochMs(),
    });
    return { row: { ...row, traceparent: traceparent ?? null }, secrets };
  }

  async list(caller: Caller, filter: RunFilter): Promise<Page<RunView>> {
    requireScope(caller, "runs:read");
    requireWhole(caller);
    const { store, book } = this.services;
    const place = placeOf(filter);
    const { state, workflow, labels, createdAfterMs, createdBeforeMs } = filter;
    return store.read(async (from) => {
      const rows = await from.runs.list({
        project: caller.project,
        limit: place.limit + 1,
        ...(place.after && { after: place.after }),
        ...(state && { state }),
        ...(workflow !== undefined && { workflow }),
        ...(labels && { labels }),
        ...(createdAfterMs !== undefined && { fromMs: createdAfterMs }),
        ...(createdBeforeMs !== undefined && { toMs: createdBeforeMs }),
      });
      const ids = rows.map((row) => row.id);
      const tracks = await from.journal.tracks(ids);
      const lastIds = await from.journal.lastIds(ids);
      const view = (row: RunRow) =>
        runView(
          row,
          tracks.filter((track) => track.runId === row.id),
          lastIds.get(row.id) ?? 0,
          book.get(row.id),
        );
      return pageOf(rows, place.limit, (row) => ({ atMs: row.createdAtMs, id: row.id }), view);
    });
  }

  async get(caller: Caller, id: string): Promise<RunView> {
    const row = await this.#access.row(caller, id, "runs:read");
    return this.#access.view(row);
  }

  async update(caller: Caller, id: string, node: string, fields: Readonly<Record<string, unknown>>): Promise<void> {
    const run = await this.#access.running(caller, id);
    run.run.update(node, fields);
  }

  async drain(caller: Caller, id: string): Promise<RunView> {
    const row = await this.#access.row(caller, id, "runs:write");
    if (await this.#stopFetching(id, { state: "done", drained: true })) return this.get(caller, row.id);
    const run = await this.#access.running(caller, id);
    await run.drain();
    return this.#access.view(run.row);
  }

  /** True: nothing of the run had begun, and it has ended. */
  async #stopFetching(id: string, end: StoredEnd): Promise<boolean> {
    const fetching = this.services.book.fetching(id);
    fetching?.stop(end);
    return fetching !== undefined && (await fetching.begun) === undefined;
  }

  async cancel(caller: Caller, id: string, reason = "cancelled by request"): Promise<RunView> {
    const row = await this.#access.row(caller, id, "runs:write");
    await this.#stopFetching(id, { state: "cancelled" });
    const live = this.services.book.get(id);
    if (live) {
      live.cancel(reason);
      await live.ended;
    } else if (row.state === "interrupted") await this.services.book.giveUp(row, "cancelled");
    const after = await this.services.store.read((from) => from.runs.get(id));
    return this.#access.view(after ?? row);
  }

  async delete(caller: Caller, id: string): Promise<void> {
    const row = await this.#access.row(caller, id, "runs:write");
    await this.#remove([row.id]);
  }

  async deleteByLabels(caller: Caller, labels: Readonly<Record<string, string>>): Promise<number> {
    requireScope(caller, "runs:write");
    requireWhole(caller);
    if (Object.keys(labels).length === 0) throw new EngineError("REQUEST_INVALID", "at least one label was wanted");
    for (let deleted = 0; ; ) {
      const ids = await this.services.store.read((from) =>
        from.runs.withLabels(caller.project, labels, DELETED_AT_ONCE),
      );
      await this.#remove(ids);
      deleted += ids.length;
      if (ids.length < DELETED_AT_ONCE) return deleted;
    }
  }

  /** With their files; ends those that go on. */
  async #remove(ids: readonly string[]): Promise<void> {
    const { book, store } = this.services;
    for (const id of ids) {
      await this.#stopFetching(id, { state: "cancelled" });
      const live = book.get(id);
      live?.cancel("deleted");
      await live?.ended;
    }
    await store.write((to) => to.runs.delete(ids));
    for (const id of ids) rmSync(book.options.planner.dirOf(id), { recursive: true, force: true });
  }

  async follow(caller: Caller, id: string, request: FollowRequest): Promise<AsyncIterable<Followed>> {
    const row = await this.#access.row(caller, id, "runs:read");
    requireOutputs(row, request.outputs ?? []);
    const fetching = this.services.book.fetching(id);
    if (fetching) return this.#followFetching(fetching, request);
    const live = this.services.book.get(id);
    return followed(live ?? (await this.#stored(row)), live, request);
  }

  /** What it has told by now, and the rest once it has begun or has come to nothing. */
  async *#followFetching({ row, begun }: FetchingRun, request: FollowRequest): AsyncGenerator<Followed> {
    let after = request.after ?? 0;
    for await (const told of followed(await this.#stored(row), undefined, request)) {
      if (told.type === "event") after = told.event.id ?? after;
      yield told;
    }
    await Promise.race([begun, aborted(request.signal)]);
    if (request.signal.aborted) return;
    const live = this.services.book.get(row.id);
    yield* followed(live ?? (await this.#stored(row)), live, { ...request, after });
  }

  async transcript(caller: Caller, id: string, request: TranscriptRequest) {
    const row = await this.#access.row(caller, id, "runs:read");
    requireOutputs(row, request.output === undefined ? [] : [request.output]);
    return this.#readings.transcript(row, request);
  }

  async finals(caller: Caller, id: string): Promise<readonly FinalView[]> {
    return this.#readings.finals(await this.#access.row(caller, id, "runs:read"));
  }

  async artifacts(caller: Caller, id: string): Promise<readonly ArtifactView[]> {
    return this.#readings.artifacts(await this.#access.row(caller, id, "runs:read"));
  }

  async artifact(caller: Caller, id: string, name: string): Promise<FileToSend> {
    return this.#readings.artifact(await this.#access.row(caller, id, "runs:read"), name);
  }

  async recording(caller: Caller, id: string): Promise<FileToSend> {
    return this.#readings.recording(await this.#access.row(caller, id, "runs:read"));
  }

  async accounts(caller: Caller, id: string): Promise<RunAccounts> {
    return this.#readings.accounts(await this.#access.row(caller, id, "runs:read"));
  }

  async usage(caller: Caller, filter: UsageFilter): Promise<readonly UsageLine[]> {
    requireScope(caller, "runs:read");
    requireWhole(caller);
    return this.#readings.usage(caller.project, filter);
  }

  async attach(caller: Caller, id: string, request: AttachRequest, listener: SessionListener): Promise<LiveSession> {
    const fetching = this.services.book.fetching(id);
    if (fetching) {
      await this.#access.row(caller, id, request.sends ? "runs:write" : "runs:read");
      // who has waited hears how it ended, where it came to nothing
      if (!(await fetching.begun)) return this.attach(caller, id, { after: 0, ...request }, listener);
    }
    const row = await this.#access.row(caller, id, request.sends ? "runs:write" : "runs:read");
    const coder = await outputCoder(request.encoding);
    const { book } = this.services;
    const going = book.get(id);
    if (going && isOver(going.state)) await going.ended; // what it said last is being stored
    const live = book.get(id) ?? (row.state === "interrupted" ? await this.#takeUp(row, request) : undefined);
    if (!live && row.state === "fetching")
      throw new EngineError("SERVER_DRAINING", "the server ends; the run begins when it is back");
    if (!live) return this.#replay(row, request, listener);
    return new Session(live, request, runView(live.row, [], 0, live).outputs, listener, this, coder);
  }

  changed(session: Session, run: LiveRun): void {
    if (session.closed) this.sessions.delete(session);
    else this.sessions.add(session);
    this.services.book.changed(run);
  }

  async #answered(caller: Caller, key: string, hash: string): Promise<RunView | undefined> {
    const before = await this.services.store.read((from) => from.access.request(caller.project, "run", key));
    if (!before) return undefined;
    if (before.requestHash !== hash)
      throw new EngineError("IDEMPOTENCY_CONFLICT", "the Idempotency-Key was used before, with another request");
    return this.get(caller, before.resourceId);
  }

  async #takeUp(row: RunRow, request: AttachRequest): Promise<LiveRun> {
    if (!request.sends) throw new EngineError("RUN_ENDED", "the run is interrupted and waits for its sender");
    const reason = this.services.admission.reason;
    if (reason) throw reason;
    return this.services.book.resume(row, request.holds, request.secrets);
  }

  /** A run that is over tells what it told. */
  async #replay(row: RunRow, request: AttachRequest, listener: SessionListener): Promise<LiveSession> {
    if (request.after === undefined) throw new EngineError("RUN_ENDED", `the run is ${row.state}`);
    const { inputs } = await this.#access.view(row);
    const ended = inputs.map((track) => ({ ...track, ended: true }));
    return new Replayed(await this.#stored(row), row, request, listener, ended, this);
  }

  async #stored(row: RunRow) {
    const { store } = this.services;
    const storedId = (await store.read((from) => from.journal.lastIds([row.id]))).get(row.id) ?? 0;
    return {
      storedId,
      storedAfter: (id: number, limit: number) => storedMessages(store, row, id, limit),
    };
  }
}

const aborted = (signal: AbortSignal): Promise<void> =>
  new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener("abort", () => resolve(), { once: true });
  });
