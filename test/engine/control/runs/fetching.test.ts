import { afterAll, beforeEach, describe, expect, setDefaultTimeout, test } from "bun:test";
import { existsSync, readdirSync } from "node:fs";
import { encodeWav } from "#engine/audio";
import { caller, codeOf, eventsOf, finalsOf, live, openTestControl, TestSocket } from "#test/control";
import { covers } from "#test/covers";
import { bytesOf, NUMBERS, RATE_HZ, spoken } from "#test/spoken-numbers";
import { until } from "#test/until";

setDefaultTimeout(60_000);

const wav = encodeWav(spoken([4, 5, 6]), { sampleRateHz: RATE_HZ, channels: 1 }) as Uint8Array<ArrayBuffer>;

/** Somewhere else: answers when it is let, and says who waits. */
let open: () => void = () => {};
let opened: Promise<void> = Promise.resolve();
let asked = 0;
let gone = 0;
const elsewhere = Bun.serve({
  hostname: "127.0.0.1",
  port: 0,
  idleTimeout: 0,
  async fetch(request) {
    const { pathname } = new URL(request.url);
    if (pathname === "/absent.wav") return new Response("no", { status: 404 });
    if (pathname === "/moved.wav") return Response.redirect("http://10.0.0.1/secret.wav");
    if (pathname === "/words.wav") return new Response("these are words");
    asked++;
    request.signal.addEventListener("abort", () => gone++);
    await opened;
    return new Response(wav);
  },
});
afterAll(() => elsewhere.stop(true));
beforeEach(() => {
  asked = 0;
  gone = 0;
  const gate = Promise.withResolvers<void>();
  opened = gate.promise;
  open = gate.resolve;
});

const url = (path: string) => `http://127.0.0.1:${elsewhere.port}${path}`;
const config = { allowedHosts: ["127.0.0.1", "10.0.0.1"] };
const start = { workflow: { text: NUMBERS }, inputs: { talk: { url: url("/talk.wav") } } };

describe("a run whose input lies elsewhere", () => {
  test("is there before its input is, and tells what it comes to", async () => {
    covers("S2");
    await using control = await openTestControl({ config });
    const { runs } = control.control;
    const run = await runs.start(caller, start);
    expect(run).toMatchObject({ state: "fetching", inputs: [], outputs: [{ track: "words" }], lastEventId: 1 });
    expect((await runs.list(caller, { state: "fetching" })).items.map(({ id }) => id)).toEqual([run.id]);
    const following = eventsOf(control.control, run.id);
    const socket = new TestSocket();
    const attaching = runs.attach(caller, run.id, { after: 0 }, socket);
    await until(() => asked === 1);
    expect((await runs.get(caller, run.id)).state).toBe("fetching");
    expect((await control.control.figures()).runsByState).toEqual({ fetching: 1 });
    expect(await codeOf(runs.update(caller, run.id, "vad", {}))).toBe("RUN_ENDED");
    open();
    const events = await following;
    expect(events.slice(0, 2).map(({ data }) => "state" in data && data.state)).toEqual(["fetching", "starting"]);
    expect(events.filter(({ id }) => id !== undefined).map(({ id }, i) => (id ?? 0) - i)).toEqual(
      events.filter(({ id }) => id !== undefined).map(() => 1),
    );
    expect(finalsOf(events)).toEqual(["4", "5", "6"]);
    await attaching;
    await socket.until(({ got }) => got.at(-1)?.type === "closed");
    expect(socket.finals).toEqual(["4", "5", "6"]);
    // what was fetched for it is somebody's speech, and of no more use
    const folder = `${control.folder}/parlando-data/runs/${run.id}`;
    await until(() => readdirSync(folder).every((name) => !name.startsWith("input-")));
    expect(await runs.get(caller, run.id)).toMatchObject({ state: "done", workflow: { name: "numbers" } });
  });

  test.each([
    { what: "is not there", path: "/absent.wav", code: "INPUT_UNREACHABLE" },
    { what: "leads into a closed network", path: "/moved.wav", hosts: ["127.0.0.1"], code: "HOST_FORBIDDEN" },
    { what: "is larger than an upload may be", path: "/talk.wav", code: "UPLOAD_TOO_LARGE" },
    { what: "is no recording", path: "/words.wav", code: "WORKFLOW_INVALID" },
  ])("fails with a code where that $what, and leaves no file", async ({ path, code, hosts }) => {
    const allowedHosts = hosts ?? config.allowedHosts;
    await using control = await openTestControl({ config: { allowedHosts, limits: { uploadBytes: 2000 } } });
    const { runs } = control.control;
    open();
    const { id } = await runs.start(caller, { ...start, inputs: { talk: { url: url(path) } } });
    const events = await eventsOf(control.control, id);
    expect(events.at(-1)).toMatchObject({ type: "run.ended", data: { state: "failed", error: { code } } });
    expect(await runs.get(caller, id)).toMatchObject({ state: "failed", error: { code } });
    expect(JSON.stringify(events)).not.toContain(control.folder);
    const left = [...new Bun.Glob("**/*.part-*").scanSync({ cwd: control.folder, dot: true })];
    expect(left).toEqual([]);
  });

  test.each([
    { what: "a URL into this machine", input: { url: "http://[::1]/a.wav" }, code: "URL_FORBIDDEN" },
    { what: "no URL of the web", input: { url: "file:///etc/passwd" }, code: "CONFIG_INVALID" },
    { what: "a name and a password in it", input: { url: "http://a:b@example.org/" }, code: "URL_FORBIDDEN" },
  ])("is refused at once for $what", async ({ input, code }) => {
    await using control = await openTestControl();
    const { runs } = control.control;
    expect(await codeOf(runs.start(caller, { ...start, inputs: { talk: input } }))).toBe(code);
    expect((await runs.list(caller, {})).items).toEqual([]);
  });

  test.each([
    { what: "an input that the workflow has not", inputs: { ...start.inputs, more: { url: url("/talk.wav") } } },
    { what: "a param that it has not", params: { nothing: 1 } },
    { what: "no workflow", workflow: { text: "parlando: 1" } },
  ])("is refused at once for $what, with nothing fetched", async (wrong) => {
    await using control = await openTestControl({ config });
    const { what: _what, ...more } = wrong;
    expect(await codeOf(control.control.runs.start(caller, { ...start, ...more }))).toBe("WORKFLOW_INVALID");
    expect((await control.control.runs.list(caller, {})).items).toEqual([]);
    expect(asked).toBe(0);
  });

  test.each([
    { how: "cancelled", state: "cancelled", drained: false },
    { how: "drained", state: "done", drained: true },
    { how: "deleted", state: undefined, drained: undefined },
  ])("can be $how while it is fetched, and nobody is kept waiting", async ({ how, state, drained }) => {
    await using control = await openTestControl({ config });
    const { runs } = control.control;
    const { id } = await runs.start(caller, start);
    const following = eventsOf(control.control, id).catch(() => []);
    await until(() => asked === 1);
    if (how === "cancelled") expect(await runs.cancel(caller, id)).toMatchObject({ state });
    else if (how === "drained") expect(await runs.drain(caller, id)).toMatchObject({ state });
    else await runs.delete(caller, id);
    await until(() => gone === 1);
    if (state) expect((await following).at(-1)).toMatchObject({ type: "run.ended", data: { state, drained } });
    else expect(await codeOf(runs.get(caller, id))).toBe("RUN_NOT_FOUND");
    expect(existsSync(`${control.folder}/parlando-data/runs/${id}`)).toBe(false);
  });

  test("is fetched again by the next process, and counts as one that goes on", async () => {
    await using first = await openTestControl({ config: { ...config, keys: { quotas: { "*": { runs: 1 } } } } });
    const { id } = await first.control.runs.start(caller, start);
    expect(await codeOf(first.control.runs.start(caller, start))).toBe("QUOTA_EXCEEDED");
    await until(() => asked === 1);
    await first.control.close();
    await using second = await openTestControl({ config, folder: first.folder });
    expect(await second.control.runs.get(caller, id)).toMatchObject({ state: "fetching", generation: 0 });
    const following = eventsOf(second.control, id);
    open();
    const events = await following;
    expect(finalsOf(events)).toEqual(["4", "5", "6"]);
    expect(events.some(({ type }) => type === "run.resumed")).toBe(false);
  });

  test("takes live audio beside it once that is there", async () => {
    await using control = await openTestControl({ config });
    const { runs } = control.control;
    const text = NUMBERS.replace("inputs: {", "inputs: { more: { kind: audio },").replace(
      "outputs:",
      "  other: { use: numbers.vad, from: inputs.more }\noutputs:",
    );
    const run = await runs.start(caller, { workflow: { text }, inputs: { talk: live, more: start.inputs.talk } });
    expect(run.inputs).toMatchObject([{ track: "talk", received: 0 }]);
    const socket = new TestSocket();
    const attaching = runs.attach(caller, run.id, { sends: true, after: 0 }, socket);
    open();
    const session = await attaching;
    session.push("talk", bytesOf(spoken([8])));
    session.end();
    await socket.until(({ got }) => got.at(-1)?.type === "closed");
    expect(socket.finals).toEqual(["8"]);
  });

  test("of a job is that item's run from the start, and its failure is the item's", async () => {
    await using control = await openTestControl({ config });
    const { jobs, runs } = control.control;
    const items = [{ url: url("/talk.wav") }, { url: url("/absent.wav") }];
    const job = await jobs.start(caller, { workflow: { text: NUMBERS }, items, attempts: 1 });
    await until(() => asked === 1);
    const [slow] = (await jobs.items(caller, job.id, {})).items;
    expect(await runs.get(caller, slow!.runId!)).toMatchObject({ state: "fetching" });
    open();
    await until(async () => (await jobs.get(caller, job.id)).endedAtMs !== undefined);
    expect((await jobs.items(caller, job.id, {})).items).toMatchObject([
      { state: "done" },
      { state: "failed", error: { code: "INPUT_UNREACHABLE" } },
    ]);
  });

  test("is cancelled with its job", async () => {
    await using control = await openTestControl({ config });
    const { jobs } = control.control;
    const job = await jobs.start(caller, { workflow: { text: NUMBERS }, items: [{ url: url("/talk.wav") }] });
    await until(() => asked === 1);
    await jobs.cancel(caller, job.id);
    await until(async () => (await jobs.get(caller, job.id)).endedAtMs !== undefined);
    expect((await jobs.items(caller, job.id, {})).items).toMatchObject([{ state: "cancelled" }]);
    expect(gone).toBe(1);
  });
});
