import { afterEach, describe, expect, setDefaultTimeout, test } from "bun:test";
import { cpSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { encodeWav } from "#engine/audio";
import { Store } from "#engine/store";
import { caller, eventsOf, finalsOf, live, openTestControl, type TestControl, TestSocket } from "#test/control";
import { HandClock } from "#test/hand-clock";
import { bytesOf, NUMBERS, PAUSE_MS, RATE_HZ, spoken, UTTERANCE_MS } from "#test/spoken-numbers";
import { until } from "#test/until";

setDefaultTimeout(60_000);

const perNumber = ((UTTERANCE_MS + PAUSE_MS) * RATE_HZ) / 1000;
const start = { workflow: { text: NUMBERS }, inputs: { talk: live }, params: { delayMs: 10 } };

const folders: string[] = [];
afterEach(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true });
});

/** What a process that is killed now leaves behind: what is committed, and the files. */
function killed({ folder }: TestControl): string {
  const copy = mkdtempSync(join(tmpdir(), "parlando-killed-"));
  folders.push(copy);
  cpSync(folder, copy, { recursive: true, filter: (path) => !path.endsWith("-shm") && !path.endsWith("-lock") });
  return copy;
}

describe("a run that was asked to end its input just before its process was killed", () => {
  test("takes from its sender what it had received by then, and no more", async () => {
    // the recogniser never answers in this process
    await using first = await openTestControl({ clock: new HandClock() });
    const { id } = await first.control.runs.start(caller, start);
    const told = new TestSocket();
    const audio = bytesOf(spoken([1, 2, 3, 9, 9]));
    const session = await first.control.runs.attach(caller, id, { sends: true, after: 0 }, told);
    session.push("talk", audio.subarray(0, 2 * 3 * perNumber));
    await first.control.runs.drain(caller, id);
    expect(told.got.at(-1)).toMatchObject({ type: "position", received: 3 * perNumber, ended: true });

    await using second = await openTestControl({ folder: killed(first) });
    const { runs } = second.control;
    expect(await runs.get(caller, id)).toMatchObject({ state: "interrupted", inputs: [{ ended: true }] });
    const again = new TestSocket();
    const resumed = await runs.attach(caller, id, { sends: true, after: 0 }, again);
    const { received, ended } = resumed.inputs[0]!;
    expect(ended).toBe(false);
    // its sender does not know of the end, and goes on
    for (let at = received; at < 5 * perNumber; at += 500)
      resumed.push("talk", audio.subarray(2 * at, 2 * at + 1000), at);
    await again.until(({ got }) => got.at(-1)?.type === "closed");
    expect(again.finals).toEqual(["1", "2", "3"]);
    expect(await runs.get(caller, id)).toMatchObject({ state: "done", inputs: [{ ended: true }] });
    expect((await second.control.figures()).lateMessages).toBeGreaterThan(0);
  });

  test("is not asked again by a second kill", async () => {
    await using first = await openTestControl({ clock: new HandClock() });
    const { id } = await first.control.runs.start(caller, start);
    const session = await first.control.runs.attach(caller, id, { sends: true }, new TestSocket());
    const audio = bytesOf(spoken([1, 2]));
    session.push("talk", audio);
    await first.control.runs.drain(caller, id);
    await using second = await openTestControl({ folder: killed(first), clock: new HandClock() });
    const taken = await second.control.runs.attach(caller, id, { sends: true }, new TestSocket());
    taken.push("talk", audio.subarray(0, 1000), 0);
    await second.control.close();
    await using third = await openTestControl({ folder: second.folder });
    const last = new TestSocket();
    const resumed = await third.control.runs.attach(caller, id, { sends: true, after: 0 }, last);
    resumed.push("talk", bytesOf(spoken([1, 2, 9])), 0);
    await last.until(({ got }) => got.at(-1)?.type === "closed");
    expect(last.finals).toEqual(["1", "2"]);
  });

  test("ends by itself where all that was sent is safe", async () => {
    await using first = await openTestControl();
    const { id } = await first.control.runs.start(caller, start);
    await first.control.close();
    const store = await Store.open({ folder: join(first.folder, "parlando-data"), sync: "normal" });
    const track = { runId: id, track: "talk", received: 4000, kept: 4000, ended: true };
    await store.write((to) => to.journal.saveTracks([track]));
    await store.close();
    await using second = await openTestControl({ folder: first.folder });
    expect((await eventsOf(second.control, id)).at(-1)).toMatchObject({ type: "run.ended", data: { state: "done" } });
  });

  test("that reads a file goes on to where it was, and is drained there", async () => {
    await using first = await openTestControl({ clock: new HandClock() });
    const numbers = Array.from({ length: 400 }, (_, i) => i + 1);
    const wav = encodeWav(spoken(numbers), { sampleRateHz: RATE_HZ, channels: 1 }) as Uint8Array<ArrayBuffer>;
    const upload = await first.control.uploads.create(caller, new Blob([wav]).stream());
    const { id } = await first.control.runs.start(caller, { ...start, inputs: { talk: { upload: upload.id } } });
    const read = async () => {
      const { nodes } = await first.control.runs.accounts(caller, id);
      return nodes.find(({ node }) => node === "inputs.talk")?.out.samples ?? 0;
    };
    await until(async () => (await read()) > 3 * perNumber);
    await first.control.runs.drain(caller, id);
    const position = await read();
    expect(position).toBeLessThan(100 * perNumber);

    await using second = await openTestControl({ folder: killed(first) });
    const events = await eventsOf(second.control, id);
    expect(events.at(-1)).toMatchObject({ type: "run.ended", data: { state: "done", drained: true } });
    const finals = finalsOf(events);
    expect(finals).toEqual(numbers.slice(0, finals.length).map(String));
    expect(finals.length).toBeGreaterThanOrEqual(Math.floor(position / perNumber));
    expect(finals.length).toBeLessThan(numbers.length);
  });

  test("that listens to something that goes on without it is drained at once", async () => {
    const text = `parlando: 1
nodes:
  talk: { use: core.script, with: { as: source, pace: live, events: [{ audio: { toneHz: 440, ms: 3600000 } }] } }
  vad: { use: numbers.vad, from: talk }
outputs: { marks: vad }
`;
    await using first = await openTestControl();
    const { id } = await first.control.runs.start(caller, { workflow: { text } });
    await until(async () => (await first.control.runs.get(caller, id)).state === "running");
    await first.control.close();
    const store = await Store.open({ folder: join(first.folder, "parlando-data"), sync: "normal" });
    await store.write((to) => to.runs.update(id, { drain: { atMs: 1, sources: {} } }));
    await store.close();
    await using second = await openTestControl({ folder: first.folder });
    const end = { state: "done", drained: true };
    expect((await eventsOf(second.control, id)).at(-1)).toMatchObject({ type: "run.ended", data: end });
  });
});
