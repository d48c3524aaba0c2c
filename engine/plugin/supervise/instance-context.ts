import type { AudioFormat } from "#engine/frames";
import type { Artifact, ArtifactOptions } from "../artifact.ts";
import type { Acknowledgement, Callback, Durable } from "../callback.ts";
import type { Clock } from "../clock.ts";
import type { Logger, NodeContext, NodeEvent, UsageUnit } from "../context.ts";
import type { Network } from "../link/network.ts";
import type { Outbox } from "../outbox.ts";
import type { Resource } from "../resource.ts";

/** What an instance has of its own. */
export type OwnContext = Pick<NodeContext, "formats" | "signal" | "newUtterance"> &
  Partial<Pick<NodeContext, "format">>;

/** The context that one instance sees: the node's own, but for what ends with the instance. */
export const instanceContext = (ctx: NodeContext, own: OwnContext): NodeContext => new InstanceContext(ctx, own);

/** A class, since each run of a vendor's node holds one: an object of functions weighs a kilobyte. */
class InstanceContext implements NodeContext {
  readonly runId: string;
  readonly nodeId: string;
  readonly labels: NodeContext["labels"];
  readonly clock: Clock;
  readonly formats: NodeContext["formats"];
  readonly signal: AbortSignal;
  readonly tracing: boolean;
  declare readonly outbox?: Outbox;

  constructor(
    readonly outer: NodeContext,
    readonly own: OwnContext,
  ) {
    this.runId = outer.runId;
    this.nodeId = outer.nodeId;
    this.labels = outer.labels;
    this.clock = outer.clock;
    this.formats = own.formats;
    this.signal = own.signal;
    this.tracing = outer.tracing;
    if (outer.outbox) this.outbox = outer.outbox;
  }

  get format(): AudioFormat {
    return this.own.format ?? this.outer.format;
  }

  get network(): Network {
    return this.outer.network;
  }

  get durable(): Durable {
    return this.outer.durable;
  }

  get log(): Logger {
    return this.outer.log;
  }

  newUtterance(): string {
    return this.own.newUtterance();
  }

  epochMs(): number {
    return this.outer.epochMs();
  }

  random(): number {
    return this.outer.random();
  }

  newId(): string {
    return this.outer.newId();
  }

  count(counter: string, by?: number): void {
    this.outer.count(counter, by);
  }

  usage(unit: UsageUnit, amount: number): void {
    this.outer.usage(unit, amount);
  }

  gate(samples: number): void {
    this.outer.gate(samples);
  }

  report(event: NodeEvent): void {
    this.outer.report(event);
  }

  outside<T>(work: (signal: AbortSignal) => Promise<T>): Promise<T> {
    return this.outer.outside(work);
  }

  artifact(path: string, options?: ArtifactOptions): Promise<Artifact> {
    return this.outer.artifact(path, options);
  }

  tempDir(): string {
    return this.outer.tempDir();
  }

  callback(name: string, acknowledge: Acknowledgement): Promise<Callback> {
    return this.outer.callback(name, acknowledge);
  }

  resource<T>(resource: Resource<T>): Promise<T> {
    return this.outer.resource(resource);
  }
}
