import {
  type AttachRequest,
  type Caller,
  type Control,
  defaultServerConfig,
  type Followed,
  type InputTrack,
  type LiveSession,
  type Page,
  type RunMessage,
  type RunView,
  SCOPES,
  type ServerConfig,
  type SessionListener,
  type StartRun,
  type WorkflowView,
} from "#engine/control";
import { EngineError } from "#engine/errors";
import { NodeTypes } from "#engine/plugin";

/** What a test made a control do: calls by name, with their arguments. */
export interface Asked {
  readonly call: string;
  readonly args: readonly unknown[];
}

const ALL: Caller = { project: "default", scopes: new Set(SCOPES) };

/** A run that a test holds in its hands. */
export class FakeRun {
  readonly events: RunMessage[] = [];
  readonly sessions = new Set<FakeSession>();
  readonly tracks: Record<
    string,
    { received: number; kept: number; bytes: number[]; ended: boolean; kind: "audio" | "text" }
  > = {};
  readonly texts: string[] = [];
  readonly controls: string[] = [];
  state: RunView["state"] = "running";
  windowSamples = 160_000;
  #waiters: (() => void)[] = [];

  constructor(
    readonly id: string,
    readonly request: StartRun,
  ) {
    for (const [track, binding] of Object.entries(request.inputs ?? {}))
      if ("live" in binding)
        this.tracks[track] = {
          received: 0,
          kept: 0,
          bytes: [],
          ended: false,
          kind: "kind" in binding.live ? "text" : "audio",
        };
  }

  /** Tells an event; durable ones get the next id. */
  tell(type: RunMessage["type"], data: object, durable = true): RunMessage {
    const last = this.events.findLast((event) => event.id !== undefined)?.id ?? 0;
    const event = {
      ...(durable && { id: last + 1 }),
      run: this.id,
      type,
      version: 1,
      atMs: 1_000,
      generation: 1,
      labels: this.request.labels ?? {},
      data,
    } as RunMessage;
    if (durable) this.events.push(event);
    for (const session of this.sessions) session.listener.send({ type: "event", event });
    for (const wake of this.#waiters.splice(0)) wake();
    return event;
  }

  final(text: string, more: object = {}): RunMessage {
    return this.tell("text.final", {
      output: "text",
      node: "asr",
      role: "transcript",
      text,
      utterance: "u1",
      revision: 1,
      final: true,
      stableChars: text.length,
      startSample: 0,
      endSample: 16_000,
      sampleRateHz: 16_000,
      ...more,
    });
  }

  end(state: "done" | "failed" | "cancelled" = "done", error?: { code: string; message: string }): void {
    if (this.state === state) return;
    this.state = state;
    this.tell("run.ended", { state, drained: false, failures: [], durationMs: 5, ...(error && { error }) });
    for (const session of [...this.sessions]) session.listener.send({ type: "closed", reason: "the run has ended" });
  }

  /** Says that all that was received is safe. */
  keep(track: string): void {
    const found = this.tracks[track]!;
    found.kept = found.received;
    this.position(track);
  }

  position(track: string): void {
    const { received, kept } = this.tracks[track]!;
    for (const session of this.sessions) session.listener.send({ type: "position", track, received, kept });
  }

  get ended(): boolean {
    return this.state === "done" || this.state === "failed" || this.state === "cancelled";
  }

  inputs(): InputTrack[] {
    return Object.entries(this.tracks).map(([track, { received, kept, ended, kind }]) => ({
      track,
      kind,
      ...(kind === "audio" && { format: { encoding: "s16le", sampleRateHz: 16_000, channels: 1 } }),
      received,
      kept,
      windowSamples: kind === "audio" ? this.windowSamples : 100,
      ended,
    }));
  }

  view(): RunView {
    return {
      id: this.id,
      project: "default",
      workflow: { name: typeof this.request.workflow === "string" ? this.request.workflow : "inline" },
      state: this.state,
      labels: this.request.labels ?? {},
      createdAtMs: 1_000,
      ...(this.ended && { endedAtMs: 2_000 }),
      generation: 1,
      inputs: this.inputs(),
      outputs: [
        { track: "text", kinds: ["text"] },
        { track: "speech", kinds: ["audio"], sampleRateHz: 16_000, channels: 1 },
      ],
      lastEventId: this.events.at(-1)?.id ?? 0,
      keep: "all",
    };
  }

  async *follow(after: number, signal: AbortSignal): AsyncGenerator<Followed> {
    let told = after;
    signal.addEventListener("abort", () => {
      for (const wake of this.#waiters.splice(0)) wake();
    });
    for (;;) {
      const next = this.events.find((event) => (event.id ?? 0) > told);
      if (next) {
        told = next.id!;
        yield { type: "event", event: next };
        if (next.type === "run.ended") return;
      } else if (this.ended || signal.aborted) return;
      else
        await new Promise<void>((resolve) => {
          this.#waiters.push(resolve);
        });
    }
  }
}

/** A session as the real control keeps it, as far as its socket can tell. */
export class FakeSession implements LiveSession {
  readonly project = "default";
  open = true;
  writables = 0;

  constructor(
    readonly run: FakeRun,
    readonly request: AttachRequest,
    readonly listener: SessionListener,
    readonly changed: (what: string) => void = () => {},
  ) {}

  get runId(): string {
    return this.run.id;
  }
  get inputs() {
    return this.run.inputs();
  }
  get outputs() {
    return this.run.view().outputs;
  }

  push(track: string, message: Uint8Array, startSample?: number, fromByte = 0): void {
    const bytes = message.subarray(fromByte);
    const found = this.run.tracks[track];
    if (!found) throw new EngineError("TRACK_UNKNOWN", `no track ${track}`);
    if (found.ended) throw new EngineError("TRACK_ENDED", `${track} has ended`);
    const at = startSample ?? found.received;
    if (at > found.received) throw new EngineError("CHUNK_INVALID", `a gap before ${at}`);
    found.bytes.push(...bytes.subarray((found.received - at) * 2));
    found.received = Math.max(found.received, at + bytes.length / 2);
    this.changed("audio");
  }

  inlet(number: number) {
    const track = this.inputs[number]?.track;
    if (track === undefined) return undefined;
    return {
      push: (bytes: Uint8Array, startSample?: number, fromByte?: number) =>
        this.push(track, bytes, startSample, fromByte),
    };
  }

  pushText(track: string, text: string): void {
    const found = this.run.tracks[track];
    if (!found) throw new EngineError("TRACK_UNKNOWN", `no track ${track}`);
    this.run.texts.push(text);
    found.received += 1;
    this.changed("text");
  }

  flush(): void {
    this.run.controls.push("flush");
    this.changed("flush");
  }
  mute(track: string, muted: boolean): void {
    this.run.controls.push(`mute ${track} ${muted}`);
    this.changed("mute");
  }
  end(track?: string): void {
    this.run.controls.push(`end ${track ?? "all"}`);
    for (const [name, found] of Object.entries(this.run.tracks))
      if (track === undefined || name === track) found.ended = true;
    this.changed("end");
  }
  writable(): void {
    this.writables += 1;
  }
  close(): void {
    this.open = false;
    this.run.sessions.delete(this);
    this.changed("left");
  }
}

/**
 * A control that keeps everything in memory and does nothing by itself. It stands for the real one where what is tested is the door to it:
 * routes, sockets and clients.
 */
export class FakeControl implements Control {
  readonly config: ServerConfig;
  readonly types = new NodeTypes([]);
  readonly gateways = [];
  readonly asked: Asked[] = [];
  readonly made = new Map<string, FakeRun>();
  readonly stored = new Map<string, string>();
  readonly uploaded = new Map<string, Uint8Array>();
  /** Called when a run was started. */
  onStart: (run: FakeRun) => void = () => {};
  /** Called when a session did something. */
  onSession: (what: string, session: FakeSession) => void = () => {};
  /** By bearer; while it is empty nobody needs a key. */
  readonly callers = new Map<string, Caller>();
  limitReached = false;
  ready = true;

  constructor(config: Partial<ServerConfig> = {}) {
    this.config = { ...defaultServerConfig(), ...config };
  }

  run(id: string): FakeRun {
    const run = this.made.get(id);
    if (!run) throw new EngineError("RUN_NOT_FOUND", `no run ${id}`);
    return run;
  }

  readonly keys: Control["keys"] = {
    authenticate: async (bearer) => {
      const caller = this.callers.get(bearer);
      if (!caller) throw new EngineError("KEY_REFUSED", "the key is not known");
      return caller;
    },
    anonymous: async () => {
      if (this.callers.size > 0) throw new EngineError("KEY_REFUSED", "a key is needed");
      return ALL;
    },
    create: async (key) => ({ key: { ...key, id: "k1", createdAtMs: 1 }, secret: "s" }),
    list: async () => [],
    revoke: async () => undefined,
  };

  readonly tokens: Control["tokens"] = {
    create: async (caller, request) => {
      this.note("tokens.create", request);
      const token = `t${this.callers.size}`;
      if (this.callers.size > 0) this.callers.set(token, { ...caller, only: request.for });
      return { token, expiresAtMs: 5_000 };
    },
  };

  readonly runs: Control["runs"] = {
    start: async (caller, request, options) => {
      this.note("runs.start", request, options, caller.project);
      const run = new FakeRun(`r${this.made.size + 1}`, request);
      this.made.set(run.id, run);
      this.onStart(run);
      return { ...run.view(), notes: [] };
    },
    list: async (_caller, filter) => {
      this.note("runs.list", filter);
      return page([...this.made.values()].map((run) => run.view()));
    },
    get: async (caller, id) => {
      if (caller.project !== "default") throw new EngineError("RUN_NOT_FOUND", `no run ${id}`);
      return this.run(id).view();
    },
    update: async (_caller, id, node, fields) => {
      this.note("runs.update", this.run(id).id, node, fields);
      if (node !== "vad") throw new EngineError("NODE_NOT_FOUND", `the run has no node ${node}`);
    },
    drain: async (_caller, id) => this.run(id).view(),
    cancel: async (_caller, id, reason) => {
      this.note("runs.cancel", id, reason);
      this.run(id).end("cancelled");
      return this.run(id).view();
    },
    delete: async (_caller, id) => {
      this.made.delete(this.run(id).id);
    },
    deleteByLabels: async (_caller, labels) => {
      this.note("runs.deleteByLabels", labels);
      return 2;
    },
    follow: async (_caller, id, { after, signal }) => this.run(id).follow(after ?? 0, signal),
    transcript: async (_caller, id, request) => {
      this.note("runs.transcript", this.run(id).id, request);
      return { mediaType: "text/vtt; charset=utf-8", body: "WEBVTT\n" };
    },
    finals: async () => [],
    artifacts: async (_caller, id) => [{ name: this.run(id).id, bytes: 3, partial: false, createdAtMs: 1 }],
    artifact: async (_caller, _id, name) => {
      const path = this.files.get(name);
      if (path === undefined) throw new EngineError("ARTIFACT_NOT_FOUND", "no such file");
      return { path, bytes: Bun.file(path).size, mediaType: "text/html", name };
    },
    recording: async () => {
      throw new EngineError("ARTIFACT_NOT_FOUND", "nothing was recorded");
    },
    accounts: async (_caller, id) => ({ state: this.run(id).state, edges: [], nodes: [], imbalances: [], lagMs: {} }),
    usage: async (_caller, filter) => {
      this.note("runs.usage", filter);
      return [{ of: "", runs: 1, audioSeconds: 2.5, characters: 0, requests: 0, finals: 1 }];
    },
    attach: async (_caller, id, request, listener) => {
      const run = this.run(id);
      if (run.ended) throw new EngineError("RUN_ENDED", `run ${id} has ended`);
      this.note("runs.attach", id, request);
      const session = new FakeSession(run, request, listener, (what) => this.onSession(what, session));
      if (request.sends)
        for (const other of run.sessions)
          if (other.request.sends)
            other.listener.send({ type: "closed", code: "TRACK_TAKEN", reason: "another one sends" });
      run.sessions.add(session);
      for (const event of run.events)
        if (request.after !== undefined && (event.id ?? 0) > request.after) listener.send({ type: "event", event });
      this.onSession("joined", session);
      return session;
    },
  };

  /** By name, what `artifact` finds. */
  readonly files = new Map<string, string>();

  readonly workflows: Control["workflows"] = {
    save: async (_caller, name, text) => {
      this.note("workflows.save", name, text);
      if (text.includes("broken"))
        throw new EngineError("WORKFLOW_INVALID", "1 finding", {
          details: {
            findings: [{ file: name, line: 1, column: 2, severity: "error", code: "KEY_UNKNOWN", message: "no" }],
          },
        });
      this.stored.set(name, text);
      return { ...workflowView(name), findings: [] };
    },
    list: async () => page([...this.stored.keys()].map(workflowView)),
    get: async (_caller, reference) => {
      const [name = ""] = reference.split("@");
      const text = this.stored.get(name);
      if (text === undefined) throw new EngineError("WORKFLOW_NOT_FOUND", `no workflow ${reference}`);
      return { ...workflowView(name), text };
    },
    versions: async (_caller, name) => [workflowView(name)],
    delete: async (_caller, reference) => void this.stored.delete(reference),
    lint: async () => [],
    plan: async () => ({ findings: [] }),
  };

  readonly uploads: Control["uploads"] = {
    create: async (_caller, body, about) => {
      const bytes = new Uint8Array(await new Response(body).arrayBuffer());
      const id = `u${this.uploaded.size + 1}`;
      this.note("uploads.create", bytes.length, about);
      this.uploaded.set(id, bytes);
      return { id, bytes: bytes.length, createdAtMs: 1, ...about };
    },
    get: async (_caller, id) => {
      const bytes = this.uploaded.get(id);
      if (!bytes) throw new EngineError("UPLOAD_NOT_FOUND", `no upload ${id}`);
      return { id, bytes: bytes.length, createdAtMs: 1 };
    },
    file: async () => {
      throw new EngineError("UPLOAD_NOT_FOUND", "no upload");
    },
    delete: async (_caller, id) => {
      this.note("uploads.delete", id);
      this.uploaded.delete(id);
    },
  };

  readonly jobs: Control["jobs"] = {
    start: async (_caller, request, options) => {
      this.note("jobs.start", request, options);
      return job(request.items.length);
    },
    list: async () => page([job(1)]),
    get: async (_caller, id) => {
      if (id !== "j1") throw new EngineError("JOB_NOT_FOUND", `no job ${id}`);
      return job(1);
    },
    items: async () => page([{ index: 0, state: "done" as const, attempts: 1, runId: "r1" }]),
    cancel: async () => ({ ...job(1), state: "cancelled" as const }),
  };

  readonly webhooks: Control["webhooks"] = {
    create: async (_caller, webhook) => {
      this.note("webhooks.create", webhook);
      return { webhook: { ...webhook, id: "w1", createdAtMs: 1, enabled: true }, secret: "shown once" };
    },
    list: async () => [],
    get: async (_caller, id) => {
      throw new EngineError("WEBHOOK_NOT_FOUND", `no webhook ${id}`);
    },
    delete: async () => undefined,
    rotate: async () => ({ secret: "another" }),
    deliveries: async () => page([]),
    redeliver: async (_caller, id) => {
      throw new EngineError("DELIVERY_NOT_FOUND", `no delivery ${id}`);
    },
  };

  readonly callbacks: Control["callbacks"] = {
    receive: async (token, request) => {
      if (token !== "token-of-a-vendor") throw new EngineError("CALLBACK_NOT_FOUND", "nobody waits at this address");
      this.note("callbacks.receive", request.method, request.query, new TextDecoder().decode(request.body));
      return { status: 202, mediaType: "text/plain", body: "noted" };
    },
  };

  admitRequest(): void {
    if (this.limitReached)
      throw new EngineError("QUOTA_EXCEEDED", "more requests than the quota allows", {
        details: { retryAfterMs: 1500 },
      });
  }

  async health() {
    return { store: true, ready: this.ready, draining: false };
  }

  async figures() {
    return {
      runsByState: { running: 3 },
      sessions: 2,
      runsStarted: 7,
      runsRefused: 0,
      finals: 11,
      events: 20,
      commits: 9,
      commitMs: { p50: 0.5, p99: 2 },
      audioSecondsIn: 12.5,
      audioSecondsOut: 0,
      missedEvents: 0,
      lateMessages: 0,
      webhooksWaiting: 0,
      webhooksDead: 0,
      jobsRunning: 0,
      lateMs: { p50: 0.1, p99: 1 },
      delays: [{ type: "acme.tts", what: "firstAudio", count: 2, seconds: 0.3, p50Ms: 100, p99Ms: 200 }],
      usage: [
        { type: "acme.asr", unit: "audioSeconds" as const, amount: 12.5 },
        { type: "acme.asr", unit: "gatedSamples" as const, amount: 160_000 },
      ],
      calls: [{ type: "acme.vad", what: "batch", count: 3, seconds: 0.00006, p50Ms: 0.002, p99Ms: 0.004 }],
    };
  }

  async drain(): Promise<void> {
    for (const run of this.made.values())
      for (const session of [...run.sessions])
        session.listener.send({ type: "closed", code: "SERVER_DRAINING", reason: "the server ends" });
  }

  async tidy(): Promise<void> {}

  async close(): Promise<void> {}

  /** The arguments of the last call of that name. */
  last(call: string): readonly unknown[] | undefined {
    return this.asked.findLast((asked) => asked.call === call)?.args;
  }

  private note(call: string, ...args: unknown[]): void {
    this.asked.push({ call, args });
  }
}

const page = <T>(items: readonly T[]): Page<T> => ({ items });

const workflowView = (name: string): WorkflowView => ({
  name,
  version: 1,
  createdAtMs: 1,
  inputs: [{ name: "talk", kind: "audio" }],
  outputs: ["text"],
});

const job = (items: number) => ({
  id: "j1",
  state: "queued" as const,
  workflow: { name: "w" },
  labels: {},
  createdAtMs: 1,
  items,
  done: 0,
  failed: 0,
});
