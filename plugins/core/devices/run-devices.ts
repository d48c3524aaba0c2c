import { msToSamples, type NodeContext } from "#engine/plugin";
import type { HeardTrack } from "./heard.ts";

interface Known {
  originMs: number | undefined;
  listened: boolean;
  /** By node. */
  readonly heard: Map<string, HeardTrack>;
  /** Nodes that look at it. */
  readonly nodes: Set<string>;
}

/** By run. Devices work in real time only, where run ids do not repeat. */
const known = new Map<string, Known>();

/**
 * What the devices of one run know of each other: their positions count on one time line, from the moment when the first of them began; and
 * what its loudspeakers were heard playing. `leave()` it at the end of the node.
 */
export class RunDevices {
  readonly #known: Known;

  constructor(private readonly ctx: Pick<NodeContext, "runId" | "nodeId" | "clock">) {
    this.#known = known.get(ctx.runId) ?? { originMs: undefined, listened: false, heard: new Map(), nodes: new Set() };
    known.set(ctx.runId, this.#known);
    this.#known.nodes.add(ctx.nodeId);
  }

  /** A device began, or goes on. @param atMs of the run's clock. @returns that moment on the time line, never before its beginning */
  sample(atMs: number, sampleRateHz: number): number {
    this.#known.originMs ??= atMs;
    return this.#since(this.#known.originMs, atMs, sampleRateHz);
  }

  /** The present; undefined where no device has begun. */
  nowSample(sampleRateHz: number): number | undefined {
    const { originMs } = this.#known;
    return originMs === undefined ? undefined : this.#since(originMs, this.ctx.clock.nowMs(), sampleRateHz);
  }

  /** A loudspeaker plays. One of each node is known. */
  plays(track: HeardTrack): void {
    this.#known.heard.set(this.ctx.nodeId, track);
  }

  /** Asks for what the loudspeakers of the run play, now and later. */
  listen(): Iterable<HeardTrack> {
    this.#known.listened = true;
    return this.#known.heard.values();
  }

  /** Somebody asked for it. */
  get listened(): boolean {
    return this.#known.listened;
  }

  leave(): void {
    const { heard, nodes } = this.#known;
    heard.delete(this.ctx.nodeId);
    nodes.delete(this.ctx.nodeId);
    if (nodes.size === 0 && known.get(this.ctx.runId) === this.#known) known.delete(this.ctx.runId);
  }

  #since(originMs: number, atMs: number, sampleRateHz: number): number {
    return Math.max(0, msToSamples(atMs - originMs, sampleRateHz));
  }
}
