import { describe, expect, setDefaultTimeout, test } from "bun:test";
import { existsSync } from "node:fs";
import { EngineError } from "#engine/errors";
import { Store } from "#engine/store";
import { caller, codeOf, eventsOf, live, openTestControl, TestSocket } from "#test/control";
import { covers } from "#test/covers";
import { bytesOf, NUMBERS, spoken } from "#test/spoken-numbers";

setDefaultTimeout(60_000); // on a busy machine

const start = { workflow: { text: NUMBERS }, inputs: { talk: live } };

describe("a drain", () => {
  test("lets what can end do so, interrupts the rest in time, and takes nothing new", async () => {
    await using opened = await openTestControl();
    const { control } = opened;
    const ending = await control.runs.start(caller, start);
    const staying = await control.runs.start(caller, start);
    const first = new TestSocket();
    const second = new TestSocket();
    const ends = await control.runs.attach(caller, ending.id, { sends: true }, first);
    await control.runs.attach(caller, staying.id, { sends: true }, second);
    const beganMs = performance.now();
    const drained = control.drain(2500);
    expect(await codeOf(control.runs.start(caller, start))).toBe("SERVER_DRAINING");
    expect(await control.health()).toEqual({ store: true, ready: false, draining: true, reason: "SERVER_DRAINING" });
    ends.push("talk", bytesOf(spoken([1, 2])));
    ends.end();
    await drained;
    expect(performance.now() - beganMs).toBeLessThan(2500 + 2000);
    expect(first.finals).toEqual(["1", "2"]);
    expect(second.got.at(-1)).toMatchObject({ type: "closed", code: "SERVER_DRAINING" });
    expect((await control.runs.get(caller, ending.id)).state).toBe("done");
    expect((await control.runs.get(caller, staying.id)).state).toBe("interrupted");
  });
});

describe("a run without a sender", () => {
  test("ends after limits.resumeSeconds, with what came before", async () => {
    await using opened = await openTestControl({ config: { limits: { resumeSeconds: 1 } } });
    const { runs } = opened.control;
    const run = await runs.start(caller, start);
    const session = await runs.attach(caller, run.id, { sends: true }, new TestSocket());
    session.push("talk", bytesOf(spoken([1])).subarray(0, 8000));
    session.close();
    const events = await eventsOf(opened.control, run.id);
    expect(events.at(-1)).toMatchObject({ type: "run.ended", data: { state: "done" } });
    expect(events.some((event) => event.type === "text.final")).toBe(true);
  });
});

describe("a track that its sender did not end", () => {
  const more = bytesOf(spoken([3]));

  test.each([
    { how: "drain", state: "done", finals: ["1", "2"] },
    { how: "cancel", state: "cancelled" },
  ] as const)("is told as such by a $how, and what still comes is dropped and counted", async (wanted) => {
    await using opened = await openTestControl({ config: { limits: { windowMs: 1000 } } });
    const { runs } = opened.control;
    const run = await runs.start(caller, start);
    const socket = new TestSocket();
    const told = socket.send.bind(socket);
    socket.send = (message) => {
      // as a sender whose audio is under way when the track ends, and more of it than the window
      if (message.type === "position" && message.ended) for (let i = 0; i < 5; i++) session.push("talk", more);
      return told(message);
    };
    const session = await runs.attach(caller, run.id, { sends: true }, socket);
    session.push("talk", bytesOf(spoken([1, 2])));
    await socket.until(({ finals }) => finals.length === 1);
    await runs[wanted.how](caller, run.id);
    await socket.until(({ got }) => got.at(-1)?.type === "closed");
    expect(socket.events.at(-1)).toMatchObject({ type: "run.ended", data: { state: wanted.state } });
    if ("finals" in wanted) expect(socket.finals).toEqual([...wanted.finals]);
    expect((await opened.control.figures()).lateMessages).toBeGreaterThanOrEqual(5);
  });

  test("is so, too, where the run has ended while its sender was away", async () => {
    await using opened = await openTestControl();
    const { runs } = opened.control;
    const run = await runs.start(caller, start);
    await runs.cancel(caller, run.id);
    const socket = new TestSocket();
    const session = await runs.attach(caller, run.id, { sends: true, after: 0 }, socket);
    expect(session.inputs).toMatchObject([{ track: "talk", kind: "audio", ended: true }]);
    session.push("talk", more);
    await socket.until(({ got }) => got.at(-1)?.type === "closed");
    expect(socket.events.at(-1)).toMatchObject({ type: "run.ended", data: { state: "cancelled" } });
    expect((await opened.control.figures()).lateMessages).toBe(1);
  });

  test("is not one that its sender ended: there, more is refused", async () => {
    await using opened = await openTestControl();
    const { runs } = opened.control;
    const run = await runs.start(caller, start);
    const session = await runs.attach(caller, run.id, { sends: true }, new TestSocket());
    session.end();
    expect(() => session.push("talk", more)).toThrow(expect.objectContaining({ code: "TRACK_ENDED" }));
    expect((await opened.control.figures()).lateMessages).toBe(0);
  });
});

describe("what is kept", () => {
  test("nothing of a run that was to leave nothing, once its readers had their time", async () => {
    let nowMs = 1_000_000;
    await using opened = await openTestControl({ epochMs: () => nowMs, config: { privacy: { keep: "none" } } });
    const { runs } = opened.control;
    const run = await runs.start(caller, { ...start, params: { delayMs: 0 }, labels: { team: "a" } });
    const session = await runs.attach(caller, run.id, { sends: true }, new TestSocket());
    session.push("talk", bytesOf(spoken([123, 124])));
    session.end();
    await eventsOf(opened.control, run.id);
    expect((await runs.get(caller, run.id)).keep).toBe("none");
    expect(await runs.finals(caller, run.id)).toHaveLength(2);
    nowMs += 61_000;
    await opened.control.tidy();
    expect(await runs.finals(caller, run.id)).toEqual([]);
    expect((await eventsOf(opened.control, run.id)).map((event) => event.type)).not.toContain("text.final");
    expect((await runs.get(caller, run.id)).state).toBe("done");
    expect(existsSync(`${opened.folder}/parlando-data/runs/${run.id}`)).toBe(false);
    const [usage] = await runs.usage(caller, {});
    expect(usage?.finals).toBe(2);
  });

  test("nothing that is older than its days", async () => {
    covers("S42");
    let nowMs = 1_000_000;
    await using opened = await openTestControl({ epochMs: () => nowMs, config: { retention: { runs: 2, audio: 1 } } });
    const { runs, uploads } = opened.control;
    const upload = await uploads.create(caller, new Blob(["x"]).stream());
    const old = await runs.start(caller, start);
    await runs.cancel(caller, old.id);
    nowMs += 1.5 * 86_400_000;
    const young = await runs.start(caller, start);
    await runs.cancel(caller, young.id);
    await opened.control.tidy();
    expect(await codeOf(uploads.get(caller, upload.id))).toBe("UPLOAD_NOT_FOUND");
    expect((await runs.list(caller, {})).items).toHaveLength(2);
    nowMs += 86_400_000;
    await opened.control.tidy();
    expect((await runs.list(caller, {})).items.map((run) => run.id)).toEqual([young.id]);
  });

  test("an interrupted run for an hour, then it has failed", async () => {
    let nowMs = 1_000_000;
    await using first = await openTestControl({ epochMs: () => nowMs });
    const run = await first.control.runs.start(caller, start);
    await first.control.close();
    await using second = await openTestControl({ epochMs: () => nowMs, folder: first.folder });
    nowMs += 3_599_000;
    await second.control.tidy();
    expect((await second.control.runs.get(caller, run.id)).state).toBe("interrupted");
    nowMs += 2000;
    await second.control.tidy();
    expect(await second.control.runs.get(caller, run.id)).toMatchObject({
      state: "failed",
      error: { code: "RUN_STALLED" },
    });
    expect((await eventsOf(second.control, run.id)).at(-1)).toMatchObject({
      type: "run.ended",
      data: { state: "failed" },
    });
  });
});

describe("a disk without room", () => {
  test("keeps everyone waiting, loses nothing, and goes on when there is room", async () => {
    await using opened = await openTestControl();
    const { runs } = opened.control;
    const run = await runs.start(caller, start);
    const socket = new TestSocket();
    const session = await runs.attach(caller, run.id, { sends: true, after: 0 }, socket);
    session.push("talk", bytesOf(spoken([1])));
    await socket.until(({ finals }) => finals.length === 1);
    using room = fullDisk();
    const before = socket.got.length;
    session.push("talk", bytesOf(spoken([2, 3])));
    await room.refused();
    expect(socket.finals).toEqual(["1"]);
    expect(socket.got.slice(before).some((message) => message.type === "position" && message.kept > 30_000)).toBe(
      false,
    );
    expect(await codeOf(runs.start(caller, start))).toBe("STORE_FULL");
    expect(await opened.control.health()).toMatchObject({ store: false, ready: false, reason: "STORE_FULL" });
    room.free();
    session.end();
    await socket.until(({ got }) => got.at(-1)?.type === "closed");
    expect(socket.finals).toEqual(["1", "2", "3"]);
    expect((await runs.finals(caller, run.id)).map((final) => final.text)).toEqual(["1", "2", "3"]);
  });
});

/** Lets no transaction begin, as a disk without room would, until `free`. */
function fullDisk() {
  const write = Store.prototype.write;
  const { promise, resolve } = Promise.withResolvers<void>();
  let attempts = 0;
  Store.prototype.write = async () => {
    if (++attempts === 3) resolve();
    throw new EngineError("STORE_FULL", "the store has no room left (SQLITE_FULL)");
  };
  const free = () => {
    Store.prototype.write = write;
  };
  /** Resolves when several commits were refused. */
  return { refused: () => promise, free, [Symbol.dispose]: free };
}
