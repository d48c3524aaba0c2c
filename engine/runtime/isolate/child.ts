import { EngineError } from "#engine/errors";
import type { Connection } from "#engine/plugin";
import { arrivedError, Calls } from "./crossing.ts";
import { type ConnectionAct, type Down, type Envelope, type Stamp, type Up, WINDOW_MESSAGES } from "./messages.ts";

/** The Worker or process itself. */
export interface ChildLine {
  /** @throws what a clone throws that cannot be made. */
  send(envelope: Envelope): void;
  /** At once, whatever it is doing. */
  end(): void;
}

export interface ChildListener {
  up(up: Up): void;
  /** @param how in words: `its process ended with status 3`. */
  ended(how: string): void;
}

export type StartChild = (listener: ChildListener) => ChildLine;

/** How long and how much a plugin may take before its Worker or process is ended. */
export interface IsolationLimits {
  /** From the start until its module is loaded. */
  readonly loadMs: number;
  /** Without an answer to a ping, by the machine's clock. */
  readonly hangMs: number;
  /** Undefined: no limit. */
  readonly memoryBytes?: number;
}

/** What one node of the child is to the messages that come for it. */
export interface ChildNode {
  take(up: Extract<Up, { readonly node: number }>): void;
  lost(error: EngineError): void;
}

/** How often a child is asked whether it still answers, in ms; four times in its limit at least. */
const PING_MS = 500;

/** One Worker or process with a plugin in it, from its start to its end. */
export class Child {
  readonly ready: Promise<void>;
  readonly calls = new Calls();
  readonly #nodes = new Map<number, ChildNode>();
  readonly #connections = new Map<number, { readonly connection: Connection; took: (messages: number) => void }>();
  readonly #line: ChildLine;
  #resolveReady!: () => void;
  #rejectReady!: (error: Error) => void;
  #last = 0;
  #dead: EngineError | undefined;
  #pings: ReturnType<typeof setInterval> | undefined;
  #unanswered = 0;

  constructor(
    readonly name: string,
    start: StartChild,
    private readonly limits: IsolationLimits,
  ) {
    this.ready = new Promise((resolve, reject) => {
      this.#resolveReady = resolve;
      this.#rejectReady = reject;
    });
    this.ready.catch(() => {});
    this.#line = start({
      up: (up) => this.#take(up),
      ended: (how) => this.#lose("PLUGIN_LOST", how),
    });
    const late = setTimeout(() => this.#lose("PLUGIN_LOST", `it was not loaded in ${limits.loadMs} ms`), limits.loadMs);
    void this.ready.then(
      () => clearTimeout(late),
      () => clearTimeout(late),
    );
  }

  /** Why it is over; undefined while it lives. */
  get dead(): EngineError | undefined {
    return this.#dead;
  }

  /** @returns the number by which the child knows the node. */
  add(node: ChildNode): number {
    const number = ++this.#last;
    this.#nodes.set(number, node);
    return number;
  }

  remove(node: number): void {
    this.#nodes.delete(node);
  }

  /** @throws EngineError PLUGIN_ISOLATED where it holds what cannot be cloned; the reason of its end once it is over. */
  send(down: Down, stamp?: Stamp): void {
    if (this.#dead) throw this.#dead;
    try {
      this.#line.send({ down, ...(stamp && { stamp }) });
    } catch (cause) {
      const what = down.kind === "frame" ? `a frame of kind ${down.frame.kind}` : down.kind;
      throw new EngineError("PLUGIN_ISOLATED", `plugin ${this.name}: ${what} cannot be cloned for it`, { cause });
    }
  }

  /** Hands what a connection hears to the child, as much as it takes. */
  adopt(connection: Connection, send: (down: Down) => void): number {
    const number = ++this.#last;
    let underWay = 0;
    let room: (() => void) | undefined;
    const took = (messages: number) => {
      underWay -= messages;
      if (underWay < WINDOW_MESSAGES) room?.();
    };
    this.#connections.set(number, { connection, took });
    const pump = async () => {
      for await (const message of connection) {
        send({ kind: "heard", connection: number, message, signs: connection.signs });
        if (++underWay < WINDOW_MESSAGES) continue;
        await new Promise<void>((resolve) => {
          room = resolve;
        });
      }
      send({ kind: "over", connection: number, end: await connection.closed });
      this.#connections.delete(number);
    };
    pump().catch(() => connection.destroy()); // the child is no more
    return number;
  }

  connection(number: number): Connection | undefined {
    return this.#connections.get(number)?.connection;
  }

  /** Nobody needs it any more. */
  end(): void {
    this.#lose("RUN_CANCELLED", "it was ended");
  }

  #take(up: Up): void {
    if (this.#dead) return;
    switch (up.kind) {
      case "ready":
        this.#pings = setInterval(() => this.#ping(), Math.min(PING_MS, this.limits.hangMs / 4));
        return this.#resolveReady();
      case "refused":
        return this.#lose("PLUGIN_INVALID", up.error.message, arrivedError(up.error));
      case "found":
        return this.calls.settle(up.call, up.outcome);
      case "connection":
        return this.#act(up.connection, up.act);
      case "pong":
        this.#unanswered = 0;
        return this.#weigh(up.memoryBytes);
      default:
        this.#nodes.get(up.node)?.take(up);
    }
  }

  #act(number: number, act: ConnectionAct): void {
    const open = this.#connections.get(number);
    if (!open) return;
    const { connection, took } = open;
    if (act.do === "send") connection.send(act.message);
    else if (act.do === "took") took(act.messages);
    else if (act.do === "close") connection.close(act.code, act.reason);
    else if (act.do === "ping") connection.ping();
    else if (act.do === "destroy") connection.destroy();
  }

  /** Counted in pings and not in time: where this process stood still itself, only one more is missed. */
  #ping(): void {
    const everyMs = Math.min(PING_MS, this.limits.hangMs / 4);
    if (this.#unanswered * everyMs >= this.limits.hangMs)
      return this.#lose("NODE_HUNG", `it has not answered for ${this.limits.hangMs} ms`);
    this.#unanswered++;
    this.#line.send({ down: { kind: "ping" } });
  }

  #weigh(memoryBytes: number): void {
    const most = this.limits.memoryBytes;
    if (most === undefined || memoryBytes <= most) return;
    const mib = (bytes: number) => Math.ceil(bytes / 2 ** 20);
    this.#lose("PLUGIN_LOST", `it took ${mib(memoryBytes)} MiB, and ${mib(most)} are its limit`);
  }

  #lose(code: "PLUGIN_LOST" | "PLUGIN_INVALID" | "NODE_HUNG" | "RUN_CANCELLED", how: string, known?: Error): void {
    if (this.#dead) return;
    this.#dead =
      known instanceof EngineError ? known : new EngineError(code, `plugin ${this.name}, which runs alone: ${how}`);
    clearInterval(this.#pings);
    this.#rejectReady(this.#dead);
    this.#line.end();
    this.calls.end(this.#dead);
    for (const node of [...this.#nodes.values()]) node.lost(this.#dead);
    this.#nodes.clear();
    for (const { connection } of this.#connections.values()) connection.destroy();
    this.#connections.clear();
  }
}

/** The child of a plugin that its nodes share, begun anew after it was lost. */
export class ChildKeeper {
  #child: Child | undefined;

  constructor(private readonly begin: () => Child) {}

  /** @throws EngineError PLUGIN_LOST, PLUGIN_INVALID where it does not start. */
  async child(): Promise<Child> {
    if (!this.#child || this.#child.dead) this.#child = this.begin();
    const child = this.#child;
    await child.ready;
    return child;
  }

  close(): void {
    this.#child?.end();
  }
}
