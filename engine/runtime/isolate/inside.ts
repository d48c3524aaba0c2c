import { EngineError } from "#engine/errors";
import type { Plugin } from "#engine/plugin";
import { Resources } from "../resources.ts";
import { arrivedError, Calls, outcomeOf } from "./crossing.ts";
import { InsideContext, type InsideShared } from "./inside-context.ts";
import type { AskIt } from "./inside-network.ts";
import { InsideNode } from "./inside-node.ts";
import type { Ask, Down, Envelope, Up } from "./messages.ts";

/** Turns of the loop in which nothing happens, after which a child has settled. */
const QUIET_TURNS = 3;

/** What a Worker or child process lends to the plugin that it is for. */
export interface InsideLine {
  /** @throws what a clone throws that cannot be made. */
  send(up: Up): void;
  /** Bytes that belong to the plugin, as nearly as can be told. */
  memoryBytes(): number;
}

/** The side of the plugin: makes its nodes and serves them until its Worker or process is ended from outside. */
export class Inside {
  readonly #nodes = new Map<number, InsideNode>();
  readonly #calls = new Calls();
  readonly #shared: InsideShared;
  /** Rises with everything that comes or goes. */
  #moves = 0;

  constructor(
    private readonly plugin: Plugin,
    private readonly line: InsideLine,
  ) {
    this.#shared = { resources: new Resources(), connections: new Map(), send: (up) => this.#send(up) };
  }

  take({ down, stamp }: Envelope): void {
    this.#moves++;
    if (stamp) this.#nodes.get(stamp.node)?.ctx.clock.set(stamp.nowMs);
    this.#act(down);
    if (stamp) void this.#tellSettled(stamp.node, stamp.sequence);
  }

  #send(up: Up): void {
    this.#moves++;
    try {
      this.line.send(up);
    } catch (cause) {
      throw new EngineError("PLUGIN_ISOLATED", `plugin ${this.plugin.name}: ${whatOf(up)} cannot be cloned`, { cause });
    }
  }

  #act(down: Down): void {
    switch (down.kind) {
      case "create":
        return this.#answer(down, this.#create(down));
      case "run":
        return this.#answer(down, this.#node(down.node).run());
      case "close":
        return this.#answer(down, this.#close(down.node));
      case "find":
        return void outcomeOf(this.#find(down.engine)).then((outcome) =>
          this.#send({ kind: "found", call: down.call, outcome }),
        );
      case "answer":
        return this.#calls.settle(down.call, down.outcome);
      case "heard":
        return this.#shared.connections.get(down.connection)?.heard(down.message, down.signs);
      case "over":
        return this.#shared.connections.get(down.connection)?.over(down.end);
      case "ping":
        return this.#send({ kind: "pong", memoryBytes: this.line.memoryBytes() });
      default:
        this.#toNode(down);
    }
  }

  #toNode(down: Exclude<Down, { kind: "create" | "run" | "close" | "find" | "answer" | "heard" | "over" | "ping" }>) {
    const node = this.#nodes.get(down.node);
    switch (down.kind) {
      case "frame":
        return node?.input.push({ port: down.port, frame: down.frame });
      case "inputEnd":
        return node?.input.end();
      case "control":
        return node?.control(down.control);
      case "update":
        return node?.update(down.config);
      case "abort":
        return node?.interrupt(arrivedError(down.error));
      case "room":
        return node?.room(down.frames);
      case "timer":
        return node?.ctx.clock.fire(down.timer);
    }
  }

  async #create({ node, type, config, facts }: Extract<Down, { kind: "create" }>): Promise<void> {
    const definition = this.plugin.nodes.find((known) => known.type === type);
    if (!definition) throw new EngineError("PLUGIN_INVALID", `plugin ${this.plugin.name} has no ${type} here`);
    const abort = new AbortController();
    const ctx = new InsideContext(node, facts, abort.signal, this.#askFor(node), this.#shared);
    const inside = new InsideNode(definition, ctx, abort, (up) => this.#send(up));
    this.#nodes.set(node, inside);
    await inside.create(config);
  }

  async #close(node: number): Promise<void> {
    const inside = this.#nodes.get(node);
    this.#nodes.delete(node);
    await inside?.close();
  }

  async #find(name: string): Promise<unknown> {
    const engine = this.plugin.engines?.find((known) => known.name === name);
    if (!engine) throw new EngineError("PLUGIN_INVALID", `plugin ${this.plugin.name} knows no engine ${name} here`);
    return engine.find();
  }

  #node(node: number): InsideNode {
    const inside = this.#nodes.get(node);
    if (!inside) throw new EngineError("INTERNAL", `node ${node} is not here`);
    return inside;
  }

  #answer({ node, call }: { readonly node: number; readonly call: number }, work: Promise<void>): void {
    void outcomeOf(work).then((outcome) => this.#send({ kind: "answer", node, call, outcome }));
  }

  #askFor(node: number): AskIt {
    return async (ask, signal) => {
      signal?.throwIfAborted();
      // the compiler cannot see that one name's question is one of all questions
      const { call, answer } = this.#calls.make((call) => this.#send({ kind: "ask", node, call, ask: ask as Ask }));
      const callOff = () => {
        this.#send({ kind: "callOff", node, call });
        this.#calls.settle(call, { error: { message: "called off" } });
      };
      signal?.addEventListener("abort", callOff, { once: true });
      try {
        return (await answer) as never;
      } catch (error) {
        signal?.throwIfAborted();
        throw error;
      } finally {
        signal?.removeEventListener("abort", callOff);
      }
    };
  }

  /** Under a virtual clock: says when nothing is left to do here, so that time may go on. */
  async #tellSettled(node: number, sequence: number): Promise<void> {
    for (let quiet = 0, moves = this.#moves; quiet < QUIET_TURNS; quiet++) {
      await new Promise<void>((resolve) => setImmediate(resolve));
      const busy = [...this.#nodes.values()].some(({ ctx }) => ctx.busy > 0);
      if (busy || moves !== this.#moves) quiet = -1;
      moves = this.#moves;
    }
    this.line.send({ kind: "settled", node, sequence });
  }
}

const whatOf = (up: Up): string =>
  up.kind === "emit" ? `a frame of kind ${up.frame.kind}` : up.kind === "ask" ? up.ask.what : up.kind;
