import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { EngineError } from "#engine/errors";
import type { GatewayKey } from "#engine/plugin";
import type { Caller } from "../api/access.ts";
import type { KeysService } from "../keys/keys-service.ts";
import type { GatewayConfig } from "./config.ts";

interface Known {
  readonly key: GatewayKey;
  /** Of the API. */
  readonly apiKey: string | undefined;
}

/** Whom a gateway lets in: ids and secrets as its vendor's clients use them, each with the rights of a key of the API. */
export class GatewayKeys {
  readonly #known: ReadonlyMap<string, Known>;

  /**
   * @param where of the configuration, for messages: `gateways.nls`.
   * @throws EngineError CONFIG_INVALID for a secret that is not there, or an id that stands twice.
   */
  constructor(
    private readonly keys: KeysService,
    where: string,
    clients: GatewayConfig["keys"],
    environment: Readonly<Record<string, string | undefined>>,
    cwd: string,
  ) {
    const known = new Map<string, Known>();
    for (const [at, { id, secret: place, key: apiKey, facts }] of clients.entries()) {
      if (known.has(id)) throw new EngineError("CONFIG_INVALID", `${where}.keys[${at}].id: another key has it, too`);
      const secret = "env" in place ? environment[place.env] : readSecret(resolve(cwd, place.file));
      if (!secret)
        throw new EngineError(
          "CONFIG_INVALID",
          `${where}.keys[${at}].secret: ${"env" in place ? `the variable ${place.env} is not set` : `${place.file} cannot be read or is empty`}`,
        );
      known.set(id, { key: { id, secret, facts }, apiKey });
    }
    this.#known = known;
  }

  /** Undefined for an id that nobody has, or whose key of the API cannot start runs now. */
  async find(id: string): Promise<{ readonly key: GatewayKey; readonly caller: Caller } | undefined> {
    const known = this.#known.get(id);
    const caller = known && (await this.#callerOf(known));
    if (!known || !caller) return undefined;
    return caller.scopes.has("runs:write") || caller.scopes.has("admin") ? { key: known.key, caller } : undefined;
  }

  #callerOf({ apiKey }: Known): Promise<Caller | undefined> {
    if (apiKey !== undefined) return this.keys.callerOf(apiKey);
    // without a key of the API as somebody who asks without one
    return this.keys.anonymous().catch(() => undefined);
  }
}

function readSecret(path: string): string | undefined {
  try {
    return readFileSync(path, "utf8").replace(/\r?\n$/, "");
  } catch {
    return undefined;
  }
}
