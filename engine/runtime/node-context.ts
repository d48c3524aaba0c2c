import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { EngineError } from "#engine/errors";
import type { AudioFormat } from "#engine/frames";
import type {
  Acknowledgement,
  Artifact,
  ArtifactOptions,
  Callback,
  Clock,
  Desk,
  Durable,
  Logger,
  NodeContext,
  NodeEvent,
  Outbox,
  Resource,
  UsageUnit,
} from "#engine/plugin";
import type { PlannedNode } from "#engine/workflow";
import { GrowingFile } from "./artifacts.ts";
import { CountingClock } from "./counting-clock.ts";
import type { Delays } from "./delays.ts";
import { type ClockedNetwork, type NetworkRules, NodeNetwork } from "./network/node-network.ts";
import { portsOf } from "./planned-ports.ts";
import type { Resources } from "./resources.ts";
import type { UsageBook } from "./usage-book.ts";
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
  /** What the networks of its nodes may reach, by the run. */
  readonly rules: NetworkRules;
  readonly desk: Desk;
  readonly usage: UsageBook;
  /** Of nodes that have none of their own: aborts when the run is cut off. */
  readonly signal: AbortSignal;
  epochMs(): number;
  /** Somebody wants to see the wire of this node. */
  traces(nodeId: string): boolean;
  report(nodeId: string, event: NodeEvent): void;
  moved(): void;
}

const NOTHING_COUNTED: Readonly<Record<string, number>> = Object.freeze({});
const NO_FILES: readonly GrowingFile[] = Object.freeze([]);

/** One node's view of the world, and what it has used of it. What few nodes ask for is made when it is asked for. */
export class RunNodeContext implements NodeContext {
  readonly outbox?: Outbox;
  readonly tracing: boolean;
  gated = 0;
  /** Where something is measured of the node. */
  delays: Delays | undefined;
  readonly #lender: Lender;
  readonly #planned: PlannedNode;
  readonly #work: { readonly signal: AbortSignal };
  #clock: CountingClock | undefined;
  #network: NodeNetwork | undefined;
  #durable: Durable | undefined;
  #counters: Record<string, number> | undefined;
  #used: Partial<Record<UsageUnit, number>> | undefined;
  #files: GrowingFile[] | undefined;
  #releases: (() => Promise<void>)[] | undefined;
  #temporary: string | undefined;
  #disposed = false;
  #utterances = 0;
  #requests = 0;
  #owing = 0;
  #random: number;

  /** @param work what aborts with the node: the task, or the run. */
  constructor(
    lender: Lender,
    planned: PlannedNode,
    readonly index: number,
    work: { readonly signal: AbortSignal },
  ) {
    this.#lender = lender;
    this.#planned = planned;
    this.#work = work;
    const outbox = lender.desk.outbox?.(lender.runId);
    if (outbox) this.outbox = guarded(outbox, lender.rules.guard);
    this.tracing = lender.traces(planned.id);
    this.#random = (lender.seed ^ Math.imul(index + 1, 0x9e3779b1)) >>> 0 || 1;
  }

  get runId(): string {
    return this.#lender.runId;
  }

  get nodeId(): string {
    return this.#planned.id;
  }

  get labels(): Readonly<Record<string, string>> {
    return this.#lender.labels;
  }

  get formats(): Readonly<Record<string, AudioFormat | undefined>> {
    return this.#planned.formats;
  }

  get log(): Logger {
    return this.#lender.log;
  }

  get signal(): AbortSignal {
    return this.#work.signal;
  }

  get clock(): CountingClock {
    this.#clock ??= new CountingClock(this.#lender.clock);
    return this.#clock;
  }

  get network(): NodeNetwork {
    if (!this.#network) {
      const trace = this.tracing ? (event: NodeEvent) => this.report(event) : undefined;
      this.#network = new NodeNetwork(reachOf(this.#planned), this.#lender.network, this.#lender.rules, trace);
      if (this.#disposed) this.#network.dispose(); // nothing is reached after the end
    }
    return this.#network;
  }

  get durable(): Durable {
    this.#durable ??= this.#lender.desk.durable(this.runId, this.nodeId);
    return this.#durable;
  }

  get counters(): Readonly<Record<string, number>> {
    return this.#counters ?? NOTHING_COUNTED;
  }

  get used(): Readonly<Partial<Record<UsageUnit, number>>> {
    return this.#used ?? NOTHING_COUNTED;
  }

  get files(): readonly GrowingFile[] {
    return this.#files ?? NO_FILES;
  }

  get format(): AudioFormat {
    const port = portsOf(this.#planned).mainInput;
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
    return this.#lender.epochMs();
  }

  newId(): string {
    return this.#lender.clock.virtual ? seededUuid(() => this.random()) : crypto.randomUUID();
  }

  newUtterance(): string {
    this.#utterances++;
    const { generation } = this.#lender;
    return `${this.nodeId}-${generation === 0 ? "" : `${generation}.`}${this.#utterances}`;
  }

  count(counter: string, by = 1): void {
    this.#counters ??= {};
    this.#counters[counter] = (this.#counters[counter] ?? 0) + by;
  }

  usage(unit: UsageUnit, amount: number): void {
    this.#used ??= {};
    this.#used[unit] = (this.#used[unit] ?? 0) + amount;
    this.#lender.usage.add(this.#planned.type, unit, amount);
  }

  gate(samples: number): void {
    this.gated += samples;
  }

  report(event: NodeEvent): void {
    if (event.type === "opened" && typeof event.tookMs === "number") this.delays?.add("connect", event.tookMs);
    this.#lender.report(this.nodeId, event);
  }

  async outside<T>(work: (signal: AbortSignal) => Promise<T>): Promise<T> {
    this.signal.throwIfAborted();
    try {
      const answer = within(
        work(this.signal),
        this.#lender.outsideMs,
        () =>
          new EngineError(
            "OUTSIDE_UNANSWERED",
            `${this.nodeId}: work outside the loop gave no answer for ${this.#lender.outsideMs} ms`,
          ),
      );
      return await this.announced(answer);
    } finally {
      this.#lender.moved();
    }
  }

  /**
   * Under a virtual clock: time stands still for this.
   * @param free asked while waiting; see `VirtualClock.owe`.
   */
  announced<T>(work: Promise<T>, free?: () => boolean): Promise<T> {
    const { clock, order } = this.#lender;
    if (!(clock instanceof VirtualClock)) return work;
    this.#owing++;
    return clock.owe([order, this.index, this.#requests++], work, free).finally(() => this.#owing--);
  }

  /** `announced` for a hook that may itself wait on the clock, or for something that is announced. */
  announcedHook<T>(work: Promise<T>): Promise<T> {
    return this.announced(work, () => this.#waits || this.#owing > 1);
  }

  /** For the clock, or for something on the network. */
  get #waits(): boolean {
    return (this.#clock?.pending ?? 0) > 0 || (this.#network?.pending ?? 0) > 0;
  }

  async artifact(path: string, options?: ArtifactOptions): Promise<Artifact> {
    const file = new GrowingFile(path, this.nodeId, this.runId, options);
    this.#files ??= [];
    this.#files.push(file);
    return file;
  }

  tempDir(): string {
    this.#temporary ??= mkdtempSync(join(tmpdir(), "parlando-run-"));
    return this.#temporary;
  }

  async callback(name: string, acknowledge: Acknowledgement): Promise<Callback> {
    const { definition, config, type } = this.#planned;
    if (!definition.calledBack?.(config))
      throw new EngineError("NODE_PROTOCOL", `${this.nodeId}: ${type} does not declare that it is called back`);
    return this.#lender.desk.callback({ runId: this.runId, nodeId: this.nodeId, name }, acknowledge);
  }

  async resource<T>(resource: Resource<T>): Promise<T> {
    const { value, release } = await this.announced(this.#lender.resources.acquire(resource));
    this.#releases ??= [];
    this.#releases.push(release);
    return value;
  }

  /** Ends what is open on the network, gives back resources, the latest first, and removes the temporary folder. */
  async dispose(): Promise<void> {
    if (!this.#disposed && this.gated > 0) this.#lender.usage.add(this.#planned.type, "gatedSamples", this.gated);
    this.#disposed = true;
    this.#network?.dispose();
    const releases = this.#releases ?? [];
    this.#releases = undefined;
    for (const release of releases.reverse()) await release();
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

type Reach = NodeNetwork["node"];

const reaches = new WeakMap<PlannedNode, Reach>();

/** What a node may reach: by the effects of its type, or by its own settings. The same for all runs of its plan. */
function reachOf(planned: PlannedNode): Reach {
  const known = reaches.get(planned);
  if (known) return known;
  const { id, type, definition, config } = planned;
  const mayReach = definition.effects?.includes("network") || definition.fetches?.(config) || false;
  const reach: Reach = { id, type, mayReach };
  reaches.set(planned, reach);
  return reach;
}
