import { randomBytes } from "node:crypto";
import { resolve } from "node:path";
import { EngineError } from "#engine/errors";
import { Store } from "#engine/store";
import type { KeyBook } from "../api/access.ts";
import type { ControlOptions } from "../api/control.ts";
import { KeysService } from "./keys-service.ts";
import { TokensService } from "./tokens-service.ts";

/**
 * The keys alone, also beside a server that is running on the same store: nothing is taken up and nothing turns.
 * @throws EngineError STORE_FAILED.
 */
export async function openKeys(
  options: Pick<ControlOptions, "config" | "environment" | "cwd" | "epochMs">,
): Promise<KeyBook> {
  const { config, environment, cwd, epochMs = Date.now } = options;
  const url = config.store.url ?? environment.DATABASE_URL;
  const store = await Store.open({
    ...(url !== undefined && { url }),
    folder: resolve(cwd, config.store.path),
    sync: config.store.sync,
  });
  // nobody authenticates here, so no token is ever looked at
  const tokens = new TokensService(randomBytes(32).toString("hex"), epochMs, async () => {
    throw new EngineError("KEY_REFUSED", "no tokens are made here");
  });
  const keys = new KeysService(store, config, tokens, epochMs);
  return {
    create: (key) => keys.create(key),
    list: (project) => keys.list(project),
    revoke: (id) => keys.revoke(id),
    close: () => store.close(),
  };
}
