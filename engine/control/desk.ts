import { createHash, createHmac } from "node:crypto";
import { EngineError } from "#engine/errors";
import type { Acknowledgement, Callback, CallbackName, CallbackRequest, Desk, Durable, Outbox } from "#engine/plugin";
import type { Store } from "#engine/store";
import type { Callbacks } from "./api/work.ts";
import { runOutbox } from "./hooks/run-outbox.ts";
import { newId } from "./ids.ts";

interface StoredCall extends Omit<CallbackRequest, "body"> {
  readonly body: string;
}

/** What nodes keep across restarts, and the addresses where vendors answer them: both are in the store. */
export class StoredDesk implements Desk, Callbacks {
  /** Who waits for a call, by the hash of its token. */
  readonly #waiting = new Map<string, Set<() => void>>();

  /** @param secret what addresses are made with; the same in every process of this installation. */
  constructor(
    private readonly store: Store,
    private readonly secret: string,
    private readonly publicUrl: string | undefined,
    private readonly epochMs: () => number,
    /** Something was put into the outbox. */
    private readonly queued: () => void,
  ) {}

  async callback(of: CallbackName, acknowledge: Acknowledgement): Promise<Callback> {
    const { publicUrl } = this;
    if (publicUrl === undefined)
      throw new EngineError(
        "CONFIG_INVALID",
        `${of.nodeId} needs an address to be called back at: set publicUrl in parlando.yaml`,
      );
    const token = createHmac("sha256", this.secret)
      .update(JSON.stringify(["callback", of.runId, of.nodeId, of.name]))
      .digest("base64url");
    const tokenHash = hashOf(token);
    const { runId, nodeId: node, name } = of;
    const createdAtMs = this.epochMs();
    await this.store.write((to) =>
      to.callbacks.insert({ tokenHash, runId, node, name, createdAtMs, acknowledgement: acknowledge }),
    );
    return {
      url: new URL(`v1/callbacks/${token}`, publicUrl.endsWith("/") ? publicUrl : `${publicUrl}/`).href,
      next: (signal) => this.#next(tokenHash, signal),
    };
  }

  outbox(runId: string): Outbox {
    return runOutbox(this.store, this.epochMs, this.queued, runId);
  }

  durable(runId: string, nodeId: string): Durable {
    return {
      get: async (key) => {
        const value = (await this.store.read((from) => from.callbacks.state(runId, nodeId))).get(key);
        return typeof value === "string" ? value : undefined;
      },
      set: (key, value) =>
        this.store.write((to) =>
          value === undefined
            ? to.callbacks.dropState(runId, nodeId, key)
            : to.callbacks.saveState(runId, nodeId, key, value),
        ),
    };
  }

  async receive(token: string, request: CallbackRequest): Promise<Acknowledgement> {
    const tokenHash = hashOf(token);
    const acknowledgement = await this.store.write(async (to) => {
      const row = await to.callbacks.get(tokenHash);
      if (!row) throw new EngineError("CALLBACK_NOT_FOUND", "nobody waits for this call");
      const stored: StoredCall = { ...request, body: Buffer.from(request.body).toString("base64") };
      const receivedAtMs = this.epochMs();
      await to.callbacks.called({
        id: newId("call"),
        tokenHash,
        runId: row.runId,
        receivedAtMs,
        request: stored,
        taken: false,
      });
      return row.acknowledgement as Acknowledgement;
    });
    for (const wake of this.#waiting.get(tokenHash) ?? []) wake();
    return acknowledgement;
  }

  async #next(tokenHash: string, signal?: AbortSignal): Promise<CallbackRequest> {
    for (;;) {
      signal?.throwIfAborted();
      const { promise: called, resolve } = Promise.withResolvers<void>();
      const wake = () => resolve();
      const waiting = this.#waiting.get(tokenHash) ?? new Set();
      this.#waiting.set(tokenHash, waiting.add(wake));
      signal?.addEventListener("abort", wake, { once: true });
      try {
        // asked only now, so that no call comes between asking and waiting
        const row = await this.store.write((to) => to.callbacks.take(tokenHash));
        if (row) {
          const { body, ...request } = row.request as StoredCall;
          return { ...request, body: new Uint8Array(Buffer.from(body, "base64")) };
        }
        await called;
      } finally {
        signal?.removeEventListener("abort", wake);
        waiting.delete(wake);
        if (waiting.size === 0) this.#waiting.delete(tokenHash);
      }
    }
  }
}

const hashOf = (token: string): string => createHash("sha256").update(token).digest("hex");
