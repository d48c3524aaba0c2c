import { mkdirSync } from "node:fs";
import { EngineError } from "#engine/errors";
import type { AudioFormat } from "#engine/frames";
import type {
  Acknowledgement,
  Artifact,
  ArtifactOptions,
  Callback,
  Durable,
  Logger,
  Network,
  NodeContext,
  NodeEvent,
  Outbox,
  Resource,
  UsageUnit,
} from "#engine/plugin";
import { seededUuid } from "../node-context.ts";
import type { Resources } from "../resources.ts";
import { InsideClock } from "./inside-clock.ts";
import { type AskIt, type InsideConnections, InsideNetwork } from "./inside-network.ts";
import type { CrossingFacts, Up } from "./messages.ts";

/** What the nodes of one child share. */
export interface InsideShared {
  readonly resources: Resources;
  readonly connections: InsideConnections;
  send(up: Up): void;
}

/** A node's view of the world in a Worker or process of its own: what is not here is asked of the other side. */
export class InsideContext implements NodeContext {
  readonly runId: string;
  readonly nodeId: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly formats: Readonly<Record<string, AudioFormat | undefined>>;
  readonly tracing: boolean;
  readonly clock: InsideClock;
  readonly network: Network;
  readonly log: Logger;
  readonly durable: Durable;
  readonly outbox?: Outbox;
  /** Work that was announced by `outside` and `resource` and is not done. */
  busy = 0;
  readonly #finishes: (() => void)[] = [];
  readonly #releases: (() => Promise<void>)[] = [];
  #random: number;
  readonly #utterances: { readonly before: string; next: number };

  constructor(
    readonly node: number,
    private readonly facts: CrossingFacts,
    readonly signal: AbortSignal,
    private readonly ask: AskIt,
    private readonly shared: InsideShared,
  ) {
    this.runId = facts.runId;
    this.nodeId = facts.nodeId;
    this.labels = facts.labels;
    this.formats = facts.formats;
    this.tracing = facts.tracing;
    const send = shared.send;
    this.clock = new InsideClock(facts, {
      after: (timer, ms) => send({ kind: "after", node, timer, ms }),
      callOff: (timer) => send({ kind: "callOffTimer", node, timer }),
    });
    this.network = new InsideNetwork(ask, shared.connections, (connection, act) =>
      send({ kind: "connection", connection, act }),
    );
    this.log = logTo(node, send);
    this.durable = {
      get: (key) => ask({ what: "durableGet", key }),
      set: async (key, value) => void (await ask({ what: "durableSet", key, value })),
    };
    if (facts.keepsOutbox) this.outbox = { put: async (post) => void (await ask({ what: "outbox", post })) };
    this.#random = Math.floor(facts.seed * 2 ** 32) || 1;
    const [before = "", first = "1"] = facts.firstUtterance.split(/(?=\d+$)/);
    this.#utterances = { before, next: Number(first) };
  }

  get format(): AudioFormat {
    if (this.facts.format) return this.facts.format;
    throw new EngineError(
      "NODE_PROTOCOL",
      `${this.nodeId}: the format of its audio is not known before the first frame`,
    );
  }

  epochMs(): number {
    return this.clock.epochMs();
  }

  /** xorshift32, as on the other side. */
  random(): number {
    let x = this.#random;
    x ^= x << 13;
    x ^= x >>> 17;
    x ^= x << 5;
    this.#random = x >>> 0;
    return this.#random / 2 ** 32;
  }

  newId(): string {
    return this.facts.virtual ? seededUuid(() => this.random()) : crypto.randomUUID();
  }

  newUtterance(): string {
    return `${this.#utterances.before}${this.#utterances.next++}`;
  }

  count(counter: string, by = 1): void {
    this.shared.send({ kind: "count", node: this.node, counter, by });
  }

  usage(unit: UsageUnit, amount: number): void {
    this.shared.send({ kind: "usage", node: this.node, unit, amount });
  }

  gate(samples: number): void {
    this.shared.send({ kind: "gate", node: this.node, samples });
  }

  report(event: NodeEvent): void {
    this.shared.send({ kind: "report", node: this.node, event });
  }

  outside<T>(work: (signal: AbortSignal) => Promise<T>): Promise<T> {
    this.signal.throwIfAborted();
    return this.#busyWith(work(this.signal));
  }

  async artifact(path: string, options?: ArtifactOptions): Promise<Artifact> {
    const { file, path: whole } = await this.ask({ what: "artifact", path, ...(options && { options }) });
    const { node, shared } = this;
    return {
      path: whole,
      write: (bytes) => shared.send({ kind: "write", node, file, bytes: bytes.slice() }),
      writeAt: (at, bytes) => shared.send({ kind: "write", node, file, bytes: bytes.slice(), at }),
      onFinish: (finish) => void this.#finishes.push(finish),
    };
  }

  tempDir(): string {
    mkdirSync(this.facts.tempDir, { recursive: true, mode: 0o700 });
    return this.facts.tempDir;
  }

  async callback(name: string, acknowledge: Acknowledgement): Promise<Callback> {
    const { url } = await this.ask({ what: "callback", name, acknowledge });
    return { url, next: (signal) => this.ask({ what: "callbackNext", name }, signal) };
  }

  async resource<T>(resource: Resource<T>): Promise<T> {
    const { value, release } = await this.#busyWith(this.shared.resources.acquire(resource));
    this.#releases.push(release);
    return value;
  }

  /** The run is over for this node: its files get their last bytes. */
  finish(): void {
    for (const finish of this.#finishes.splice(0)) finish();
  }

  async dispose(): Promise<void> {
    this.clock.dispose();
    for (const release of this.#releases.splice(0).reverse()) await release();
  }

  async #busyWith<T>(work: Promise<T>): Promise<T> {
    this.busy++;
    try {
      return await work;
    } finally {
      this.busy--;
    }
  }
}

function logTo(node: number, send: (up: Up) => void): Logger {
  const at = (level: "debug" | "info" | "warn") => (message: string, facts?: Readonly<Record<string, unknown>>) =>
    send({ kind: "log", node, level, message, ...(facts && { facts }) });
  return { debug: at("debug"), info: at("info"), warn: at("warn") };
}
