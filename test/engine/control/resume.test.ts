import { describe, expect, setDefaultTimeout, test } from "bun:test";
import { caller, codeOf, eventsOf, finalsOf, live, openTestControl, type TestControl, TestSocket } from "#test/control";
import { bytesOf, NUMBERS, PAUSE_MS, RATE_HZ, spoken, UTTERANCE_MS } from "#test/spoken-numbers";

setDefaultTimeout(60_000); // on a busy machine

const start = { workflow: { text: NUMBERS }, inputs: { talk: live } };
const perNumber = ((UTTERANCE_MS + PAUSE_MS) * RATE_HZ) / 1000;

describe("a run goes on in the next process", () => {
  test("with every final once, from the position that is named", async () => {
    const numbers = Array.from({ length: 12 }, (_, i) => i + 1);
    const audio = bytesOf(spoken(numbers));
    await using first = await openTestControl();
    const { id } = await first.control.runs.start(caller, start);
    const told = new TestSocket();
    const session = await first.control.runs.attach(caller, id, { sends: true, after: 0 }, told);
    // in the middle of the sixth utterance
    session.push("talk", audio.subarray(0, 2 * (5 * perNumber + 3200)));
    await told.until(({ finals }) => finals.length === 5);
    await told.until(({ position }) => (position?.kept ?? 0) > 4 * perNumber);
    await first.control.close();
    expect(told.got.at(-1)).toMatchObject({ type: "closed", code: "SERVER_DRAINING" });

    await using second = await openTestControl({ folder: first.folder });
    expect(await second.control.runs.get(caller, id)).toMatchObject({ state: "interrupted" });
    const again = new TestSocket();
    const after = told.events.findLast((event) => event.id !== undefined)!.id!;
    const resumed = await second.control.runs.attach(caller, id, { sends: true, after }, again);
    const from = resumed.inputs[0]!.received;
    expect(from).toBeGreaterThanOrEqual(told.position!.kept);
    expect(from).toBeLessThanOrEqual(5 * perNumber);
    resumed.push("talk", audio.subarray(2 * from), from);
    resumed.end();
    await again.until(({ got }) => got.at(-1)?.type === "closed");
    expect([...told.finals, ...again.finals]).toEqual(numbers.map(String));
    const all = await eventsOf(second.control, id);
    expect(finalsOf(all)).toEqual(numbers.map(String));
    expect(all.some((event) => event.type === "run.resumed")).toBe(true);
    expect(new Set(all.flatMap((e) => (e.type === "text.final" ? [e.data.utterance] : []))).size).toBe(numbers.length);
    expect(await second.control.runs.get(caller, id)).toMatchObject({ state: "done", generation: 1 });
  });

  test("what was told before is not told again, wherever the sender begins", async () => {
    const numbers = [1, 2, 3, 4];
    const audio = bytesOf(spoken(numbers));
    await using first = await openTestControl();
    const { id } = await first.control.runs.start(caller, start);
    const told = new TestSocket();
    const session = await first.control.runs.attach(caller, id, { sends: true, after: 0 }, told);
    session.push("talk", audio.subarray(0, 2 * 3 * perNumber));
    await told.until(({ finals }) => finals.length === 3);
    await first.control.close();
    await using second = await openTestControl({ folder: first.folder });
    const again = new TestSocket();
    const resumed = await second.control.runs.attach(caller, id, { sends: true, after: 0 }, again);
    resumed.push("talk", audio, 0); // all of it: what was received is dropped
    resumed.end();
    await again.until(({ got }) => got.at(-1)?.type === "closed");
    expect(again.finals).toEqual(numbers.map(String));
  });

  test("by itself where nobody has to send", async () => {
    await using first = await openTestControl();
    const upload = await first.control.uploads.create(caller, new Blob([wav([1, 2, 3])]).stream());
    const { id } = await first.control.runs.start(caller, {
      ...start,
      inputs: { talk: { upload: upload.id } },
      params: { delayMs: 200 },
    });
    const signal = new AbortController().signal;
    for await (const item of await first.control.runs.follow(caller, id, { signal }))
      if (item.type === "event" && item.event.type === "text.final") break;
    await first.control.close();
    await using second = await openTestControl({ folder: first.folder });
    expect(finalsOf(await eventsOf(second.control, id))).toEqual(["1", "2", "3"]);
  });

  test("only with the secrets it was started with", async () => {
    await using first = await openTestControl();
    const text = NUMBERS.replace("with: { delayMs:", 'with: { key: "${secret:mine}", delayMs:');
    const refused = first.control.runs.start(caller, { ...start, workflow: { text }, secrets: { mine: "s3cr3t" } });
    // the recogniser does not keep its key secret
    expect(await codeOf(refused)).toBe("WORKFLOW_INVALID");
    const { id } = await first.control.runs.start(caller, { ...start, secrets: { mine: "s3cr3t" } });
    await first.control.close();
    await using second = await openTestControl({ folder: first.folder });
    const { runs } = second.control;
    expect(await codeOf(runs.attach(caller, id, { sends: true }, new TestSocket()))).toBe("SECRET_MISSING");
    await runs.attach(caller, id, { sends: true, secrets: { mine: "s3cr3t" } }, new TestSocket());
    expect((await runs.get(caller, id)).generation).toBe(1);
    expect(await Bun.file(`${first.folder}/parlando-data/parlando.sqlite-wal`).text()).not.toContain("s3cr3t");
  });
});

test("a param that is secret is stored as little as a secret, and is needed again", async () => {
  const text = NUMBERS.replace("params: {", "params: { key: { type: secret },").replace(
    "with: { delayMs:",
    'with: { hidden: "${params.key}", delayMs:',
  );
  await using first = await openTestControl();
  const { id } = await first.control.runs.start(caller, { ...start, workflow: { text }, params: { key: "s3cr3t" } });
  await first.control.close();
  await using second = await openTestControl({ folder: first.folder });
  const { runs, jobs } = second.control;
  expect(await codeOf(runs.attach(caller, id, { sends: true }, new TestSocket()))).toBe("SECRET_MISSING");
  await runs.attach(caller, id, { sends: true, secrets: { "params.key": "s3cr3t" } }, new TestSocket());
  expect((await runs.get(caller, id)).state).not.toBe("failed");
  const job = { workflow: { text }, items: [{ url: "https://example.org/a.wav" }], params: { key: "s3cr3t" } };
  expect(await codeOf(jobs.start(caller, job))).toBe("REQUEST_INVALID");
  for await (const file of new Bun.Glob("**/*").scan({ cwd: first.folder, dot: true }))
    expect(await Bun.file(`${first.folder}/${file}`).text()).not.toContain("s3cr3t");
});

describe("a socket that was lost", () => {
  test("is followed by another, which hears what it missed and sends from what was received", async () => {
    await using opened: TestControl = await openTestControl();
    const { runs } = opened.control;
    const { id } = await runs.start(caller, start);
    const audio = bytesOf(spoken([1, 2, 3]));
    const first = new TestSocket();
    const session = await runs.attach(caller, id, { sends: true, after: 0 }, first);
    session.push("talk", audio.subarray(0, 2 * (perNumber + 1000)));
    await first.until(({ finals }) => finals.length === 1);
    session.close();
    const second = new TestSocket();
    const after = first.events.findLast((event) => event.id !== undefined)!.id!;
    const resumed = await runs.attach(caller, id, { sends: true, after }, second);
    const from = resumed.inputs[0]!.received;
    expect(from).toBe(perNumber + 1000);
    resumed.push("talk", audio.subarray(2 * from), from);
    resumed.end();
    await second.until(({ got }) => got.at(-1)?.type === "closed");
    expect([...first.finals, ...second.finals]).toEqual(["1", "2", "3"]);
    const late = new TestSocket();
    await runs.attach(caller, id, { after: 0 }, late);
    await late.until(({ got }) => got.at(-1)?.type === "closed");
    expect(late.finals).toEqual(["1", "2", "3"]);
  });
});

function wav(numbers: readonly number[]): Uint8Array<ArrayBuffer> {
  const pcm = spoken(numbers);
  const bytes = new Uint8Array(44 + pcm.byteLength);
  const view = new DataView(bytes.buffer);
  const word = (at: number, text: string) => bytes.set(new TextEncoder().encode(text), at);
  word(0, "RIFF");
  view.setUint32(4, 36 + pcm.byteLength, true);
  word(8, "WAVEfmt ");
  view.setUint32(16, 16, true);
  view.setUint16(20, 1, true);
  view.setUint16(22, 1, true);
  view.setUint32(24, RATE_HZ, true);
  view.setUint32(28, RATE_HZ * 2, true);
  view.setUint16(32, 2, true);
  view.setUint16(34, 16, true);
  word(36, "data");
  view.setUint32(40, pcm.byteLength, true);
  bytes.set(bytesOf(pcm), 44);
  return bytes;
}
