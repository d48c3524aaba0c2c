import { EngineError } from "#engine/errors";
import type { Artifact, Callback, NodeContext } from "#engine/plugin";
import type { Child } from "./child.ts";
import type { Ask, Down } from "./messages.ts";

/** Answers what an isolated node asks of its context, with the context that it has on this side. */
export class NodeAsks {
  readonly files: Artifact[] = [];
  readonly #callbacks = new Map<string, Callback>();
  readonly #bodies: AsyncIterator<Uint8Array>[] = [];
  readonly #underWay = new Map<number, AbortController>();

  constructor(
    private readonly ctx: NodeContext,
    private readonly child: Child,
    private readonly post: (down: Down) => void,
  ) {}

  async answer(call: number, ask: Ask): Promise<unknown> {
    const stop = new AbortController();
    this.#underWay.set(call, stop);
    try {
      return await this.#answer(ask, stop.signal);
    } finally {
      this.#underWay.delete(call);
    }
  }

  /** It waits no more. */
  callOff(call: number): void {
    this.#underWay.get(call)?.abort(new EngineError("RUN_CANCELLED", "it was called off"));
  }

  async #answer(ask: Ask, signal: AbortSignal): Promise<unknown> {
    const { ctx } = this;
    switch (ask.what) {
      case "durableGet":
        return ctx.durable.get(ask.key);
      case "durableSet":
        return ctx.durable.set(ask.key, ask.value);
      case "artifact": {
        const artifact = await ctx.artifact(ask.path, ask.options);
        return { file: this.files.push(artifact) - 1, path: artifact.path };
      }
      case "callback": {
        const callback = await ctx.callback(ask.name, ask.acknowledge);
        this.#callbacks.set(ask.name, callback);
        return { url: callback.url };
      }
      case "callbackNext":
        return this.#callbacks.get(ask.name)?.next(signal);
      case "outbox":
        return ctx.outbox?.put(ask.post);
      case "dial": {
        const { what: _, ...request } = ask;
        const connection = await ctx.network.dial({ ...request, signal });
        return { connection: this.child.adopt(connection, this.post), id: connection.id, kind: connection.kind };
      }
      case "drained":
        return this.child.connection(ask.connection)?.drained();
      case "fetch": {
        const response = await ctx.network.fetch({ ...ask.request, signal });
        const body = this.#bodies.push(response.chunks()[Symbol.asyncIterator]()) - 1;
        return { body, status: response.status, headers: response.headers };
      }
      case "chunk": {
        const { value, done } = (await this.#bodies[ask.body]?.next()) ?? { value: undefined, done: true };
        return done ? undefined : value;
      }
    }
  }
}
