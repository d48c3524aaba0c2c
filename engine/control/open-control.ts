import { randomBytes } from "node:crypto";
import { join, resolve } from "node:path";
import { EngineError } from "#engine/errors";
import { Store } from "#engine/store";
import { Admission } from "./admission.ts";
import type { Control, ControlOptions, Figures, Health } from "./api/control.ts";
import { type Deployment, openDeployments } from "./deployments/open-deployments.ts";
import { StoredDesk } from "./desk.ts";
import { locator } from "./files/locate.ts";
import { UploadsService } from "./files/uploads-service.ts";
import { openGateways } from "./gateways/open-gateways.ts";
import { Dispatcher } from "./hooks/dispatcher.ts";
import { Subscriptions } from "./hooks/subscriptions.ts";
import { WebhooksService } from "./hooks/webhooks-service.ts";
import { JobRunner } from "./jobs/job-runner.ts";
import { JobsService } from "./jobs/jobs-service.ts";
import { Journal } from "./journal.ts";
import { KeysService } from "./keys/keys-service.ts";
import { TokensService } from "./keys/tokens-service.ts";
import { Lateness } from "./lateness.ts";
import { Retention } from "./retention.ts";
import { Planner } from "./runs/planner.ts";
import { RunBook } from "./runs/run-book.ts";
import { RunsService } from "./runs/runs-service.ts";
import { StoredRuns, type StoredRunsOptions } from "./runs/stored-runs.ts";
import { quantile } from "./runs/usage.ts";
import { WorkflowSource } from "./runs/workflow-source.ts";
import { WorkflowsService } from "./runs/workflows-service.ts";
import { SecretBook } from "./security/secrets.ts";
import { openTraces, type Traces } from "./telemetry/traces.ts";

/** For the clients of gateways that are closed. */
const GOODBYE_MS = 6000;
/** How often a drain looks whether the runs have ended. */
const DRAIN_LOOK_MS = 100;
/** Of the deadline of a drain, kept for interrupting what does not end. */
const INTERRUPT_MS = 2000;

/**
 * Opens the store, migrates it, takes up what an earlier process left behind, and starts what turns by itself: deliveries, jobs, retention.
 * @throws EngineError STORE_FAILED, STORE_FULL, STORE_TAKEN where another process has it open.
 */
export async function openControl(options: ControlOptions): Promise<Control> {
  const { config, environment, cwd } = options;
  const folder = resolve(cwd, config.store.path);
  const url = config.store.url ?? (environment.DATABASE_URL || undefined);
  const store = await Store.open({ ...(url !== undefined && { url }), folder, sync: config.store.sync });
  try {
    await store.claim();
    const control = await assemble(options, store, folder);
    await control.begin();
    return control;
  } catch (error) {
    await store.close();
    throw error;
  }
}

/** Makes the parts and joins them; nothing turns yet. */
async function assemble(options: ControlOptions, store: Store, folder: string): Promise<OpenControl> {
  const { config, types, clock, environment, cwd, log } = options;
  // whole milliseconds: that is what the store takes
  const epochMs = () => Math.round((options.epochMs ?? Date.now)());
  const secret = await store.write((to) => to.access.fact("signing-secret", randomBytes(32).toString("base64url")));
  const subscriptions = new Subscriptions(store);
  await subscriptions.load();
  const rules = { hosts: config.allowedHosts, onlyListed: false };
  const nodeRules = { hosts: config.allowedHosts, onlyListed: config.allowedHosts.length > 0 };
  const dispatcher = new Dispatcher({ store, clock, epochMs, rules, nodeRules, log });
  const queued = () => dispatcher.wake();
  const desk = new StoredDesk(store, secret, config.publicUrl, epochMs, queued);
  const outbox: StoredRunsOptions["outbox"] = (message, project) => subscriptions.ofMessage(message, project);
  const journal = new Journal(store, clock, log, outbox, queued);
  const uploads = new UploadsService(store, join(folder, "uploads"), config.limits.uploadBytes, epochMs);
  uploads.clearHalves();
  const secrets = new SecretBook(config, environment, cwd);
  for (const name of secrets.unset()) log.warn("a secret of the configuration is not set", { secret: name });
  const planner = new Planner(config, types, secrets, join(folder, "runs"), cwd);
  const locate = locator(uploads, nodeRules, config.limits.uploadBytes);
  const household = { ...options.household, desk };
  const traces = await openTraces(config.traces, environment);
  const stored = new StoredRuns({ store, epochMs, outbox, queued, observe: traces?.told });
  const book = new RunBook({
    config,
    store,
    journal,
    stored,
    planner,
    household,
    clock,
    epochMs,
    log,
    locate,
    ...(traces && { traces }),
  });
  const lateness = new Lateness(clock);
  const admission = new Admission(config, loadOf(book, store), lateness, epochMs);
  const workflows = new WorkflowsService(store, planner, epochMs);
  const runs = new RunsService({ config, store, book, admission, workflows, epochMs });
  const tokens = new TokensService(secret, epochMs, async (caller, of) => {
    if ("run" in of) await runs.get(caller, of.run);
    else await workflows.get(caller, of.workflow);
  });
  const keys = new KeysService(store, config, tokens, epochMs);
  const runner = new JobRunner({ store, book, admission, subscriptions, clock, epochMs, log, queued });
  const jobs = new JobsService({ config, store, runner, workflows, planner, admission, epochMs });
  const webhooks = new WebhooksService(store, subscriptions, dispatcher, rules, epochMs);
  const retention = new Retention({ config, store, book, uploads, clock, epochMs, log });
  const turning = {
    store,
    journal,
    book,
    runner,
    dispatcher,
    retention,
    lateness,
    admission,
    clock,
    log,
    delays: household.delays,
    calls: household.calls,
    usage: household.usage,
    ...(traces && { traces }),
  };
  const source = new WorkflowSource(workflows, planner, cwd);
  const own = { config, types, clock, epochMs, log, environment, cwd };
  const gateways = await openGateways({
    ...own,
    source,
    keys,
    book,
    admission,
    rules: nodeRules,
    faults: options.faults ?? {},
  });
  const deployments = await openDeployments({ ...own, store, source, book, admission, runner });
  return new OpenControl(
    { config, types, keys, tokens, runs, workflows, uploads, jobs, webhooks, callbacks: desk, gateways },
    { ...turning, deployments },
  );
}

const loadOf = (book: RunBook, store: Store): ConstructorParameters<typeof Admission>[1] => ({
  get runs() {
    return book.size;
  },
  runsOf: (project) => book.countOf(project),
  liveAudioSeconds: (project) =>
    book
      .all()
      .filter((run) => run.project === project)
      .flatMap((run) => [...run.tracks.values()])
      .reduce((sum, track) => sum + (track.format ? (track.received - track.start) / track.sampleRateHz : 0), 0),
  storedAudioSeconds: (project, fromMs) => store.read((from) => from.usage.audioSeconds(project, fromMs)),
});

type Services = Pick<
  Control,
  "config" | "types" | "keys" | "tokens" | "workflows" | "uploads" | "jobs" | "webhooks" | "callbacks" | "gateways"
> & { readonly runs: RunsService };

interface Turning {
  readonly store: Store;
  readonly journal: Journal;
  readonly book: RunBook;
  readonly runner: JobRunner;
  readonly dispatcher: Dispatcher;
  readonly retention: Retention;
  readonly lateness: Lateness;
  readonly admission: Admission;
  readonly clock: ControlOptions["clock"];
  readonly log: ControlOptions["log"];
  readonly delays: ControlOptions["household"]["delays"];
  readonly calls: ControlOptions["household"]["calls"];
  readonly usage: ControlOptions["household"]["usage"];
  readonly deployments: readonly Deployment[];
  readonly traces?: Traces;
}

class OpenControl implements Control {
  readonly config;
  readonly types;
  readonly keys;
  readonly tokens;
  readonly runs: RunsService;
  readonly workflows;
  readonly uploads;
  readonly jobs;
  readonly webhooks;
  readonly callbacks;
  readonly gateways;
  #closed = false;

  constructor(
    services: Services,
    private readonly turning: Turning,
  ) {
    this.config = services.config;
    this.types = services.types;
    this.keys = services.keys;
    this.tokens = services.tokens;
    this.runs = services.runs;
    this.workflows = services.workflows;
    this.uploads = services.uploads;
    this.jobs = services.jobs;
    this.webhooks = services.webhooks;
    this.callbacks = services.callbacks;
    this.gateways = services.gateways;
  }

  async begin(): Promise<void> {
    const { book, runner, dispatcher, retention, lateness } = this.turning;
    await book.recover();
    await runner.recover();
    dispatcher.wake();
    retention.start();
    lateness.start();
    for (const deployment of this.turning.deployments) deployment.begin();
  }

  admitRequest: Control["admitRequest"] = (caller) => this.turning.admission.admitRequest(caller);

  async health(): Promise<Health> {
    const { store, admission, journal } = this.turning;
    const answers = await store
      .read((from) => from.access.projects())
      .then(
        () => journal.failure === undefined,
        () => false,
      );
    const reason = answers
      ? admission.reason
      : (journal.failure ?? new EngineError("STORE_FAILED", "the store does not answer"));
    return {
      store: answers,
      ready: reason === undefined,
      draining: admission.draining,
      ...(reason && { reason: reason.code }),
    };
  }

  async figures(): Promise<Figures> {
    const { store, book, journal, runner, lateness, admission, delays, calls, usage } = this.turning;
    const deliveries = await store.read((from) => from.webhooks.countsByState());
    const runsByState: Record<string, number> = {};
    for (const { state } of [...book.all(), ...book.waiting()]) runsByState[state] = (runsByState[state] ?? 0) + 1;
    const commits = [...journal.commitMs].sort((a, b) => a - b);
    const live = book.all().flatMap((run) => [...run.tracks.values()]);
    return {
      runsByState,
      sessions: this.runs.sessions.size,
      runsStarted: book.started,
      runsRefused: admission.refused,
      finals: book.finals + book.all().reduce((sum, run) => sum + run.finals, 0),
      events: journal.events,
      commits: journal.commits,
      commitMs:
        commits.length === 0 ? { p50: 0, p99: 0 } : { p50: quantile(commits, 0.5), p99: quantile(commits, 0.99) },
      audioSecondsIn:
        book.audioSecondsIn +
        live.reduce((sum, track) => sum + (track.format ? (track.received - track.start) / track.sampleRateHz : 0), 0),
      audioSecondsOut: this.runs.audioSecondsOut,
      missedEvents: this.runs.missedEvents,
      lateMessages: this.runs.lateMessages,
      webhooksWaiting: deliveries.waiting ?? 0,
      webhooksDead: deliveries.dead ?? 0,
      jobsRunning: runner.running,
      lateMs: lateness.quantiles(),
      delays: delays.lines(),
      calls: calls.lines(),
      usage: usage.lines(),
    };
  }

  tidy(): Promise<void> {
    return this.turning.retention.sweep();
  }

  async drain(deadlineMs: number): Promise<void> {
    const { admission, runner, book, clock, dispatcher } = this.turning;
    admission.draining = true;
    runner.stop();
    await this.#stopDeployments();
    const untilMs = clock.nowMs() + Math.max(0, deadlineMs - INTERRUPT_MS);
    while (book.size > 0 && clock.nowMs() < untilMs)
      await clock.sleep(Math.min(DRAIN_LOOK_MS, untilMs - clock.nowMs()));
    await book.interruptAll(INTERRUPT_MS);
    await Promise.race([Promise.all([dispatcher.stop(), this.#closeGateways()]), clock.sleep(INTERRUPT_MS)]);
  }

  async #stopDeployments(): Promise<void> {
    await Promise.all(this.turning.deployments.map((deployment) => deployment.stop()));
  }

  /** Their clients were told how their runs ended, and are sent away now. */
  async #closeGateways(): Promise<void> {
    const { clock, log } = this.turning;
    const enough = new AbortController();
    const late = clock.sleep(GOODBYE_MS, enough.signal).then(
      () => log.warn("a gateway did not close in time"),
      () => {},
    );
    await Promise.race([Promise.all(this.gateways.map(({ doors }) => doors.close())), late]);
    enough.abort();
  }

  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    const { store, book, runner, dispatcher, retention, lateness, journal, admission } = this.turning;
    admission.draining = true;
    runner.stop();
    await this.#stopDeployments();
    retention.stop();
    lateness.stop();
    await book.interruptAll(INTERRUPT_MS);
    await this.#closeGateways();
    book.stop();
    await dispatcher.stop();
    await journal.settled();
    for (const session of this.runs.sessions) session.dismiss();
    await this.turning.traces?.close();
    await store.close();
  }
}
