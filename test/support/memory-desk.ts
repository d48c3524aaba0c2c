import type { Acknowledgement, Callback, CallbackName, CallbackRequest, Desk, Durable } from "#engine/plugin";
import type { MemoryNetwork } from "#engine/runtime";

/** A process that can be called back on a network in memory. It outlives the runs of a test, as the store outlives a process. */
export class MemoryDesk implements Desk {
  readonly kept = new Map<string, string>();
  readonly #addresses = new Map<
    string,
    { readonly calls: CallbackRequest[]; wake: () => void; acknowledge: Acknowledgement }
  >();
  /** What was called, in order. */
  readonly called: CallbackRequest[] = [];
  /** So many calls are refused before one is taken. */
  refusals = 0;

  private constructor(readonly base: string) {}

  /** @param address `host:port` on which it is called. */
  static async open(network: MemoryNetwork, address: string): Promise<MemoryDesk> {
    const desk = new MemoryDesk(`http://${address}/callbacks`);
    await network.listen(address, {
      async request({ method, path, query, headers, body }) {
        desk.called.push({ method, query, headers, body });
        const found = desk.#addresses.get(path.slice(path.lastIndexOf("/") + 1));
        if (!found) return { status: 404 };
        if (desk.refusals-- > 0) return { status: 200, body: '{"code":1,"message":"overloaded"}' };
        found.calls.push({ method, query, headers, body });
        found.wake();
        return { status: 200, headers: { "content-type": found.acknowledge.mediaType }, body: found.acknowledge.body };
      },
    });
    return desk;
  }

  async callback({ runId, nodeId, name }: CallbackName, acknowledge: Acknowledgement): Promise<Callback> {
    const token = Buffer.from(`${runId} ${nodeId} ${name}`).toString("base64url");
    const found = this.#addresses.get(token) ?? { calls: [], wake: () => {}, acknowledge };
    this.#addresses.set(token, found);
    return {
      url: `${this.base}/${token}`,
      async next(signal) {
        for (;;) {
          signal?.throwIfAborted();
          const call = found.calls.shift();
          if (call) return call;
          await new Promise<void>((resolve) => {
            found.wake = resolve;
            signal?.addEventListener("abort", () => resolve(), { once: true });
          });
        }
      },
    };
  }

  durable(runId: string, nodeId: string): Durable {
    return {
      get: async (key) => this.kept.get(`${runId} ${nodeId} ${key}`),
      set: async (key, value) => {
        if (value === undefined) this.kept.delete(`${runId} ${nodeId} ${key}`);
        else this.kept.set(`${runId} ${nodeId} ${key}`, value);
      },
    };
  }
}
