import { EngineError } from "#engine/errors";
import type { Desk } from "#engine/plugin";

/** Of a process that keeps nothing: what is durable lasts as long as the process does, and nobody can call back. */
export function processDesk(): Desk {
  const kept = new Map<string, string>();
  return {
    async callback({ nodeId }) {
      throw new EngineError(
        "CONFIG_INVALID",
        `${nodeId} needs an address to be called back at: run it under parlando serve, with publicUrl in parlando.yaml`,
      );
    },
    durable: (runId, nodeId) => ({
      async get(key) {
        return kept.get(JSON.stringify([runId, nodeId, key]));
      },
      async set(key, value) {
        const name = JSON.stringify([runId, nodeId, key]);
        if (value === undefined) kept.delete(name);
        else kept.set(name, value);
      },
    }),
  };
}
