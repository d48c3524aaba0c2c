import { afterEach, expect, setDefaultTimeout, test } from "bun:test";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type * as client from "#engine/client";
import { EngineError, Parlando } from "#engine/client";
import { defaultServerConfig, type RunMessage, type RunView, type StartRun } from "#engine/control";
import { SystemClock } from "#engine/runtime";
import { type Listening, listen } from "#engine/server";
import { FakeControl } from "#test/fake-control";
import { appOf, EXAMPLES, KeptLog } from "#test/served";

setDefaultTimeout(60_000); // on a busy machine

const open: Listening[] = [];

afterEach(async () => {
  await Promise.all(open.splice(0).map((server) => server.stop()));
});

/** A client whose requests go to an app without a socket. */
function clientOf(control: FakeControl, options: client.ConnectOptions = {}): Parlando {
  const app = appOf(control);
  const fetch = ((url: string, init: RequestInit) => app.request(url, init)) as unknown as typeof globalThis.fetch;
  return new Parlando({ url: "http://localhost", fetch, ...options });
}

/** Without the `undefined` that schemas allow in optional fields, and JSON does not know. */
type Exact<T> = T extends readonly (infer E)[]
  ? readonly Exact<E>[]
  : T extends object
    ? { readonly [K in keyof T]: Exact<Exclude<T[K], undefined>> }
    : T;

/** What the client says of the API is what the server's side says: where it does not, this does not compile. */
export const agreed = {
  events: (event: Exact<RunMessage>): client.RunEvent => event,
  runs: (run: RunView): client.Run => run,
  starts: (request: client.StartRun): StartRun => request,
};

test("a recording is transcribed, and subtitles come as text", async () => {
  const control = new FakeControl();
  control.onStart = (run) => {
    run.final("good morning");
    run.end();
  };
  const { text, finals } = await clientOf(control).transcribe(new Uint8Array([1, 2]), { params: { final: "fast" } });
  expect([text, finals.length]).toEqual(["good morning", 1]);
  expect(control.last("runs.start")?.[0]).toMatchObject({ params: { final: "fast" } });
  expect(await clientOf(control).transcript(new Blob(["x"]), "vtt")).toBe("WEBVTT\n");
});

test("runs are started, found, changed and ended", async () => {
  const control = new FakeControl();
  const { runs } = clientOf(control);
  const run = await runs.start({ workflow: "w", labels: { a: "b" } }, "once");
  expect(control.last("runs.start")?.[1]).toEqual({ idempotencyKey: "once" });
  expect(await runs.get(run.id)).toMatchObject({ id: "r1", labels: { a: "b" } });
  expect((await runs.list({ label: ["a:b", "c:d"], limit: 3 })).items).toHaveLength(1);
  expect(control.last("runs.list")).toEqual([{ labels: { a: "b", c: "d" }, limit: 3 }]);
  await runs.update(run.id, "vad", { x: 1 });
  expect((await runs.cancel(run.id, "enough")).state).toBe("cancelled");
  await runs.delete(run.id);
  expect(await runs.get(run.id).catch((error) => error.code)).toBe("RUN_NOT_FOUND");
});

test("a busy server is asked again when it says to, with the same key, and for so long only", async () => {
  const control = new FakeControl();
  const { start } = control.runs;
  let busy = 2;
  const keys: unknown[] = [];
  control.runs.start = async (caller, request, options) => {
    keys.push(options?.idempotencyKey);
    if (busy-- > 0) throw new EngineError("SERVER_BUSY", "not now", { details: { retryAfterMs: 1 } });
    return start(caller, request, options);
  };
  const { runs } = clientOf(control);
  expect((await runs.start({ workflow: "w" })).id).toBe("r1");
  expect([keys.length, new Set(keys).size]).toEqual([3, 1]);
  busy = 1;
  expect(await runs.start({ workflow: "w" }, "once", 0).catch((error) => error.code)).toBe("SERVER_BUSY");
});

test("an error is an EngineError with the server's code, message and details", async () => {
  const control = new FakeControl();
  const error = await clientOf(control)
    .workflows.save("greet", "broken")
    .catch((caught) => caught);
  expect(error).toBeInstanceOf(EngineError);
  expect(error).toMatchObject({ code: "WORKFLOW_INVALID", details: { status: 422, findings: [{ line: 1 }] } });
});

test("a code that this client does not know stands in the details", async () => {
  const fetch = (async () =>
    Response.json({ code: "TEA_COLD", message: "brew" }, { status: 418 })) as unknown as typeof globalThis.fetch;
  const error = await new Parlando({ fetch }).runs.get("r1").catch((caught) => caught);
  expect(error).toMatchObject({
    code: "VENDOR_FAILED",
    message: "brew",
    details: { serverCode: "TEA_COLD", status: 418 },
  });
});

test("a server that cannot be reached is told as such", async () => {
  const fetch = (async () => {
    throw new TypeError("refused");
  }) as unknown as typeof globalThis.fetch;
  expect(await new Parlando({ fetch }).runs.get("r1").catch((caught) => caught.code)).toBe("VENDOR_FAILED");
});

test("the key goes with every request", async () => {
  const control = new FakeControl();
  control.callers.set("right", { project: "default", scopes: new Set() });
  expect(await clientOf(control, { key: "right" }).call<object>("GET", "/v1/who")).toMatchObject({
    project: "default",
  });
  expect(
    await clientOf(control, { key: "wrong" })
      .call("GET", "/v1/who")
      .catch((error) => error.code),
  ).toBe("KEY_REFUSED");
});

test("events over HTTP go on after the last one when the connection breaks", async () => {
  const control = new FakeControl();
  const app = appOf(control);
  let calls = 0;
  const fetch = (async (url: string, init: RequestInit) => {
    calls += 1;
    const response = await app.request(url, init);
    if (calls > 1) return response;
    const [begin] = await Array.fromAsync(response.body!.pipeThrough(firstBytes(600)));
    return new Response(begin, { headers: response.headers });
  }) as unknown as typeof globalThis.fetch;
  const { runs } = new Parlando({ url: "http://localhost", fetch });
  const { id } = await runs.start({ workflow: "w" });
  calls = 0;
  const run = control.run(id);
  for (const text of ["one", "two", "three"]) run.final(text);
  run.end();
  const ids: (number | undefined)[] = [];
  for await (const event of runs.events(id)) ids.push(event.id);
  expect(ids).toEqual([1, 2, 3, 4]);
  expect(calls).toBe(2);
});

/** All that comes, in one chunk, cut after so many bytes: a connection that broke. */
function firstBytes(count: number): TransformStream<Uint8Array, Uint8Array<ArrayBuffer>> {
  const bytes: number[] = [];
  return new TransformStream({
    transform: (chunk) => void bytes.push(...chunk),
    flush: (controller) => controller.enqueue(Uint8Array.from(bytes.slice(0, count))),
  });
}

const node = Bun.which("node");

test.skipIf(!node)("the module that a server gives out runs in Node", async () => {
  const config = defaultServerConfig();
  const control = new FakeControl({ listen: { ...config.listen, port: 0 } });
  const server = listen({ control, clock: new SystemClock(), log: new KeptLog(), version: "0", examples: EXAMPLES });
  open.push(server);
  control.onSession = (what, session) => {
    if (what !== "end") return;
    session.run.final(`${session.run.tracks.talk!.received} samples`);
    session.run.end();
  };
  const folder = mkdtempSync(join(tmpdir(), "parlando-client-"));
  try {
    await Bun.write(join(folder, "client.mjs"), await (await fetch(`${server.url}/client.js`)).text());
    await Bun.write(
      join(folder, "program.mjs"),
      `import { Parlando } from "./client.mjs";
       const live = { encoding: "s16le", sampleRateHz: 16000, channels: 1 };
       const call = await new Parlando({ url: process.argv[2] }).start({ workflow: "w", inputs: { talk: { live } } });
       call.send("talk", new Uint8Array(3200));
       call.end();
       for await (const event of call.events()) if (event.type === "text.final") console.log(event.data.text);`,
    );
    // Node has a WebSocket of its own from 22 on, and behind this flag in 20
    const child = Bun.spawn([node!, "--experimental-websocket", join(folder, "program.mjs"), server.url], {
      stdout: "pipe",
      stderr: "pipe",
    });
    const [out, err] = await Promise.all([new Response(child.stdout).text(), new Response(child.stderr).text()]);
    expect({
      out,
      failed: await child.exited,
      err: err
        .replace(/^.*Warning.*$/gm, "")
        .trim()
        .slice(-600),
    }).toMatchObject({
      out: "1600 samples\n",
      failed: 0,
    });
  } finally {
    rmSync(folder, { recursive: true });
  }
});
