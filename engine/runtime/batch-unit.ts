import type { Frame } from "#engine/frames";
import type { BatchItem, Emit, InlineNode, NodeDefinition } from "#engine/plugin";
import type { Feed } from "./inlet.ts";
import { InlineUnit } from "./inline-unit.ts";
import type { Gathering } from "./scheduler.ts";

/** How many frames of one node one call may take; what they bring may exceed the bound of the next edge by as much. */
const FRAMES_PER_CALL = 16;

/** An inline node whose type takes frames of many nodes in one call. Until the call its frames stay on the edge, where they are in flight. */
export class BatchUnit extends InlineUnit {
  gathered = false;
  /** Set when the run is wired. */
  group!: BatchGroup;

  protected override take(impatient: boolean): void {
    if (this.state !== "running") return;
    if (!this.hasRoom()) return this.guard("onFrame", () => this.awaitRoom());
    const feed = this.inlet.choose(impatient);
    if (feed === "wait") return this.host.whenIdle(this);
    if (feed === undefined) return this.settleFeeds();
    this.group.add(this);
    this.host.gather(this.group);
  }

  /** Hands over what is ready, for the call that follows. */
  collect(into: (unit: BatchUnit, node: InlineNode, frame: Frame, port: string, emit: Emit) => void): void {
    this.gathered = false;
    for (let n = 0; n < FRAMES_PER_CALL && this.state === "running" && this.hasRoom(); n++) {
      const feed: Feed | "wait" | undefined = this.inlet.choose(false);
      if (feed === undefined || feed === "wait") break;
      const frame = this.inlet.take(feed);
      if (frame === undefined) break;
      this.countIn(feed.edge.shiftedSamples);
      into(this, this.node, frame, feed.port, this.deliver);
    }
    this.wake();
  }

  enterCall(): number {
    return this.host.watch.enter(this.watchToken, "batch");
  }

  leaveCall(before: number): void {
    this.host.watch.leave(before);
  }
}

class Item implements BatchItem {
  unit!: BatchUnit;
  node!: InlineNode;
  frame!: Frame;
  port!: string;
  emit!: Emit;
  error: unknown;
}

/** The units of one node type that have something ready, over all runs of the process. */
export class BatchGroup implements Gathering {
  readonly #units: BatchUnit[] = [];
  /** Used again from call to call. */
  readonly #pool: Item[] = [];
  #count = 0;

  constructor(readonly definition: NodeDefinition) {}

  get size(): number {
    return this.#units.length;
  }

  add(unit: BatchUnit): void {
    if (unit.gathered) return;
    unit.gathered = true;
    this.#units.push(unit);
  }

  flush(): void {
    this.#count = 0;
    for (const unit of this.#units.splice(0)) unit.collect(this.#put);
    if (this.#count === 0) return;
    const items = this.#pool.slice(0, this.#count);
    const first = items[0]!.unit;
    const before = first.enterCall();
    try {
      this.definition.batch!(items);
    } catch (error) {
      for (const item of items) item.error ??= error;
    }
    first.leaveCall(before);
    for (const item of items) if (item.error !== undefined) item.unit.broke(item.error);
  }

  readonly #put = (unit: BatchUnit, node: InlineNode, frame: Frame, port: string, emit: Emit): void => {
    let item = this.#pool[this.#count];
    if (!item) {
      item = new Item();
      this.#pool.push(item);
    }
    this.#count++;
    item.unit = unit;
    item.node = node;
    item.frame = frame;
    item.port = port;
    item.emit = emit;
    item.error = undefined;
  };
}

/** One group for each node type of a process. */
export class BatchGroups {
  readonly #groups = new Map<NodeDefinition["batch"], BatchGroup>();

  of(definition: NodeDefinition): BatchGroup {
    let group = this.#groups.get(definition.batch);
    if (!group) {
      group = new BatchGroup(definition);
      this.#groups.set(definition.batch, group);
    }
    return group;
  }
}
