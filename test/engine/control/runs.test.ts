import { describe, expect, setDefaultTimeout, test } from "bun:test";
import { caller, callerOf, codeOf, eventsOf, live, openTestControl, TestSocket } from "#test/control";
import { covers } from "#test/covers";
import { bytesOf, NUMBERS, PAUSE_MS, RATE_HZ, spoken, UTTERANCE_MS } from "#test/spoken-numbers";

setDefaultTimeout(60_000); // on a busy machine

const start = { workflow: { text: NUMBERS }, inputs: { talk: live } };
const perNumber = ((UTTERANCE_MS + PAUSE_MS) * RATE_HZ) / 1000;

describe("a run", () => {
  test("tells the same events, with the same ids, to a socket, to a follower and to one that comes later", async () => {
    await using opened = await openTestControl();
    const { runs } = opened.control;
    const run = await runs.start(caller, { ...start, labels: { team: "a" } });
    const socket = new TestSocket();
    const following = eventsOf(opened.control, run.id);
    const session = await runs.attach(caller, run.id, { sends: true, after: 0 }, socket);
    session.push("talk", bytesOf(spoken([7, 8, 9])));
    session.end();
    await socket.until(({ got }) => got.at(-1)?.type === "closed");
    const durable = socket.events.filter((event) => event.id !== undefined);
    expect(durable.map((event) => event.id)).toEqual(durable.map((_, i) => i + 1));
    expect(socket.finals).toEqual(["7", "8", "9"]);
    expect(durable.every((event) => event.labels.team === "a")).toBe(true);
    expect((await following).filter((event) => event.id !== undefined)).toEqual(durable);
    expect(await eventsOf(opened.control, run.id)).toEqual(durable);
    expect(await eventsOf(opened.control, run.id, { after: 4 })).toEqual(durable.slice(4));
    expect(socket.events.some((event) => event.type === "text.partial" && event.id === undefined)).toBe(true);
    const view = await runs.get(caller, run.id);
    expect(view).toMatchObject({ state: "done", workflow: { name: "numbers" }, labels: { team: "a" }, generation: 0 });
    expect(view.lastEventId).toBe(durable.length);
  });

  test("gives its transcript in every format", async () => {
    await using opened = await openTestControl();
    const { runs } = opened.control;
    const run = await runs.start(caller, start);
    const session = await runs.attach(caller, run.id, { sends: true }, new TestSocket());
    session.push("talk", bytesOf(spoken([41, 42])));
    session.end();
    await eventsOf(opened.control, run.id);
    const text = async (format: "json" | "txt" | "srt" | "vtt") =>
      (await runs.transcript(caller, run.id, { format })).body;
    expect(await text("txt")).toBe("41\n42\n");
    expect(await text("srt")).toBe("1\n00:00:00,000 --> 00:00:00,400\n41\n\n2\n00:00:00,700 --> 00:00:01,100\n42\n");
    expect(await text("vtt")).toStartWith("WEBVTT\n\n00:00:00.000 --> 00:00:00.400\n41\n");
    expect(JSON.parse(await text("json")).finals.map((final: { text: string }) => final.text)).toEqual(["41", "42"]);
    const [usage] = await runs.usage(caller, { run: run.id });
    expect(usage).toMatchObject({ runs: 1, finals: 2, audioSeconds: 1.4 });
  });

  test("refuses who asks for an output that it has not, going on or over, instead of telling nothing of it", async () => {
    await using opened = await openTestControl();
    const { runs } = opened.control;
    const run = await runs.start(caller, start);
    const asked = async () => [
      await codeOf(eventsOf(opened.control, run.id, { outputs: ["wrods"] })),
      await codeOf(runs.transcript(caller, run.id, { format: "txt", output: "wrods" })),
      await codeOf(runs.transcript(caller, run.id, { format: "txt", output: "words" })),
    ];
    expect(await asked()).toEqual(["OUTPUT_UNKNOWN", "OUTPUT_UNKNOWN", "no error"]);
    await runs.cancel(caller, run.id);
    expect(await asked()).toEqual(["OUTPUT_UNKNOWN", "OUTPUT_UNKNOWN", "no error"]);
    expect((await eventsOf(opened.control, run.id, { outputs: ["words"] })).at(-1)?.type).toBe("run.ended");
  });

  test("is started once for one Idempotency-Key, and refuses another request with it", async () => {
    await using opened = await openTestControl();
    const { runs } = opened.control;
    const key = { idempotencyKey: "once" };
    const [a, b] = await Promise.all([runs.start(caller, start, key), runs.start(caller, start, key)]);
    expect(b.id).toBe(a.id);
    expect((await runs.start(caller, start, key)).id).toBe(a.id);
    expect(await codeOf(runs.start(caller, { ...start, labels: { x: "y" } }, key))).toBe("IDEMPOTENCY_CONFLICT");
    expect((await runs.start(callerOf("other"), start, key)).id).not.toBe(a.id);
    expect((await runs.list(caller, {})).items).toHaveLength(1);
  });

  test("is not there for another project, in any way", async () => {
    await using opened = await openTestControl();
    const { runs } = opened.control;
    const { id } = await runs.start(caller, start);
    const other = callerOf("other");
    const signal = new AbortController().signal;
    for (const call of [
      () => runs.get(other, id),
      () => runs.cancel(other, id),
      () => runs.delete(other, id),
      () => runs.follow(other, id, { signal }),
      () => runs.transcript(other, id, { format: "txt" }),
      () => runs.artifacts(other, id),
      () => runs.accounts(other, id),
      () => runs.attach(other, id, { sends: true }, new TestSocket()),
      () => runs.update(other, id, "vad", {}),
    ])
      expect(await codeOf(call())).toBe("RUN_NOT_FOUND");
    expect((await runs.list(other, {})).items).toEqual([]);
    expect((await runs.get(caller, id)).id).toBe(id);
  });

  test.each([
    { what: "a text that is no workflow", request: { workflow: { text: "parlando: 1" } }, code: "WORKFLOW_INVALID" },
    { what: "an input that is bound to nothing", request: { workflow: { text: NUMBERS } }, code: "WORKFLOW_INVALID" },
    { what: "a stored workflow that is not there", request: { workflow: "none" }, code: "WORKFLOW_NOT_FOUND" },
    {
      what: "an upload that is not there",
      request: { workflow: { text: NUMBERS }, inputs: { talk: { upload: "upload_1" } } },
      code: "UPLOAD_NOT_FOUND",
    },
    {
      what: "a URL into this machine",
      request: { workflow: { text: NUMBERS }, inputs: { talk: { url: "http://127.0.0.1:1/a.wav" } } },
      code: "URL_FORBIDDEN",
    },
    {
      what: "Opus at a rate that it has not",
      request: {
        workflow: { text: NUMBERS },
        inputs: { talk: { live: { encoding: "opus" as const, sampleRateHz: 44_100, channels: 1 } } },
      },
      code: "AUDIO_FORMAT_UNSUPPORTED",
    },
    {
      what: "too many labels",
      request: { ...start, labels: Object.fromEntries(Array.from({ length: 33 }, (_, i) => [`l${i}`, ""])) },
      code: "REQUEST_INVALID",
    },
  ])("refuses $what", async ({ request, code }) => {
    await using opened = await openTestControl();
    expect(await codeOf(opened.control.runs.start(caller, request))).toBe(code);
    expect((await opened.control.runs.list(caller, {})).items).toEqual([]);
  });

  test("does not tell where on this machine a recording lies that cannot be read", async () => {
    await using opened = await openTestControl();
    const { runs, uploads } = opened.control;
    const { id: upload } = await uploads.create(caller, new Blob(["these are words"]).stream());
    const refused = await runs.start(caller, { ...start, inputs: { talk: { upload } } }).catch((error) => error);
    const said = JSON.stringify(refused.details);
    expect(said).toContain(`${upload}: looks like text`);
    expect(said).not.toContain(opened.folder);
  });

  test("changes a live field of a node that is tried again, too", async () => {
    await using opened = await openTestControl();
    const { runs } = opened.control;
    const text = NUMBERS.replace(
      "vad: { use: numbers.vad, from: inputs.talk }",
      "loud: { use: numbers.louder, from: inputs.talk, retry: { attempts: 2 } }\n  vad: { use: numbers.vad, from: loud }",
    );
    const run = await runs.start(caller, { ...start, workflow: { text } });
    const socket = new TestSocket();
    const session = await runs.attach(caller, run.id, { sends: true, after: 0 }, socket);
    session.push("talk", bytesOf(spoken([5])));
    await socket.until(({ finals }) => finals.length === 1);
    await runs.update(caller, run.id, "loud", { factor: 3 });
    expect(await codeOf(runs.update(caller, run.id, "loud", { name: "x" }))).toBe("FIELD_NOT_LIVE");
    session.push("talk", bytesOf(spoken([5])));
    session.end();
    await socket.until(({ got }) => got.at(-1)?.type === "closed");
    expect(socket.finals).toEqual(["5", "15"]);
  });

  test("changes a live field while it runs, and no other", async () => {
    await using opened = await openTestControl();
    const { runs } = opened.control;
    const text = NUMBERS.replace(
      "vad: { use: numbers.vad, from: inputs.talk }",
      "loud: { use: numbers.louder, from: inputs.talk }\n  vad: { use: numbers.vad, from: loud }",
    );
    const run = await runs.start(caller, { ...start, workflow: { text } });
    const socket = new TestSocket();
    const session = await runs.attach(caller, run.id, { sends: true, after: 0 }, socket);
    session.push("talk", bytesOf(spoken([5])));
    await socket.until(({ finals }) => finals.length === 1);
    expect(await codeOf(runs.update(caller, run.id, "loud", { name: "other" }))).toBe("FIELD_NOT_LIVE");
    expect(await codeOf(runs.update(caller, run.id, "loud", { factor: 11 }))).toBe("CONFIG_INVALID");
    expect(await codeOf(runs.update(caller, run.id, "none", { factor: 2 }))).toBe("NODE_NOT_FOUND");
    await runs.update(caller, run.id, "loud", { factor: 3 });
    session.push("talk", bytesOf(spoken([5])));
    session.end();
    await socket.until(({ got }) => got.at(-1)?.type === "closed");
    expect(socket.finals).toEqual(["5", "15"]);
    expect(await codeOf(runs.update(caller, run.id, "loud", { factor: 2 }))).toBe("RUN_ENDED");
  });

  test("that is cancelled says so, and is deleted with all that belongs to it", async () => {
    covers("S2", "S3", "S42");
    await using opened = await openTestControl();
    const { runs } = opened.control;
    const kept = await runs.start(caller, start);
    const run = await runs.start(caller, { ...start, labels: { consent: "C-17" } });
    expect((await runs.cancel(caller, run.id)).state).toBe("cancelled");
    expect((await runs.get(caller, run.id)).labels).toEqual({ consent: "C-17" });
    expect((await eventsOf(opened.control, run.id)).at(-1)).toMatchObject({
      type: "run.ended",
      data: { state: "cancelled" },
    });
    expect(await runs.deleteByLabels(caller, { consent: "C-17" })).toBe(1);
    expect(await codeOf(runs.get(caller, run.id))).toBe("RUN_NOT_FOUND");
    expect((await runs.get(caller, kept.id)).id).toBe(kept.id);
    await runs.delete(caller, kept.id);
    expect((await runs.list(caller, {})).items).toEqual([]);
  });

  test("of which only texts are kept leaves no file; of which nothing is kept, no word", async () => {
    covers("S42");
    await using opened = await openTestControl({ config: { limits: { resumeSeconds: 1 } } });
    const { runs } = opened.control;
    const text = NUMBERS.replace(
      "outputs:",
      '  file: { use: core.transcript, from: asr, with: { path: "${run.dir}/said.txt" } }\noutputs:',
    );
    for (const { keep, files, finals } of [
      { keep: "all", files: 1, finals: 1 },
      { keep: "text", files: 0, finals: 1 },
    ] as const) {
      const run = await runs.start(caller, { ...start, workflow: { text }, keep });
      const socket = new TestSocket();
      const session = await runs.attach(caller, run.id, { sends: true, after: 0 }, socket);
      session.push("talk", bytesOf(spoken([5])));
      session.end();
      await socket.until(({ got }) => got.at(-1)?.type === "closed");
      expect(socket.finals).toEqual(["5"]);
      await Bun.sleep(0); // files go once the end of the run was told
      expect(await runs.artifacts(caller, run.id)).toHaveLength(files);
      expect(await runs.finals(caller, run.id)).toHaveLength(finals);
    }
  });
});

test("files of one name in different folders are told, listed and sent apart", async () => {
  await using opened = await openTestControl();
  const { runs } = opened.control;
  const file = (folder: string) =>
    `  ${folder}: { use: core.transcript, from: asr, with: { path: "\${run.dir}/${folder}/said.txt" } }\n`;
  const text = NUMBERS.replace("outputs:", `${file("one")}${file("two")}outputs:`);
  const run = await runs.start(caller, { ...start, workflow: { text } });
  const session = await runs.attach(caller, run.id, { sends: true }, new TestSocket());
  session.push("talk", bytesOf(spoken([5])));
  session.end();
  const told = (await eventsOf(opened.control, run.id)).filter(({ type }) => type === "artifact");
  expect(told.map(({ data }) => "name" in data && data.name).sort()).toEqual(["said (2).txt", "said.txt"]);
  const listed = await runs.artifacts(caller, run.id);
  expect(listed.map(({ name }) => name).sort()).toEqual(["said (2).txt", "said.txt"]);
  const paths = await Promise.all(listed.map(async ({ name }) => (await runs.artifact(caller, run.id, name)).path));
  expect(paths.map((path) => path.split("/").at(-2)).sort()).toEqual(["one", "two"]);
});

describe("positions", () => {
  test("what is kept follows finals and silence, and never passes an utterance that is owed", async () => {
    await using opened = await openTestControl();
    const { runs } = opened.control;
    const run = await runs.start(caller, { ...start, params: { delayMs: 300 } });
    const socket = new TestSocket();
    const session = await runs.attach(caller, run.id, { sends: true, after: 0 }, socket);
    session.push("talk", bytesOf(spoken([5])));
    session.push("talk", bytesOf(spoken([6]).subarray(0, (200 * RATE_HZ) / 1000)));
    await socket.until(({ position }) => position !== undefined && position.received === perNumber + 3200);
    // the second utterance is open: what is kept ends where its pre-roll begins, or before the first one's final was there
    expect(socket.position!.kept).toBeLessThanOrEqual(perNumber);
    await socket.until(({ finals }) => finals.length === 1);
    await socket.until(({ position }) => position!.kept > 0);
    expect(socket.position!.kept).toBeGreaterThanOrEqual((UTTERANCE_MS * RATE_HZ) / 1000);
    expect(socket.position!.kept).toBeLessThanOrEqual(perNumber);
    session.push("talk", bytesOf(new Int16Array(RATE_HZ)));
    await socket.until(({ finals }) => finals.length === 2);
    // through silence, but for what the detector still holds
    await socket.until(({ position }) => position!.kept > perNumber + RATE_HZ - 3200);
    session.close();
  });

  test("an utterance without words holds nothing back", async () => {
    await using opened = await openTestControl();
    const { runs } = opened.control;
    const text = NUMBERS.replace("with: { delayMs:", "with: { deaf: 6, delayMs:");
    const run = await runs.start(caller, { ...start, workflow: { text } });
    const socket = new TestSocket();
    const session = await runs.attach(caller, run.id, { sends: true }, socket);
    session.push("talk", bytesOf(spoken([5, 6])));
    session.push("talk", bytesOf(new Int16Array(RATE_HZ)));
    await socket.until(({ position }) => (position?.kept ?? 0) > 2 * perNumber);
    expect(socket.finals).toEqual(["5"]);
    session.close();
  });

  test("a chunk may have any length, come again, and not leave a gap", async () => {
    await using opened = await openTestControl();
    const { runs } = opened.control;
    const run = await runs.start(caller, start);
    const socket = new TestSocket();
    const session = await runs.attach(caller, run.id, { sends: true, after: 0 }, socket);
    const bytes = bytesOf(spoken([300, 301]));
    for (let at = 0; at < bytes.length; at += 333) session.push("talk", bytes.subarray(at, at + 333));
    expect(session.inputs[0]?.received).toBe(2 * perNumber);
    session.push("talk", bytes.subarray(bytes.length - 2000), 2 * perNumber - 1000);
    expect(session.inputs[0]?.received).toBe(2 * perNumber);
    expect(() => session.push("talk", bytes, 2 * perNumber + 1)).toThrow("begins at");
    expect(() => session.push("none", bytes)).toThrow("no live input");
    session.end();
    expect(() => session.push("talk", bytes)).toThrow("has ended");
    await socket.until(({ got }) => got.at(-1)?.type === "closed");
    expect(socket.finals).toEqual(["300", "301"]);
  });

  test("a sender that is taken over from may send no more", async () => {
    await using opened = await openTestControl();
    const { runs } = opened.control;
    const run = await runs.start(caller, start);
    const first = await runs.attach(caller, run.id, { sends: true }, new TestSocket());
    const listening = await runs.attach(caller, run.id, {}, new TestSocket());
    const second = await runs.attach(caller, run.id, { sends: true }, new TestSocket());
    expect(() => first.push("talk", new Uint8Array(2))).toThrow("taken over");
    expect(() => listening.push("talk", new Uint8Array(2))).toThrow("did not ask to send");
    second.push("talk", new Uint8Array(2));
    expect(second.inputs[0]?.received).toBe(1);
  });
});

describe("a slow reader", () => {
  test("gets all finals in order, once each, and is told what it missed", async () => {
    await using opened = await openTestControl();
    const { runs } = opened.control;
    const run = await runs.start(caller, start);
    const slow = new TestSocket();
    const session = await runs.attach(caller, run.id, { sends: true, after: 0 }, slow);
    slow.room = false;
    const numbers = Array.from({ length: 1200 }, (_, i) => i + 1);
    const quick = new TestSocket();
    await runs.attach(caller, run.id, { after: 0, partials: false }, quick);
    for (let at = 0; at < numbers.length; at += 20) {
      session.push("talk", bytesOf(spoken(numbers.slice(at, at + 20))));
      await quick.until(({ finals }) => finals.length >= at + 10);
    }
    await quick.until(({ finals }) => finals.length === numbers.length);
    expect(slow.finals.length).toBeLessThan(3);
    slow.room = true;
    session.writable();
    await slow.until(({ finals }) => finals.length === numbers.length);
    expect(slow.finals).toEqual(numbers.map(String));
    await slow.until(({ got }) => got.some((message) => message.type === "missed"));
    const ids = slow.events.flatMap((event) => event.id ?? []);
    expect(ids).toEqual(ids.map((_, i) => i + 1));
  });
});
