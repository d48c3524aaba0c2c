import { describe, expect, setDefaultTimeout, test } from "bun:test";
import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { EngineError } from "#engine/errors";
import { type DeliveryRow, type EventRow, type FinalRow, type RunRow, Store } from "#engine/store";
import { covers } from "#test/covers";
import { rejectionOf } from "#test/rejection";
import { openStore, storeKinds } from "#test/stores";
import { SqliteDatabase } from "../../../engine/store/sqlite.ts";

setDefaultTimeout(60_000); // on a busy machine

const run = (id: string, more: Partial<RunRow> = {}): RunRow => ({
  id,
  project: "default",
  keyId: null,
  workflow: "interpret",
  version: 1,
  workflowText: "parlando: 1",
  request: { inputs: {}, params: {}, outputs: [] },
  ownSecrets: [],
  state: "running",
  labels: {},
  keep: "all",
  record: false,
  generation: 0,
  errorCode: null,
  errorMessage: null,
  traceparent: null,
  createdAtMs: 1000,
  endedAtMs: null,
  drain: null,
  accounts: null,
  ...more,
});

const delivery = (id: string, state: string, nextAtMs: number): DeliveryRow => ({
  id,
  project: "default",
  webhookId: "w1",
  url: null,
  signature: null,
  runId: "r1",
  event: "run.final",
  body: "{}",
  state,
  attempts: 0,
  createdAtMs: 1,
  nextAtMs,
  last: null,
});

const event = (runId: string, id: number, data: unknown = {}): EventRow => ({
  runId,
  id,
  type: "text.final",
  version: 1,
  atMs: 1000 + id,
  generation: 0,
  data,
});

const final = (runId: string, eventId: number, more: Partial<FinalRow> = {}): FinalRow => ({
  runId,
  eventId,
  output: "captions",
  node: "asr",
  role: "transcript",
  utterance: `vad-${eventId}`,
  text: "good morning",
  startMs: eventId * 1000,
  endMs: eventId * 1000 + 500.5,
  language: "en",
  speaker: null,
  channel: null,
  confidence: 0.5,
  words: [{ text: "good", startMs: 0, endMs: 1 }],
  latencyMs: 12.5,
  ...more,
});

describe.each(storeKinds())("$name", (kind) => {
  const it = kind.skip ? test.skip : test;

  it("gives back what was put in, whatever the type of the field", async () => {
    await using opened = await openStore(kind);
    const { store } = opened;
    const row = run("r1", {
      labels: { team: "a" },
      request: { inputs: { talk: { live: 1 } }, params: { deep: [1, null] }, outputs: [] },
    });
    await store.write((to) => to.runs.insert(row));
    expect(await store.read((from) => from.runs.get("r1"))).toEqual(row);
    await store.write((to) => to.journal.appendFinals([final("r1", 1)]));
    expect(await store.read((from) => from.journal.finals("r1"))).toEqual([final("r1", 1)]);
  });

  it("takes texts that PostgreSQL would refuse, in fields and in JSON", async () => {
    await using opened = await openStore(kind);
    const { store } = opened;
    await store.write((to) => to.journal.appendEvents([event("r1", 1, { "a\u0000": "b\u0000c", lone: "\ud800" })]));
    await store.write((to) => to.journal.appendFinals([final("r1", 1, { text: "x\u0000y" })]));
    const [stored] = await store.read((from) => from.journal.eventsAfter("r1", 0, 10));
    expect(stored?.data).toEqual({ "a\uFFFD": "b\uFFFDc", lone: "\uFFFD" });
    expect((await store.read((from) => from.journal.finals("r1")))[0]?.text).toBe("x\uFFFDy");
  });

  it("takes all of a transaction back when any of it fails, awaits included", async () => {
    await using opened = await openStore(kind);
    const { store } = opened;
    const failing = store.write(async (to) => {
      await to.runs.insert(run("r1"));
      await Promise.resolve();
      await to.journal.appendEvents([event("r1", 1), event("r1", 1)]);
    });
    expect(await code(failing)).toBe("STORE_FAILED");
    expect(await store.read((from) => from.runs.get("r1"))).toBeUndefined();
    await store.write((to) => to.runs.insert(run("r1")));
    expect((await store.read((from) => from.runs.get("r1")))?.id).toBe("r1");
  });

  it("shows a reader nothing that is not committed", async () => {
    await using opened = await openStore(kind);
    const { store } = opened;
    await store.write(async (to) => {
      await to.runs.insert(run("r1"));
      expect(await store.read((from) => from.runs.get("r1"))).toBeUndefined();
    });
    expect(await store.read((from) => from.runs.get("r1"))).toBeDefined();
  });

  it("keeps transactions that begin together apart", async () => {
    await using opened = await openStore(kind);
    const { store } = opened;
    const writes = Array.from({ length: 20 }, (_, i) =>
      store.write(async (to) => {
        await to.runs.insert(run(`r${i}`));
        await Promise.resolve();
        if (i % 2 === 1) throw new EngineError("RUN_ENDED", "taken back");
      }),
    );
    const outcomes = await Promise.allSettled(writes);
    expect(outcomes.filter((outcome) => outcome.status === "fulfilled")).toHaveLength(10);
    const listed = await store.read((from) => from.runs.list({ project: "default", limit: 100 }));
    expect(listed).toHaveLength(10);
  });

  it("lists runs page by page without gaps or repeats, of one project, by labels", async () => {
    await using opened = await openStore(kind);
    const { store } = opened;
    await store.write(async (to) => {
      for (let i = 0; i < 25; i++)
        await to.runs.insert(
          run(`r${String(i).padStart(2, "0")}`, {
            createdAtMs: 1000 + (i >> 1),
            labels: i % 5 ? {} : { team: "a", site: "x" },
          }),
        );
      await to.runs.insert(run("other", { project: "else" }));
    });
    const seen: string[] = [];
    let after: { atMs: number; id: string } | undefined;
    for (;;) {
      const page = await store.read((from) =>
        from.runs.list({ project: "default", limit: 4, ...(after && { after }) }),
      );
      seen.push(...page.map((row) => row.id));
      const last = page.at(-1);
      if (!last) break;
      after = { atMs: last.createdAtMs, id: last.id };
    }
    expect(seen).toHaveLength(25);
    expect(new Set(seen).size).toBe(25);
    expect(seen[0]).toBe("r24");
    const labelled = await store.read((from) => from.runs.withLabels("default", { team: "a", site: "x" }, 100));
    expect(labelled.sort()).toEqual(["r00", "r05", "r10", "r15", "r20"]);
    expect(await store.read((from) => from.runs.withLabels("default", { team: "a", site: "y" }, 100))).toEqual([]);
  });

  it("moves positions forward only", async () => {
    await using opened = await openStore(kind);
    const { store } = opened;
    const track = { runId: "r1", track: "talk", received: 900, kept: 500, ended: false };
    await store.write((to) => to.journal.saveTracks([track]));
    await store.write((to) => to.journal.saveTracks([{ ...track, received: 1000, kept: 400, ended: true }]));
    await store.write((to) => to.journal.saveTracks([track]));
    expect(await store.read((from) => from.journal.tracks(["r1"]))).toEqual([
      { ...track, received: 1000, kept: 500, ended: true },
    ]);
  });

  it("replays events after an id, and knows the last one and where finals end", async () => {
    await using opened = await openStore(kind);
    const { store } = opened;
    await store.write(async (to) => {
      await to.journal.appendEvents([1, 2, 3, 4].map((id) => event("r1", id)));
      await to.journal.appendFinals([
        final("r1", 2),
        final("r1", 3),
        final("r1", 4, { node: "translate", role: "translation" }),
      ]);
    });
    const replayed = await store.read((from) => from.journal.eventsAfter("r1", 2, 10));
    expect(replayed.map((row) => row.id)).toEqual([3, 4]);
    expect(await store.read((from) => from.journal.lastIds(["r1", "none"]))).toEqual(new Map([["r1", 4]]));
    const ends = await store.read((from) => from.journal.finalEnds("r1"));
    expect(ends.sort((a, b) => a.endMs - b.endMs)).toEqual([
      { output: "captions", node: "asr", role: "transcript", endMs: 3500.5 },
      { output: "captions", node: "translate", role: "translation", endMs: 4500.5 },
    ]);
  });

  it("deletes a run with everything that belongs to it, and leaves the others", async () => {
    await using opened = await openStore(kind);
    const { store } = opened;
    await store.write(async (to) => {
      for (const id of ["r1", "r2"]) {
        await to.runs.insert(run(id, { labels: { team: "a" } }));
        await to.journal.appendEvents([event(id, 1)]);
        await to.journal.appendFinals([final(id, 1)]);
        await to.journal.saveTracks([{ runId: id, track: "talk", received: 1, kept: 1, ended: false }]);
        await to.callbacks.saveState(id, "asr", "job", { n: 1 });
      }
      await to.runs.delete(["r1"]);
    });
    expect(await store.read((from) => from.runs.get("r1"))).toBeUndefined();
    expect(await store.read((from) => from.journal.eventsAfter("r1", 0, 10))).toEqual([]);
    expect(await store.read((from) => from.journal.finals("r1"))).toEqual([]);
    expect(await store.read((from) => from.callbacks.state("r1", "asr"))).toEqual(new Map());
    expect(await store.read((from) => from.runs.withLabels("default", { team: "a" }, 10))).toEqual(["r2"]);
    expect(await store.read((from) => from.callbacks.state("r2", "asr"))).toEqual(new Map([["job", { n: 1 }]]));
  });

  it("keeps the first of two requests with one idempotency key", async () => {
    await using opened = await openStore(kind);
    const { store } = opened;
    const request = { project: "default", kind: "run", key: "k", requestHash: "h1", resourceId: "r1", createdAtMs: 1 };
    expect(await store.write((to) => to.access.addRequest(request))).toBe(true);
    expect(await store.write((to) => to.access.addRequest({ ...request, requestHash: "h2", resourceId: "r2" }))).toBe(
      false,
    );
    expect(await store.read((from) => from.access.request("default", "run", "k"))).toEqual(request);
    expect(await store.read((from) => from.access.request("else", "run", "k"))).toBeUndefined();
  });

  it("gives versions of a workflow, the latest where none is named", async () => {
    await using opened = await openStore(kind);
    const { store } = opened;
    const row = {
      project: "default",
      name: "a",
      version: 1,
      text: "1",
      description: null,
      inputs: [],
      outputs: [],
      createdAtMs: 1,
    };
    await store.write(async (to) => {
      for (const version of [1, 2, 10]) await to.workflows.insert({ ...row, version, text: `${version}` });
      await to.workflows.insert({ ...row, name: "b" });
    });
    expect((await store.read((from) => from.workflows.get("default", "a")))?.version).toBe(10);
    expect((await store.read((from) => from.workflows.get("default", "a", 2)))?.text).toBe("2");
    expect(
      (await store.read((from) => from.workflows.list("default", "", 10))).map((w) => [w.name, w.version]),
    ).toEqual([
      ["a", 10],
      ["b", 1],
    ]);
    expect(await store.write((to) => to.workflows.delete("default", "a"))).toBe(3);
  });

  it("counts and moves the items of jobs", async () => {
    await using opened = await openStore(kind);
    const { store } = opened;
    const item = (position: number, state: string, notBeforeMs = 0) => ({
      jobId: "j1",
      position,
      state,
      binding: { url: "u" },
      labels: {},
      attempts: 0,
      runId: null,
      errorCode: null,
      errorMessage: null,
      notBeforeMs,
    });
    const job = {
      id: "j1",
      project: "default",
      keyId: null,
      state: "running",
      workflow: "w",
      version: null,
      workflowText: "t",
      request: {},
      labels: {},
      items: 4,
      createdAtMs: 1,
      endedAtMs: null,
    };
    await store.write((to) =>
      to.jobs.insert(job, [item(0, "running"), item(1, "queued"), item(2, "queued", 500), item(3, "done")]),
    );
    expect((await store.read((from) => from.jobs.due("j1", 100, 10))).map((each) => each.position)).toEqual([1]);
    expect(await store.read((from) => from.jobs.nextDueMs("j1"))).toBe(0);
    await store.write((to) => to.jobs.moveItems("j1", ["running"], "queued"));
    expect(await store.read((from) => from.jobs.counts(["j1"]))).toEqual(new Map([["j1", { queued: 3, done: 1 }]]));
    expect(await store.read((from) => from.jobs.nextDueMs("none"))).toBeUndefined();
  });

  it("keeps no delivery that came through of a run that was forgotten, and every other one", async () => {
    await using opened = await openStore(kind);
    const { store } = opened;
    await store.write(async (to) => {
      await to.runs.insert(run("r1", { keep: "none", endedAtMs: 2000 }));
      await to.runs.insert(run("r2", { keep: "none", endedAtMs: 2000 }));
      await to.runs.insert(run("r3", { endedAtMs: 2000 }));
      await to.runs.forget("r1");
      const own = { event: "core.webhook" };
      await to.webhooks.queue([
        { ...delivery("d1", "delivered", 0), ...own },
        { ...delivery("d2", "waiting", 0), ...own },
        { ...delivery("d3", "dead", 0), ...own },
        { ...delivery("d4", "delivered", 0), runId: "r2" },
        { ...delivery("d5", "delivered", 0), runId: "r3" },
      ]);
      await to.webhooks.deleteDeliveredOfForgotten();
    });
    const left = await store.read((from) => from.webhooks.deliveries({ project: "default", limit: 10 }));
    expect(left.map(({ id }) => id).sort()).toEqual(["d2", "d3", "d4", "d5"]);
  });

  it("hands out deliveries whose time has come", async () => {
    await using opened = await openStore(kind);
    const { store } = opened;
    await store.write((to) =>
      to.webhooks.queue([
        delivery("d1", "waiting", 50),
        delivery("d2", "waiting", 10),
        delivery("d3", "dead", 0),
        delivery("d4", "waiting", 200),
      ]),
    );
    expect((await store.read((from) => from.webhooks.due(100, 10))).map((each) => each.id)).toEqual(["d2", "d1"]);
    expect(await store.read((from) => from.webhooks.nextDueMs())).toBe(10);
    expect(await store.read((from) => from.webhooks.countsByState())).toEqual({ waiting: 3, dead: 1 });
  });

  it("is still there when it is opened again", async () => {
    const options = await kind.options();
    const first = await Store.open(options);
    await first.write((to) => to.runs.insert(run("r1")));
    await first.close();
    const second = await Store.open(options);
    expect((await second.read((from) => from.runs.get("r1")))?.workflow).toBe("interpret");
    await second.close();
  });

  it("belongs to one process at a time, and is free again when that is closed", async () => {
    const options = await kind.options();
    const first = await Store.open(options);
    const second = await Store.open(options);
    await first.claim();
    await first.claim();
    expect(await code(second.claim())).toBe("STORE_TAKEN");
    await second.write((to) => to.runs.insert(run("r1")));
    await first.close();
    await second.claim();
    await second.close();
  });

  it("may be opened by several at once, each migrating", async () => {
    const options = await kind.options();
    const stores = await Promise.all([Store.open(options), Store.open(options), Store.open(options)]);
    await stores[0]!.write((to) => to.runs.insert(run("r1")));
    expect(await stores[2]!.read((from) => from.runs.get("r1"))).toBeDefined();
    for (const store of stores) await store.close();
  });
});

test.each([
  ["a PostgreSQL that is not there", "STORE_FAILED", /PostgreSQL at 127\.0\.0\.1:1\/none .*nothing listens there/],
  ["an address of something else", "CONFIG_INVALID", /store\.url or DATABASE_URL: postgres:\/\/USER/],
])("%s is told with its place and what stood in the way, and without its password", async (what, code, said) => {
  covers("E9");
  const scheme = what.startsWith("a PostgreSQL") ? "postgres" : "mysql";
  const url = `${scheme}://secret:word@127.0.0.1:1/none`;
  const error = await Store.open({ url, folder: "/nowhere", sync: "normal" }).catch((caught) => caught);
  expect(error.code).toBe(code);
  expect(error.message).toMatch(said);
  expect(error.message).not.toMatch(/secret|word@/);
});

test("a folder that cannot be made, and a store that another process has, are told by their paths", async () => {
  const folder = mkdtempSync(join(tmpdir(), "parlando-place-"));
  const file = join(folder, "parlando.sqlite");
  const first = await Store.open({ folder, sync: "normal" });
  await first.claim();
  const second = await Store.open({ folder, sync: "normal" });
  expect(await rejectionOf(second.claim())).toHaveProperty(
    "message",
    expect.stringContaining(`another process works on ${file}`),
  );
  await Promise.all([first.close(), second.close()]);
  expect(await rejectionOf(Store.open({ folder: join(file, "below"), sync: "normal" }))).toHaveProperty(
    "message",
    expect.stringContaining(
      `store: ${join(file, "below", "parlando.sqlite")} cannot be opened (a file stands where a folder was wanted`,
    ),
  );
});

test("a file of SQLite without room takes a transaction wholly or not at all, and goes on when there is room", async () => {
  const database = new SqliteDatabase(join(mkdtempSync(join(tmpdir(), "parlando-full-")), "small.sqlite"), "normal");
  const store = new Store(database, "small.sqlite");
  await store.write((to) => to.runs.insert(run("r1")));
  const { connection } = database;
  const { page_count } = connection.query<{ page_count: number }, []>("PRAGMA page_count").get()!;
  connection.run(`PRAGMA max_page_count = ${page_count + 2}`);
  const large = Array.from({ length: 50 }, (_, i) => event("r1", i + 1, { text: "x".repeat(1000) }));
  expect(await code(store.write((to) => to.journal.appendEvents(large)))).toBe("STORE_FULL");
  expect(await store.read((from) => from.journal.eventsAfter("r1", 0, 100))).toEqual([]);
  connection.run("PRAGMA max_page_count = 1000000");
  await store.write((to) => to.journal.appendEvents(large));
  expect(await store.read((from) => from.journal.eventsAfter("r1", 0, 100))).toHaveLength(50);
  expect(connection.query<{ integrity_check: string }, []>("PRAGMA integrity_check").get()!.integrity_check).toBe("ok");
  await store.close();
});

async function code(promise: Promise<unknown>): Promise<string> {
  return promise.then(
    () => "no error",
    (error) => (error instanceof EngineError ? error.code : String(error)),
  );
}
