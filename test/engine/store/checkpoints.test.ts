import { Database } from "bun:sqlite";
import { expect, setDefaultTimeout, test } from "bun:test";
import { mkdtempSync, readdirSync, readlinkSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Store } from "#engine/store";

setDefaultTimeout(60_000);

/** What a descriptor of this process leads to; nothing where it has just been closed. */
function placeOf(descriptor: string): string {
  try {
    return readlinkSync(`/proc/self/fd/${descriptor}`);
  } catch {
    return "";
  }
}

test("the log of SQLite begins anew under commits that never pause, and nothing is lost", async () => {
  const folder = mkdtempSync(join(tmpdir(), "parlando-log-"));
  const file = join(folder, "parlando.sqlite");
  const store = await Store.open({ folder, sync: "normal" });
  const looking = new Database(file);
  const pages = () => looking.query<{ log: number }, []>("PRAGMA wal_checkpoint(NOOP)").get()!.log;
  const body = "x".repeat(40_000);
  const commit = (id: number) =>
    store.write((to) =>
      to.journal.appendEvents([{ runId: "r", id, type: "data", version: 1, atMs: 1, generation: 0, data: body }]),
    );
  let id = 0;
  for (let before = 0, now = pages(); now >= before; before = now, now = pages()) {
    await commit(++id);
    await Bun.sleep(0);
  }
  looking.close();
  await store.close();
  const after = new Database(file);
  expect(after.query("PRAGMA integrity_check").get()).toEqual({ integrity_check: "ok" });
  after.close();
  const again = await Store.open({ folder, sync: "normal" });
  expect(await again.read((from) => from.journal.eventsAfter("r", 0, id + 1))).toHaveLength(id);
  await again.close();
  rmSync(folder, { recursive: true });
});

test.skipIf(process.platform !== "linux")("a claimed store has the handles that it will ever have", async () => {
  const folder = mkdtempSync(join(tmpdir(), "parlando-handles-"));
  const store = await Store.open({ folder, sync: "normal" });
  await store.claim();
  const handles = () =>
    readdirSync("/proc/self/fd")
      .map(placeOf)
      .filter((place) => place.startsWith(folder))
      .sort();
  const before = handles();
  for (let id = 1; id <= 1500; id++)
    await store.write((to) =>
      to.journal.appendEvents([{ runId: "r", id, type: "data", version: 1, atMs: 1, generation: 0, data: "" }]),
    );
  expect(handles()).toEqual(before);
  await store.close();
  rmSync(folder, { recursive: true });
});
