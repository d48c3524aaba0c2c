import type { EventRow, RunRow, Store } from "#engine/store";
import type { RunMessage } from "../messages.ts";

/** Stored messages of a run after an id, in order, as they were told. */
export async function storedMessages(
  store: Store,
  run: Pick<RunRow, "id" | "labels">,
  after: number,
  limit: number,
): Promise<RunMessage[]> {
  const rows = await store.read((from) => from.journal.eventsAfter(run.id, after, limit));
  return rows.map((row) => storedMessage(row, run));
}

/** What was stored was made by `message()`, by this version or an earlier one. */
const storedMessage = ({ id, type, version, atMs, generation, data }: EventRow, run: Pick<RunRow, "id" | "labels">) =>
  ({ id, run: run.id, type, version, atMs, generation, labels: run.labels, data }) as RunMessage;
