import { EngineError } from "#engine/errors";
import type { Outbox, OutgoingPost } from "#engine/plugin";
import type { Store } from "#engine/store";

/** Where the nodes of a run put what they post: the same outbox as that of the subscriptions. */
export const runOutbox = (store: Store, epochMs: () => number, queued: () => void, runId: string): Outbox => ({
  async put({ id, url, event, body, signature }: OutgoingPost) {
    await store.write(async (to) => {
      const run = await to.runs.get(runId);
      if (!run) throw new EngineError("RUN_NOT_FOUND", "the run of a post is no longer there");
      const nowMs = epochMs();
      const places = { project: run.project, webhookId: "", url, signature: signature ?? null, runId };
      const state = { state: "waiting", attempts: 0, createdAtMs: nowMs, nextAtMs: nowMs, last: null };
      await to.webhooks.queue([{ id, event, body, ...places, ...state }]);
    });
    queued();
  },
});
