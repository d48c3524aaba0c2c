import type { Resource } from "../resource.ts";
import { credentialKey } from "./credential.ts";
import type { LinkConnection } from "./link-connection.ts";

interface Spare {
  readonly connection: LinkConnection;
  readonly callOff: () => void;
}

/** Connections that were used and may be used again, by any run with the same credential. */
export class LinkPool {
  readonly #spares: Spare[] = [];

  get size(): number {
    return this.#spares.length;
  }

  /** The one that was used last, if any is still good. */
  take(): LinkConnection | undefined {
    for (let spare = this.#spares.pop(); spare; spare = this.#spares.pop()) {
      spare.callOff();
      if (spare.connection.usable) return spare.connection;
    }
    return undefined;
  }

  /** Keeps a connection for `poolMs` of its own settings. */
  put(connection: LinkConnection): void {
    connection.user = undefined;
    const remove = () => {
      const at = this.#spares.findIndex((spare) => spare.connection === connection);
      if (at >= 0) this.#spares.splice(at, 1)[0]?.callOff();
    };
    const callOff = connection.clock.after(connection.settings.poolMs, () => {
      remove();
      void connection.close("pooled too long");
    });
    this.#spares.push({ connection, callOff });
    connection.signal.addEventListener("abort", remove, { once: true });
  }

  async close(): Promise<void> {
    for (const { connection, callOff } of this.#spares.splice(0)) {
      callOff();
      void connection.close("pool closed");
    }
  }
}

/** The pool of a credential at an endpoint, for `ctx.resource(…)`. */
export const linkPool = (...parts: readonly string[]): Resource<LinkPool> => ({
  key: `pool ${credentialKey(parts)}`,
  open: async () => new LinkPool(),
  close: (pool) => pool.close(),
});
