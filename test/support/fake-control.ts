import {
  type Caller,
  type Control,
  defaultServerConfig,
  type Page,
  SCOPES,
  type ServerConfig,
  type WorkflowView,
} from "#engine/control";
import { EngineError } from "#engine/errors";
import { NodeTypes } from "#engine/plugin";
import { FIGURES } from "./fake-figures.ts";
import { FakeRun, FakeSession } from "./fake-run.ts";

/** What a test made a control do: calls by name, with their arguments. */
export interface Asked {
  readonly call: string;
  readonly args: readonly unknown[];
}

const ALL: Caller = { project: "default", scopes: new Set(SCOPES) };

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
    return FIGURES;
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
