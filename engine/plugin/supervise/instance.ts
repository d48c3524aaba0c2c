import { EngineError } from "#engine/errors";
import type { Control, Frame } from "#engine/frames";
import type { Clock } from "../clock.ts";
import { FrameInput } from "../frame-input.ts";
import type { InlineNode, Received, TaskNode } from "../node.ts";
import type { PortMap } from "./candidate.ts";
import type { Feed } from "./feed.ts";
import type { Item } from "./replay.ts";
import { ResultTimer } from "./result-timer.ts";

/** What an instance tells its supervisor. */
export interface Watch {
  /** An item goes to the instance. */
  handed(item: Item): void;
  /** It asks for the next one. */
  asked(): void;
  /** A frame to send on, by the port that the workflow knows; `undefined` when there is room for more. */
  send(frame: Frame, port: string): Promise<void> | undefined;
}

export interface InstanceOptions {
  readonly type: string;
  readonly node: InlineNode | TaskNode;
  readonly ports: PortMap;
  readonly watch: Watch;
  readonly clock: Clock;
  /** Aborts what the instance awaits; it is told when the instance is stopped. */
  readonly stop: AbortController;
  /** What aborts with `stop` and with a signal of the run's. */
  signalFor(run: AbortSignal): AbortSignal;
  /** Results belong to utterances, not to frames. */
  readonly byUtterance: boolean;
  readonly resultMs?: number;
}

/** How long a failed instance may take to end and, after that, to close, before it is left to itself. */
const CLOSE_MS = 1000;

/** One instance of one candidate, from `create` to `close`, of either shape. */
export class Instance {
  readonly type: string;
  readonly #options: InstanceOptions;
  readonly #node: InlineNode | TaskNode;
  readonly #broken = Promise.withResolvers<never>();
  readonly #timer: ResultTimer;
  #dead = false;
  #running: Promise<void> = Promise.resolve();
  /** What an inline node emitted from `onControl` waits for this. */
  #room: Promise<unknown> | undefined;
  #closing: Promise<void> | undefined;
  #heldWhenAsked = 0;
  readonly #endedPorts = new Set<string>();

  constructor(options: InstanceOptions) {
    this.type = options.type;
    this.#options = options;
    this.#node = options.node;
    this.#broken.promise.catch(() => {}); // read by `run`, which may not have been called
    this.#timer = new ResultTimer(options, (error) => this.#broken.reject(error));
  }

  /** Returns when the node does; throws what it threw in any hook, or RESULT_LATE. */
  async run(feed: Feed, signal: AbortSignal): Promise<void> {
    const node = this.#node;
    const own = this.#options.signalFor(signal);
    this.#running =
      "run" in node
        ? node.run(new InstanceInput(this, feed), (f, p) => this.#emit(f, p), own)
        : this.#runInline(node, feed);
    try {
      await Promise.race([this.#running, this.#broken.promise]);
    } finally {
      this.#timer.clear();
    }
  }

  /** @throws EngineError FIELD_NOT_LIVE where the node takes no changes. */
  update(settings: unknown): void {
    const node = this.#node;
    if (!node.onUpdate) throw new EngineError("FIELD_NOT_LIVE", `${this.type} takes no changes while it runs`);
    node.onUpdate(settings);
  }

  control(control: Control): void {
    const node = this.#node;
    if (control.kind === "end" && !this.#mayEnd(control.port)) return;
    try {
      if ("run" in node) node.onControl?.(control, (f, p) => this.#emit(f, p));
      else node.onControl?.(control, (f, p) => this.#emitLater(f, p));
    } catch (error) {
      this.#broken.reject(error);
    }
  }

  held(): number {
    return this.#node.held?.() ?? 0;
  }

  /** What was held when the last whole frame was done: a frame under work is not in it, and is tried again. */
  get heldWhenAsked(): number {
    return this.#heldWhenAsked;
  }

  /** Ends a failed instance and closes it, within two seconds; what it throws by then is dropped. */
  async stop(reason: unknown): Promise<void> {
    this.#dead = true;
    this.#timer.clear();
    this.#options.stop.abort(reason);
    await settled(this.#running, this.#options.clock);
    await settled(this.close(), this.#options.clock);
  }

  /** Closes the node, once however often it is called. */
  close(): Promise<void> {
    this.#closing ??= (async () => this.#node.close?.())();
    return this.#closing;
  }

  /** The instance asks for its next frame. */
  asks(): void {
    if (this.#dead) throw abandoned(this.type);
    this.#heldWhenAsked = this.held();
    this.#timer.asked();
    this.#options.watch.asked();
  }

  /** Hands the next item over if one is there: a frame is returned, a control goes to `onControl`. */
  takeFrom(feed: Feed): Received | undefined {
    if (this.#dead) throw abandoned(this.type);
    for (let item = feed.take(); item; item = feed.take()) {
      this.#options.watch.handed(item);
      if ("control" in item) this.#controlInTurn(item.control);
      else {
        const received = this.#options.ports.inward(item);
        if (received) {
          this.#timer.handed(received.frame);
          return received;
        }
        this.asks(); // it takes no such frame: done with
      }
    }
    return undefined;
  }

  async next(feed: Feed): Promise<Received | undefined> {
    this.asks();
    while (await feed.ready()) {
      const received = this.takeFrom(feed);
      if (received) return received;
    }
    return undefined;
  }

  async #runInline(node: InlineNode, feed: Feed): Promise<void> {
    const out: { readonly frame: Frame; readonly port: string | undefined }[] = [];
    const collect = (frame: Frame, port?: string) => void out.push({ frame, port });
    const sendAll = async () => {
      for (const { frame, port } of out.splice(0)) await this.#emit(frame, port);
      while (this.#room) {
        const room = this.#room;
        await room;
        if (this.#room === room) this.#room = undefined;
      }
    };
    for (let received = await this.next(feed); received; received = await this.next(feed)) {
      node.onFrame(received.frame, collect, received.port); // when it throws, what it collected counts for nothing
      await sendAll();
    }
    for (const port of Object.keys(this.#options.ports.inputs))
      if (this.#mayEnd(port)) node.onControl?.({ kind: "end", port }, collect);
    await sendAll();
  }

  /** A control of the queue names inputs as the workflow does. */
  #controlInTurn(control: Control): void {
    if (control.kind !== "end") return this.control(control);
    const port = this.#options.ports.inwardPort(control.port);
    if (port !== undefined) this.control({ kind: "end", port });
  }

  /** True the first time: an input ends once. */
  #mayEnd(port: string): boolean {
    if (this.#endedPorts.has(port)) return false;
    this.#endedPorts.add(port);
    return true;
  }

  #emit(frame: Frame, port: string | undefined): Promise<void> | undefined {
    if (this.#dead) return ignorable(Promise.reject(abandoned(this.type)));
    this.#timer.emitted(frame);
    const outward = this.#options.ports.outward(port);
    if (outward === undefined) return undefined;
    const room = this.#options.watch.send(frame, outward);
    return room && ignorable(this.#timer.pauseFor(room));
  }

  #emitLater(frame: Frame, port: string | undefined): void {
    const room = this.#emit(frame, port);
    if (room) this.#room = Promise.all([this.#room, room]);
  }
}

class InstanceInput extends FrameInput {
  constructor(
    readonly instance: Instance,
    readonly feed: Feed,
  ) {
    super();
  }

  next(): Promise<Received | undefined> {
    return this.instance.next(this.feed);
  }

  poll(): Received | undefined {
    this.instance.asks();
    return this.instance.takeFrom(this.feed);
  }
}

const abandoned = (type: string) =>
  new EngineError("NODE_EMITTED_AFTER_END", `${type}: this instance was given up and another has taken its place`);

/** A promise that a node may await or leave: its rejection is then nobody's. */
function ignorable(promise: Promise<void>): Promise<void> {
  promise.catch(() => {});
  return promise;
}

/** Waits for work to end in whatever way, but not for ever. */
function settled(work: Promise<unknown>, clock: Clock): Promise<void> {
  return new Promise((resolve) => {
    const callOff = clock.after(CLOSE_MS, resolve);
    const done = () => {
      callOff();
      resolve();
    };
    work.then(done, done);
  });
}
