import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from "bun:test";
import { createHmac } from "node:crypto";
import { encodeWav } from "#engine/audio";
import type { JobView } from "#engine/control";
import {
  caller,
  callerOf,
  codeOf,
  eventsOf,
  finalsOf,
  live,
  openTestControl,
  type TestControl,
  TestSocket,
} from "#test/control";
import { bytesOf, NUMBERS, RATE_HZ, spoken } from "#test/spoken-numbers";

setDefaultTimeout(60_000); // on a busy machine

const wav = (...numbers: number[]) =>
  new Blob([encodeWav(spoken(numbers), { sampleRateHz: RATE_HZ, channels: 1 }) as Uint8Array<ArrayBuffer>]).stream();

describe("workflows", () => {
  test("are stored in versions; what runs goes on with its own", async () => {
    await using opened = await openTestControl();
    const { workflows, runs } = opened.control;
    expect((await workflows.save(caller, "numbers", NUMBERS)).version).toBe(1);
    expect((await workflows.save(caller, "numbers", NUMBERS)).version).toBe(1);
    const run = await runs.start(caller, { workflow: "numbers", inputs: { talk: live } });
    const changed = NUMBERS.replace("asr: { use", "asr: { label: changed, use");
    expect((await workflows.save(caller, "numbers", changed)).version).toBe(2);
    expect((await workflows.get(caller, "numbers")).text).toBe(changed);
    expect((await workflows.get(caller, "numbers@1")).text).toBe(NUMBERS);
    expect((await workflows.versions(caller, "numbers")).map((each) => each.version)).toEqual([2, 1]);
    expect((await runs.start(caller, { workflow: "numbers@1", inputs: { talk: live } })).workflow.version).toBe(1);
    await workflows.delete(caller, "numbers");
    const session = await runs.attach(caller, run.id, { sends: true }, new TestSocket());
    session.push("talk", bytesOf(spoken([4])));
    session.end();
    expect(finalsOf(await eventsOf(opened.control, run.id))).toEqual(["4"]);
  });

  test("are linted when they are written, and are not there for others", async () => {
    await using opened = await openTestControl();
    const { workflows } = opened.control;
    const refused = await workflows
      .save(caller, "bad", "parlando: 1\nnodes: { a: { use: none.such } }\n")
      .catch((error) => error);
    expect(refused.code).toBe("WORKFLOW_INVALID");
    expect(refused.details.findings[0]).toMatchObject({ file: "bad.yaml", line: 2, code: "NODE_TYPE_UNKNOWN" });
    const saved = await workflows.save(caller, "good", NUMBERS);
    expect(saved).toMatchObject({ inputs: [{ name: "talk", kind: "audio" }], outputs: ["words"] });
    for (const reference of ["bad", "good@2", "good@0", "good@x", "good@1@1", ""])
      expect(await codeOf(workflows.get(caller, reference))).toBe("WORKFLOW_NOT_FOUND");
    expect(await codeOf(workflows.get(callerOf("other"), "good"))).toBe("WORKFLOW_NOT_FOUND");
    expect(await codeOf(workflows.save(caller, "../x", NUMBERS))).toBe("REQUEST_INVALID");
    const { plan } = await workflows.plan(caller, NUMBERS);
    expect(plan?.nodes.filter((node) => !node.inserted).map((node) => node.id)).toEqual(["inputs.talk", "vad", "asr"]);
  });
});

describe("uploads", () => {
  test("are bounded, are kept as they came, and belong to their project", async () => {
    await using opened = await openTestControl({ config: { limits: { uploadBytes: 50_000 } } });
    const { uploads } = opened.control;
    const upload = await uploads.create(caller, wav(1), { name: "one.wav", mediaType: "audio/wav" });
    const file = await uploads.file(caller, upload.id);
    expect(file).toMatchObject({ bytes: upload.bytes, name: "one.wav", mediaType: "audio/wav" });
    expect(Bun.file(file.path).size).toBe(upload.bytes);
    expect(await codeOf(uploads.get(callerOf("other"), upload.id))).toBe("UPLOAD_NOT_FOUND");
    expect(await codeOf(uploads.create(caller, wav(1, 2, 3)))).toBe("UPLOAD_TOO_LARGE");
    const folder = await Array.fromAsync(new Bun.Glob("**/*").scan(`${opened.folder}/parlando-data/uploads`));
    expect(folder).toEqual([upload.id]);
    await uploads.delete(caller, upload.id);
    expect(await Bun.file(file.path).exists()).toBe(false);
    expect(await codeOf(uploads.file(caller, upload.id))).toBe("UPLOAD_NOT_FOUND");
  });
});

describe("jobs", () => {
  /** Polls, as a client of a job would; each look is a turn of the process. */
  async function ended(control: TestControl["control"], id: string): Promise<JobView> {
    for (;;) {
      const job = await control.jobs.get(caller, id);
      if (job.endedAtMs !== undefined) return job;
      await Bun.sleep(10);
    }
  }

  test("run each item once, tell how far they are, and end", async () => {
    await using opened = await openTestControl();
    const { jobs, uploads, runs } = opened.control;
    const items = await Promise.all(
      [1, 2, 3, 4, 5].map(async (n) => ({
        upload: (await uploads.create(caller, wav(n, n + 10))).id,
        labels: { n: `${n}` },
      })),
    );
    const job = await jobs.start(
      caller,
      { workflow: { text: NUMBERS }, items, concurrency: 2, labels: { batch: "a" } },
      { idempotencyKey: "k" },
    );
    expect(job).toMatchObject({ state: "queued", items: 5, done: 0 });
    expect(
      (
        await jobs.start(
          caller,
          { workflow: { text: NUMBERS }, items, concurrency: 2, labels: { batch: "a" } },
          { idempotencyKey: "k" },
        )
      ).id,
    ).toBe(job.id);
    expect(await ended(opened.control, job.id)).toMatchObject({ state: "done", done: 5, failed: 0 });
    const page = await jobs.items(caller, job.id, { limit: 3 });
    const rest = await jobs.items(caller, job.id, { limit: 3, cursor: page.next! });
    const all = [...page.items, ...rest.items];
    expect(all.map((item) => item.index)).toEqual([0, 1, 2, 3, 4]);
    for (const item of all) {
      const finals = await runs.finals(caller, item.runId!);
      expect(finals.map((final) => final.text)).toEqual([`${item.index + 1}`, `${item.index + 11}`]);
      expect((await runs.get(caller, item.runId!)).labels).toEqual({ batch: "a", n: `${item.index + 1}` });
    }
    expect((await jobs.list(caller, { state: "done" })).items.map((each) => each.id)).toEqual([job.id]);
    expect(await codeOf(jobs.get(callerOf("other"), job.id))).toBe("JOB_NOT_FOUND");
  });

  test("name no run of an item that was refused before there was one", async () => {
    await using opened = await openTestControl();
    const { jobs, uploads } = opened.control;
    const { id: upload } = await uploads.create(caller, wav(1));
    const job = await jobs.start(caller, { workflow: { text: NUMBERS }, items: [{ upload }, { upload: "none" }] });
    expect(await ended(opened.control, job.id)).toMatchObject({ state: "done", done: 1, failed: 1 });
    const { items } = await jobs.items(caller, job.id, {});
    expect(items).toEqual([
      { index: 0, state: "done", attempts: 1, runId: expect.stringMatching(/^run_/) },
      { index: 1, state: "failed", attempts: 1, error: { code: "UPLOAD_NOT_FOUND", message: expect.any(String) } },
    ]);
  });

  test.each([
    { what: "a failure that may pass is tried again", code: "VENDOR_FAILED", attempts: 2 },
    { what: "one that may not is not", code: "NODE_FAILED", attempts: 1 },
  ])("$what", async ({ code, attempts }) => {
    await using opened = await openTestControl();
    const { jobs, uploads } = opened.control;
    const items = [
      { upload: (await uploads.create(caller, wav(7))).id },
      { upload: (await uploads.create(caller, wav(8))).id },
    ];
    const text = NUMBERS.replace("with: { delayMs:", `with: { fail: 7, code: ${code}, delayMs:`);
    const job = await jobs.start(caller, { workflow: { text }, items, attempts: 2 });
    expect(await ended(opened.control, job.id)).toMatchObject({ state: "done", done: 1, failed: 1 });
    const [failed, done] = (await jobs.items(caller, job.id, {})).items;
    expect(failed).toMatchObject({ state: "failed", attempts, error: { code } });
    expect(done).toMatchObject({ state: "done", attempts: 1 });
  });

  test("go on in the next process, and do nothing twice", async () => {
    await using first = await openTestControl();
    const ids = await Promise.all(
      [1, 2, 3, 4].map(async (n) => (await first.control.uploads.create(caller, wav(n))).id),
    );
    const items = ids.map((upload) => ({ upload }));
    const job = await first.control.jobs.start(caller, {
      workflow: { text: NUMBERS },
      items,
      concurrency: 1,
      params: { delayMs: 100 },
    });
    while ((await first.control.jobs.get(caller, job.id)).done < 1) await Bun.sleep(5);
    await first.control.close();
    await using second = await openTestControl({ folder: first.folder });
    expect(await ended(second.control, job.id)).toMatchObject({ state: "done", done: 4, failed: 0 });
    const runs = (await second.control.runs.list(caller, {})).items;
    expect(runs).toHaveLength(4);
    const finals = await Promise.all(
      runs.map(async (run) => (await second.control.runs.finals(caller, run.id)).map((final) => final.text)),
    );
    expect(finals.flat().sort()).toEqual(["1", "2", "3", "4"]);
  });

  test("that are cancelled end what runs and begin no more", async () => {
    await using opened = await openTestControl();
    const { jobs, uploads } = opened.control;
    const upload = (await uploads.create(caller, wav(1))).id;
    const items = Array.from({ length: 6 }, () => ({ upload }));
    const job = await jobs.start(caller, {
      workflow: { text: NUMBERS },
      items,
      concurrency: 2,
      params: { delayMs: 5000 },
    });
    while ((await jobs.items(caller, job.id, {})).items.filter((item) => item.state === "running").length < 2)
      await Bun.sleep(5);
    await jobs.cancel(caller, job.id);
    expect(await ended(opened.control, job.id)).toMatchObject({ state: "cancelled", done: 0 });
    expect((await jobs.items(caller, job.id, {})).items.map((item) => item.state)).toEqual(Array(6).fill("cancelled"));
  });

  test.each([
    { what: "no items", request: { items: [] }, code: "REQUEST_INVALID" },
    {
      what: "an input that is not there",
      request: { items: [{ url: "https://example.org/" }], input: "none" },
      code: "INPUT_UNKNOWN",
    },
    {
      what: "secrets, which could not be had again",
      request: { items: [{ url: "https://example.org/" }], secrets: { a: "b" } },
      code: "REQUEST_INVALID",
    },
    {
      what: "too many at once",
      request: { items: [{ url: "https://example.org/" }], concurrency: 65 },
      code: "REQUEST_INVALID",
    },
  ])("refuse $what", async ({ request, code }) => {
    await using opened = await openTestControl();
    expect(await codeOf(opened.control.jobs.start(caller, { workflow: { text: NUMBERS }, ...request }))).toBe(code);
  });
});

describe("webhooks", () => {
  interface Call {
    readonly event: string;
    readonly delivery: string;
    readonly signature: string;
    readonly body: string;
  }
  const calls: Call[] = [];
  let status = 200;
  let arrived: () => void = () => {};
  let server: ReturnType<typeof Bun.serve>;
  beforeAll(() => {
    server = Bun.serve({
      hostname: "127.0.0.1",
      port: 0,
      async fetch(request) {
        const header = (name: string) => request.headers.get(`parlando-${name}`) ?? "";
        calls.push({
          event: header("event"),
          delivery: header("delivery"),
          signature: header("signature"),
          body: await request.text(),
        });
        arrived();
        return new Response("", { status });
      },
    });
  });
  afterAll(() => server.stop(true));

  const called = async (count: number) => {
    while (calls.length < count)
      await new Promise<void>((resolve) => {
        arrived = resolve;
      });
  };
  const open = () => openTestControl({ config: { allowedHosts: ["127.0.0.1"] } });
  const listen = (events: ("run.final" | "run.ended" | "run.started" | "job.ended")[], labels = {}) => ({
    url: `http://127.0.0.1:${server.port}/hook`,
    events,
    labels,
  });

  async function speak(control: TestControl["control"], numbers: number[], labels = {}): Promise<string> {
    const run = await control.runs.start(caller, { workflow: { text: NUMBERS }, inputs: { talk: live }, labels });
    const session = await control.runs.attach(caller, run.id, { sends: true }, new TestSocket());
    session.push("talk", bytesOf(spoken(numbers)));
    session.end();
    await eventsOf(control, run.id);
    return run.id;
  }

  const verified = ({ signature, body }: Call, secret: string): boolean => {
    const [t, ...signed] = signature.split(",");
    const right = createHmac("sha256", secret)
      .update(`${t!.slice(2)}.${body}`)
      .digest("hex");
    return signed.includes(`v1=${right}`);
  };

  test("tell what was asked for, signed, with labels, and nobody else's", async () => {
    calls.length = 0;
    await using opened = await open();
    const { webhooks } = opened.control;
    const { webhook, secret } = await webhooks.create(caller, listen(["run.final", "run.ended"], { team: "a" }));
    await webhooks.create(callerOf("other"), listen(["run.final"]));
    await speak(opened.control, [1], {});
    const run = await speak(opened.control, [3, 4], { team: "a", more: "b" });
    await called(3);
    expect(calls.every((call) => verified(call, secret))).toBe(true);
    expect(calls.some((call) => verified(call, "whsec_wrong"))).toBe(false);
    const bodies = calls.map((call) => JSON.parse(call.body));
    expect(bodies.map((body) => body.event).sort()).toEqual(["run.ended", "run.final", "run.final"]);
    expect(bodies.every((body) => body.run === run && body.labels.more === "b")).toBe(true);
    expect(
      bodies
        .filter((body) => body.event === "run.final")
        .map((body) => body.data.text)
        .sort(),
    ).toEqual(["3", "4"]);
    expect((await webhooks.list(caller)).map((each) => each.id)).toEqual([webhook.id]);
    expect(JSON.stringify(await webhooks.list(caller))).not.toContain(secret);
    expect(await codeOf(webhooks.get(callerOf("other"), webhook.id))).toBe("WEBHOOK_NOT_FOUND");
  });

  test("sign with both secrets while one is being replaced", async () => {
    calls.length = 0;
    await using opened = await open();
    const { webhooks } = opened.control;
    const { webhook, secret } = await webhooks.create(caller, listen(["run.ended"]));
    const rotated = await webhooks.rotate(caller, webhook.id);
    expect(rotated.secret).not.toBe(secret);
    await speak(opened.control, [1]);
    await called(1);
    expect(verified(calls[0]!, secret)).toBe(true);
    expect(verified(calls[0]!, rotated.secret)).toBe(true);
  });

  test("are tried again later, and can be sent again by hand", async () => {
    calls.length = 0;
    status = 500;
    await using opened = await open();
    const { webhooks } = opened.control;
    const { webhook } = await webhooks.create(caller, listen(["run.ended"]));
    await speak(opened.control, [1]);
    await called(1);
    const waiting = async () => (await webhooks.deliveries(caller, { webhook: webhook.id })).items[0]!;
    while ((await waiting()).attempts === 0) await Bun.sleep(5);
    const { id, nextAtMs, createdAtMs, ...facts } = await waiting();
    expect(facts).toMatchObject({ state: "waiting", attempts: 1, last: "500", event: "run.ended" });
    expect(nextAtMs! - createdAtMs).toBeGreaterThan(2000);
    status = 204;
    await webhooks.redeliver(caller, id);
    await called(2);
    while ((await waiting()).state !== "delivered") await Bun.sleep(5);
    expect(calls[1]!.delivery).toBe(calls[0]!.delivery);
    expect(await codeOf(webhooks.redeliver(callerOf("other"), id))).toBe("DELIVERY_NOT_FOUND");
    status = 200;
  });

  const telling = (host: string) =>
    `${NUMBERS.replace("outputs:", `  tell: { use: core.webhook, from: asr, with: { url: "http://${host}/own", secret: "\${secret:hook}" } }\noutputs:`)}`;

  test("a node posts through the same outbox: again after a refusal, listed with its run, signed with a secret that is not stored", async () => {
    calls.length = 0;
    status = 500;
    const config = { allowedHosts: ["127.0.0.1"] };
    await using opened = await openTestControl({ config });
    const { runs, webhooks } = opened.control;
    const text = telling(`127.0.0.1:${server.port}`);
    const request = { workflow: { text }, inputs: { talk: live }, secrets: { hook: "only between us" } };
    const run = await runs.start(caller, request);
    const session = await runs.attach(caller, run.id, { sends: true }, new TestSocket());
    session.push("talk", bytesOf(spoken([7])));
    session.end();
    await eventsOf(opened.control, run.id);
    const own = async () => (await webhooks.deliveries(caller, { run: run.id })).items[0]!;
    while ((await own()).attempts === 0) await Bun.sleep(5);
    expect(await own()).toMatchObject({ run: run.id, event: "text.final", state: "waiting", last: "500" });
    expect((await webhooks.deliveries(callerOf("other"), { run: run.id })).items).toEqual([]);
    status = 200;
    await webhooks.redeliver(caller, (await own()).id);
    while ((await own()).state !== "delivered") await Bun.sleep(5);
    expect(JSON.parse(calls.at(-1)!.body)).toMatchObject({ run: run.id, node: "tell", data: { text: "7" } });
    expect(verified(calls.at(-1)!, "only between us")).toBe(true);
    expect(JSON.stringify(await own())).not.toContain("only between us");
  });

  test("a node's address in a private network ends the run with the first post, which is not stored", async () => {
    await using opened = await openTestControl({});
    const request = { workflow: { text: telling("10.0.0.1") }, inputs: { talk: live }, secrets: { hook: "s" } };
    const run = await opened.control.runs.start(caller, request);
    const session = await opened.control.runs.attach(caller, run.id, { sends: true }, new TestSocket());
    session.push("talk", bytesOf(spoken([7])));
    session.end();
    await eventsOf(opened.control, run.id);
    expect(await opened.control.runs.get(caller, run.id)).toMatchObject({ error: { code: "URL_FORBIDDEN" } });
    expect((await opened.control.webhooks.deliveries(caller, {})).items).toEqual([]);
  });

  test.each(["http://10.0.0.1/", "http://localhost/", "http://[::1]/", "http://169.254.169.254/latest/meta-data"])(
    "never go to %s",
    async (url) => {
      await using opened = await open();
      expect(await codeOf(opened.control.webhooks.create(caller, { url, events: ["run.ended"] }))).toBe(
        "URL_FORBIDDEN",
      );
    },
  );
});

describe("callbacks", () => {
  test("wait for who waits for them, in order, across a restart", async () => {
    const config = { publicUrl: "https://speech.example.org/base" };
    await using first = await openTestControl({ config });
    const desk = first.control.callbacks as unknown as import("#engine/plugin").Desk;
    const of = { runId: "run_1", nodeId: "asr", name: "done" };
    const acknowledge = { mediaType: "application/json", body: "{}" };
    const callback = await desk.callback(of, acknowledge);
    expect(callback.url).toStartWith("https://speech.example.org/base/v1/callbacks/");
    const token = callback.url.split("/").at(-1)!;
    const call = (body: string) => ({
      method: "POST",
      query: "a=b",
      headers: { x: "y" },
      body: new TextEncoder().encode(body),
    });
    const waiting = callback.next();
    expect(await first.control.callbacks.receive(token, call("one"))).toEqual(acknowledge);
    expect(new TextDecoder().decode((await waiting).body)).toBe("one");
    await first.control.callbacks.receive(token, call("two"));
    await desk.durable("run_1", "asr").set("task", "42");
    await first.control.close();
    await using second = await openTestControl({ config, folder: first.folder });
    const again = second.control.callbacks as unknown as import("#engine/plugin").Desk;
    const same = await again.callback(of, acknowledge);
    expect(same.url).toBe(callback.url);
    expect(await same.next()).toMatchObject({ method: "POST", query: "a=b", headers: { x: "y" } });
    expect(await again.durable("run_1", "asr").get("task")).toBe("42");
    expect(await again.durable("run_1", "other").get("task")).toBeUndefined();
    expect(await codeOf(second.control.callbacks.receive("guessed", call("x")))).toBe("CALLBACK_NOT_FOUND");
    const abort = new AbortController();
    const never = codeOf(same.next(abort.signal));
    abort.abort({ code: "gone" });
    expect(await never).toBe("gone");
  });
});
