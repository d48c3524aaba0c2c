import type { Frame } from "#engine/frames";
import type { BatchItem, Emit, InlineNode, NodeDefinition } from "#engine/plugin";
import { type CallHook, isBatchTimed } from "./call-timing.ts";
import type { Edge } from "./edge.ts";
import type { Feed, Inlet } from "./inlet.ts";
import { InlineUnit } from "./inline-unit.ts";
import type { Gathering } from "./scheduler.ts";
import type { TimeBook } from "./time-book.ts";

/**
 * How many frames of one node one call may take. What they bring may exceed the bound of the next edge by as much, so that it is less
 * where that edge would drop what is too much for it.
 */
const FRAMES_PER_CALL = 64;
const FRAMES_BEFORE_DROPS = 16;

/** An inline node whose type takes frames of many nodes in one call. Until the call its frames stay on the edge, where they are in flight. */
export class BatchUnit extends InlineUnit {
  /** Set when the run is wired. */
  group!: BatchGroup;
  #gathered = false;
  #framesPerCall = FRAMES_PER_CALL;
  #impatient = false;

  override wired(inlet: Inlet, tails: readonly Edge[]): void {
    super.wired(inlet, tails);
    const links = this.outlets.flat();
    if (links.some(({ edge }) => edge !== undefined && !tails.includes(edge)))
      this.#framesPerCall = FRAMES_BEFORE_DROPS;
  }

  /** Gathers: what there is to do is seen when the others have gathered, too. */
  override wake(): void {
    if (this.#gathered || this.state !== "running") return;
    this.#gathered = true;
    this.group.add(this);
    this.host.gather(this.group);
  }

  override release(): void {
    this.#impatient = true;
    this.wake();
  }

  /** Does what no call does for it: waits, for room or for another edge, or ends. */
  protected override take(): void {
    if (this.state !== "running") return;
    if (!this.hasRoom()) return this.guard("onFrame", () => this.awaitRoom());
    const feed = this.inlet.choose(false);
    if (feed === "wait") return this.host.whenIdle(this);
    if (feed === undefined) return this.settleFeeds();
    this.wake();
  }

  /** Hands over what is ready, for the call that follows. */
  collect(items: Item[]): void {
    this.#gathered = false;
    let impatient = this.#impatient;
    this.#impatient = false;
    for (let n = 0; n < this.#framesPerCall && this.state === "running" && this.hasRoom(); n++) {
      const feed: Feed | "wait" | undefined = this.inlet.choose(impatient);
      if (feed === undefined || feed === "wait") {
        if (n === 0 || this.inlet.unfinished) super.wake();
        return;
      }
      const frame = this.inlet.take(feed);
      if (frame === undefined) break;
      this.countIn(feed.edge.shiftedSamples);
      items.push(new Item(this, this.node!, frame, feed.port, this.deliver));
      impatient = false;
    }
    super.wake();
  }

  enterCall(): number {
    return this.host.watch.enter(this.watchToken, "batch");
  }

  leaveCall(before: number): void {
    this.host.watch.leave(before);
  }
}

class Item implements BatchItem {
  error: unknown;

  constructor(
    readonly unit: BatchUnit,
    readonly node: InlineNode,
    readonly frame: Frame,
    readonly port: string,
    readonly emit: Emit,
  ) {}
}

/** The units of one node type that have something ready, over all runs of the process. */
export class BatchGroup implements Gathering {
  listed = false;
  #units: BatchUnit[] = [];
  #calls = 0;

  constructor(
    readonly definition: NodeDefinition,
    readonly book: TimeBook<CallHook>,
  ) {}

  get size(): number {
    return this.#units.length;
  }

  add(unit: BatchUnit): void {
    this.#units.push(unit);
  }

  flush(): void {
    const units = this.#units;
    this.#units = [];
    const items: Item[] = [];
    for (let i = 0; i < units.length; i++) units[i]!.collect(items);
    if (items.length === 0) return;
    const first = items[0]!.unit;
    const before = first.enterCall();
    try {
      if (isBatchTimed(++this.#calls)) this.#timed(items);
      else this.definition.batch!(items);
    } catch (error) {
      for (const item of items) item.error ??= error;
    }
    first.leaveCall(before);
    for (let i = 0; i < items.length; i++) if (items[i]!.error !== undefined) items[i]!.unit.broke(items[i]!.error);
  }

  #timed(items: readonly Item[]): void {
    const startedMs = performance.now();
    this.definition.batch!(items);
    this.book.add(this.definition.type, "batch", (performance.now() - startedMs) / items.length);
  }
}

/** One group for each node type of a process. */
export class BatchGroups {
  readonly #groups = new Map<NodeDefinition["batch"], BatchGroup>();

  constructor(readonly book: TimeBook<CallHook>) {}

  of(definition: NodeDefinition): BatchGroup {
    let group = this.#groups.get(definition.batch);
    if (!group) {
      group = new BatchGroup(definition, this.book);
      this.#groups.set(definition.batch, group);
    }
    return group;
  }
}
