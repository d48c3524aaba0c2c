import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { EngineError } from "#engine/errors";
import type { AudioFormat } from "#engine/frames";
import {
  type Acknowledgement,
  type Artifact,
  type ArtifactOptions,
  type Callback,
  type Clock,
  type Desk,
  type Durable,
  defaultPort,
  type Logger,
  type NodeContext,
  type NodeEvent,
  type Outbox,
  type Resource,
  type UsageUnit,
} from "#engine/plugin";
import type { PlannedNode } from "#engine/workflow";
import { GrowingFile } from "./artifacts.ts";
import { type ClockedNetwork, type NetworkRules, NodeNetwork } from "./network/node-network.ts";
import type { Resources } from "./resources.ts";
import { sleepOn } from "./system-clock.ts";
import { VirtualClock } from "./virtual-clock.ts";
import { within } from "./within.ts";

/** What a run lends to the contexts of its nodes. */
export interface Lender {
  readonly runId: string;
  /** Distinguishes runs that share a clock: earlier runs first. */
  readonly order: number;
  readonly labels: Readonly<Record<string, string>>;
  readonly clock: Clock;
  readonly resources: Resources;
  readonly outsideMs: number;
  readonly seed: number;
  /** How often the run has been taken up again: ids of utterances differ by it. */
  readonly generation: number;
  readonly log: Logger;
  readonly network: ClockedNetwork;
  readonly guard?: NetworkRules["guard"];
  readonly desk: Desk;
  epochMs(): number;
  /** Somebody wants to see the wire of this node. */
  traces(nodeId: string): boolean;
  report(nodeId: string, event: NodeEvent): void;
  moved(): void;
}

/** One node's view of the world, and what it has used of it. */
export class RunNodeContext implements NodeContext {
  readonly runId: string;
  readonly nodeId: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly formats: Readonly<Record<string, AudioFormat | undefined>>;
  readonly clock: CountingClock;
  readonly log: Logger;
  readonly network: NodeNetwork;
  readonly durable: Durable;
  readonly outbox?: Outbox;
  readonly tracing: boolean;
  readonly counters: Record<string, number> = {};
  readonly used: Partial<Record<UsageUnit, number>> = {};
  gated = 0;
  readonly files: GrowingFile[] = [];
  readonly #releases: (() => Promise<void>)[] = [];
  #temporary: string | undefined;
  #utterances = 0;
  #requests = 0;
  #owing = 0;
  #random: number;

  constructor(
    private readonly lender: Lender,
    private readonly planned: PlannedNode,
    readonly index: number,
    readonly signal: AbortSignal,
  ) {
    this.runId = lender.runId;
    this.nodeId = planned.id;
    this.labels = lender.labels;
    this.formats = planned.formats;
    this.clock = new CountingClock(lender.clock);
    this.log = lender.log;
    this.network = new NodeNetwork(
      { id: planned.id, type: planned.type, mayReach: mayReach(planned) },
      lender.network,
      { virtual: lender.clock.virtual, ...(lender.guard && { guard: lender.guard }) },
    );
    this.durable = lender.desk.durable(lender.runId, planned.id);
    const outbox = lender.desk.outbox?.(lender.runId);
    if (outbox) this.outbox = guarded(outbox, lender.guard);
    this.tracing = lender.traces(planned.id);
    this.#random = (lender.seed ^ Math.imul(index + 1, 0x9e3779b1)) >>> 0 || 1;
  }

  get format(): AudioFormat {
    const port = defaultPort(this.planned.definition.inputs(this.planned.config));
    const format = port === undefined ? undefined : this.formats[port];
    if (!format)
      throw new EngineError(
        "NODE_PROTOCOL",
        `${this.nodeId}: the format of its audio is not known before the first frame`,
      );
    return format;
  }

  /** xorshift32: small, seeded, and good enough for jitter. */
  random(): number {
    let x = this.#random;
    x ^= x << 13;
    x ^= x >>> 17;
    x ^= x << 5;
    this.#random = x >>> 0;
    return this.#random / 2 ** 32;
  }

  epochMs(): number {
    return this.lender.epochMs();
  }

  newId(): string {
    return this.lender.clock.virtual ? seededUuid(() => this.random()) : crypto.randomUUID();
  }

  newUtterance(): string {
    this.#utterances++;
    const { generation } = this.lender;
    return `${this.nodeId}-${generation === 0 ? "" : `${generation}.`}${this.#utterances}`;
  }

  count(counter: string, by = 1): void {
    this.counters[counter] = (this.counters[counter] ?? 0) + by;
  }

  usage(unit: UsageUnit, amount: number): void {
    this.used[unit] = (this.used[unit] ?? 0) + amount;
  }

  gate(samples: number): void {
    this.gated += samples;
  }

  report(event: NodeEvent): void {
    this.lender.report(this.nodeId, event);
  }

  async outside<T>(work: (signal: AbortSignal) => Promise<T>): Promise<T> {
    this.signal.throwIfAborted();
    try {
      const answer = within(
        work(this.signal),
        this.lender.outsideMs,
        () =>
          new EngineError(
            "OUTSIDE_UNANSWERED",
            `${this.nodeId}: work outside the loop gave no answer for ${this.lender.outsideMs} ms`,
          ),
      );
      return await this.announced(answer);
    } finally {
      this.lender.moved();
    }
  }

  /**
   * Under a virtual clock: time stands still for this.
   * @param free asked while waiting; see `VirtualClock.owe`.
   */
  announced<T>(work: Promise<T>, free?: () => boolean): Promise<T> {
    const { clock, order } = this.lender;
    if (!(clock instanceof VirtualClock)) return work;
    this.#owing++;
    return clock.owe([order, this.index, this.#requests++], work, free).finally(() => this.#owing--);
  }

  /** `announced` for a hook that may itself wait on the clock, or for something that is announced. */
  announcedHook<T>(work: Promise<T>): Promise<T> {
    return this.announced(work, () => this.clock.pending > 0 || this.network.pending > 0 || this.#owing > 1);
  }

  async artifact(path: string, options?: ArtifactOptions): Promise<Artifact> {
    const file = new GrowingFile(path, this.nodeId, this.runId, options);
    this.files.push(file);
    return file;
  }

  tempDir(): string {
    this.#temporary ??= mkdtempSync(join(tmpdir(), "parlando-run-"));
    return this.#temporary;
  }

  async callback(name: string, acknowledge: Acknowledgement): Promise<Callback> {
    const { definition, config, type } = this.planned;
    if (!definition.calledBack?.(config))
      throw new EngineError("NODE_PROTOCOL", `${this.nodeId}: ${type} does not declare that it is called back`);
    return this.lender.desk.callback({ runId: this.runId, nodeId: this.nodeId, name }, acknowledge);
  }

  async resource<T>(resource: Resource<T>): Promise<T> {
    const { value, release } = await this.announced(this.lender.resources.acquire(resource));
    this.#releases.push(release);
    return value;
  }

  /** Ends what is open on the network, gives back resources, the latest first, and removes the temporary folder. */
  async dispose(): Promise<void> {
    this.network.dispose();
    for (const release of this.#releases.splice(0).reverse()) await release();
    if (this.#temporary) rmSync(this.#temporary, { recursive: true, force: true });
  }
}

/** What is not to be reached is refused before it is stored, as it would be without an outbox. */
const guarded = (outbox: Outbox, guard: NetworkRules["guard"]): Outbox => ({
  async put(post) {
    await guard?.(new URL(post.url));
    await outbox.put(post);
  },
});

/** A version 4 UUID made of random numbers from 0 to below 1. */
export function seededUuid(random: () => number): string {
  const hex = (digits: number) =>
    Math.floor(random() * 16 ** digits)
      .toString(16)
      .padStart(digits, "0");
  const variant = (8 + Math.floor(random() * 4)).toString(16);
  return `${hex(8)}-${hex(4)}-4${hex(3)}-${variant}${hex(3)}-${hex(6)}${hex(6)}`;
}

/** A clock that knows how many of its timers are pending. */
export class CountingClock implements Clock {
  pending = 0;

  constructor(readonly inner: Clock) {}

  get virtual(): boolean {
    return this.inner.virtual;
  }

  nowMs(): number {
    return this.inner.nowMs();
  }

  after(ms: number, call: () => void): () => void {
    this.pending++;
    let open = true;
    const settle = () => {
      if (open) this.pending--;
      open = false;
    };
    const callOff = this.inner.after(ms, () => {
      settle();
      call();
    });
    return () => {
      settle();
      callOff();
    };
  }

  sleep(ms: number, signal?: AbortSignal): Promise<void> {
    return sleepOn(this, ms, signal);
  }
}

/** By the effects of its type, or by its own settings. */
const mayReach = ({ definition, config }: PlannedNode): boolean =>
  definition.effects?.includes("network") || definition.fetches?.(config) || false;
