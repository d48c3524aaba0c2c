import { afterEach, expect, setDefaultTimeout, test } from "bun:test";
import { type Live, type LiveOptions, Parlando } from "#engine/client";
import { defaultServerConfig } from "#engine/control";
import { SystemClock } from "#engine/runtime";
import { type Listening, listen } from "#engine/server";
import { FakeControl } from "#test/fake-control";
import type { FakeRun } from "#test/fake-run";
import { rejectionOf } from "#test/rejection";
import { EXAMPLES, KeptLog } from "#test/served";

setDefaultTimeout(60_000); // on a busy machine

const cleanUp: (() => unknown)[] = [];

afterEach(async () => {
  for (const call of cleanUp.splice(0).reverse()) await call();
});

/** A server that can die and come back at the same address. */
class Host {
  readonly control: FakeControl;
  #server: Listening;
  readonly port: number;

  constructor() {
    const config = defaultServerConfig();
    this.control = new FakeControl({ listen: { ...config.listen, port: 0 } });
    this.#server = this.#listen();
    this.port = this.#server.port;
    cleanUp.push(() => this.#server.stop());
  }
  get url(): string {
    return `http://127.0.0.1:${this.port}`;
  }
  async die(): Promise<void> {
    await this.#server.stop();
  }
  comeBack(): void {
    Object.assign(this.control.config.listen, { port: this.port });
    this.#server = this.#listen();
  }
  #listen(): Listening {
    return listen({
      control: this.control,
      clock: new SystemClock(),
      log: new KeptLog(),
      version: "0",
      examples: EXAMPLES,
    });
  }
  /** Resolves when sessions have done this so often, counted from now. */
  happened(what: string, times = 1): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    let left = times;
    const before = this.control.onSession;
    this.control.onSession = (did, session) => {
      before(did, session);
      if (did === what && --left === 0) resolve();
    };
    return promise;
  }
}

const live = { encoding: "s16le", sampleRateHz: 16_000, channels: 1 } as const;
const REQUEST = { workflow: "w", inputs: { talk: { live }, words: { live: { kind: "text" as const } } } };

async function talking(options: LiveOptions = {}): Promise<{ host: Host; client: Parlando; call: Live; run: FakeRun }> {
  const host = new Host();
  const client = new Parlando({ url: host.url });
  const call = await client.start(REQUEST, options);
  cleanUp.push(() => call.close());
  await call.ready;
  return { host, client, call, run: host.control.run("r1") };
}

const bytes = (from: number, to: number): Uint8Array<ArrayBuffer> =>
  Uint8Array.from({ length: to - from }, (_, i) => (from + i) % 251);

test("audio arrives whole, whatever its chunks, and the end of input after it", async () => {
  const { host, call, run } = await talking();
  const ended = host.happened("end");
  for (const [from, to] of [
    [0, 3],
    [3, 640],
    [640, 641],
    [641, 100_000],
  ] as const)
    call.send("talk", bytes(from, to));
  call.end("talk");
  await ended;
  expect(Uint8Array.from(run.tracks.talk!.bytes)).toEqual(bytes(0, 100_000));
  expect(run.controls).toEqual(["end talk"]);
  expect(() => call.send("talk", bytes(0, 2))).toThrow(expect.objectContaining({ code: "TRACK_ENDED" }));
});

test("events are told in order until the run ends", async () => {
  const { call, run } = await talking();
  const told = (async () => {
    const texts: string[] = [];
    for await (const event of call.events()) texts.push(event.type === "text.final" ? event.data.text : event.type);
    return texts;
  })();
  run.final("one");
  run.final("two");
  run.end();
  expect(await told).toEqual(["one", "two", "run.ended"]);
  await call.done;
});

test("what happened before the socket was open is told, too", async () => {
  const host = new Host();
  host.control.onStart = (run) => void run.final("early");
  const call = await new Parlando({ url: host.url }).start(REQUEST);
  cleanUp.push(() => call.close());
  const first = Promise.withResolvers<unknown>();
  call.on("event", (event) => first.resolve(event));
  expect(await first.promise).toMatchObject({ id: 1, data: { text: "early" } });
});

test("a server that dies and comes back gets every byte once, and no event is lost or doubled", async () => {
  const { host, call, run } = await talking();
  const texts: string[] = [];
  call.on("event", (event) => event.type === "text.final" && texts.push(event.data.text));
  const first = host.happened("audio");
  call.send("talk", bytes(0, 6400));
  await first;
  run.final("one");
  run.keep("talk");

  await host.die();
  run.sessions.clear();
  // the new process has what was kept; what came after it is to be sent again
  const before = run.tracks.talk!;
  call.send("talk", bytes(6400, 9600));
  before.bytes.length = before.kept * 2;
  before.received = before.kept;
  run.final("two, while nobody listened");
  const again = host.happened("end");
  const ready = Promise.withResolvers<void>();
  call.on("ready", () => ready.resolve());
  host.comeBack();
  await ready.promise;
  call.send("talk", bytes(9600, 12_800));
  call.end();
  await again;
  expect(Uint8Array.from(run.tracks.talk!.bytes)).toEqual(bytes(0, 12_800));
  run.final("three");
  run.end();
  await call.done;
  expect(texts).toEqual(["one", "two, while nobody listened", "three"]);
});

test("an event that a server tells again is told once", async () => {
  const { host, call, run } = await talking();
  const { attach } = host.control.runs;
  host.control.runs.attach = (caller, id, request, listener) => attach(caller, id, { ...request, after: 0 }, listener);
  const ids: (number | undefined)[] = [];
  const second = Promise.withResolvers<void>();
  call.on("event", ({ id }) => {
    ids.push(id);
    if (id === 2) second.resolve();
  });
  run.final("one");
  run.final("two");
  await second.promise;
  await host.die();
  run.sessions.clear();
  const joined = host.happened("joined");
  host.comeBack();
  await joined;
  run.end();
  await call.done;
  expect(ids).toEqual([1, 2, 3]);
});

test("a new process that kept less than was received is sent the rest again", async () => {
  const { host, call, run } = await talking();
  const first = host.happened("audio", 2);
  call.send("talk", bytes(0, 4000));
  call.send("talk", bytes(4000, 8000));
  await first;
  const track = run.tracks.talk!;
  track.kept = 1000; // samples
  const kept = Promise.withResolvers<void>();
  call.on("position", () => kept.resolve());
  run.position("talk");
  await kept.promise;
  await host.die();
  run.sessions.clear();
  track.bytes.length = 2000;
  track.received = 1000;
  const again = host.happened("end");
  call.end();
  host.comeBack();
  await again;
  expect(Uint8Array.from(track.bytes)).toEqual(bytes(0, 8000));
  expect(host.control.last("runs.attach")?.[1]).toMatchObject({ sends: true, holds: { talk: expect.any(Number) } });
});

test("a sender is never further ahead than the window", async () => {
  const { host, call, run } = await talking();
  run.windowSamples = 1000;
  await host.die();
  run.sessions.clear();
  const first = host.happened("audio");
  call.send("talk", bytes(0, 8000));
  call.end("talk");
  host.comeBack();
  await first;
  expect(run.tracks.talk!.received).toBe(1000);
  const rest = host.happened("end");
  host.control.onSession = ((before) => (what, session) => {
    before(what, session);
    if (what === "audio") queueMicrotask(() => run.keep("talk"));
  })(host.control.onSession);
  run.keep("talk");
  await rest;
  expect(Uint8Array.from(run.tracks.talk!.bytes)).toEqual(bytes(0, 8000));
});

test("texts are sent once each, across a death of the server", async () => {
  const { host, call, run } = await talking();
  const first = host.happened("text");
  call.text("words", "one");
  await first;
  await host.die();
  run.sessions.clear();
  call.text("words", "two", { language: "en" });
  const second = host.happened("text");
  host.comeBack();
  await second;
  expect(run.texts).toEqual(["one", "two"]);
});

test.each([
  ["audio for a track that is not there", (call: Live) => call.send("tlak", bytes(0, 10)), "TRACK_UNKNOWN"],
  ["a text for a track that is not there", (call: Live) => call.text("wrods", "hello"), "TRACK_UNKNOWN"],
  ["audio for a track of texts", (call: Live) => call.send("words", bytes(0, 10)), "CHUNK_INVALID"],
])("%s is refused, before the run was joined and after, and not lost in silence", async (_what, put, code) => {
  const { client, call } = await talking();
  expect(() => put(call)).toThrow(expect.objectContaining({ code }));
  const early = client.join(call.runId, { sends: true });
  put(early); // nobody knows its tracks yet
  expect(await rejectionOf(early.done)).toMatchObject({ code });
  expect(await rejectionOf(early.ready)).toMatchObject({ code });
});

test("flush, mute and update reach the run", async () => {
  const { host, call, run } = await talking();
  const muted = host.happened("mute");
  call.flush();
  call.mute("talk", true);
  await muted;
  expect(run.controls).toEqual(["flush", "mute talk true"]);
  await call.update("vad", { aggressiveness: 1 });
  expect(host.control.last("runs.update")).toEqual(["r1", "vad", { aggressiveness: 1 }]);
  expect(await call.update("nose", {}).catch((error) => error.code)).toBe("NODE_NOT_FOUND");
});

test("audio of an output comes with its position", async () => {
  const { call, run } = await talking({ audio: ["speech"] });
  const heard = Promise.withResolvers<unknown>();
  call.on("audio", (piece) => heard.resolve(piece));
  [...run.sessions][0]!.listener.send({
    type: "audio",
    track: "speech",
    startSample: 2 ** 34,
    sampleRateHz: 22_050,
    channels: 1,
    encoding: "s16le",
    generation: 2,
    bytes: new Uint8Array([1, 2]),
  });
  expect(await heard.promise).toEqual({
    track: "speech",
    startSample: 2 ** 34,
    sampleRateHz: 22_050,
    channels: 1,
    encoding: "s16le",
    generation: 2,
    bytes: new Uint8Array([1, 2]),
  });
});

test("a sender that is replaced ends with the code, and does not fight for the track", async () => {
  const { client, call } = await talking();
  const other = client.join("r1", { sends: true });
  cleanUp.push(() => other.close());
  await other.ready;
  expect(await call.done.catch((error) => error.code)).toBe("TRACK_TAKEN");
});

test("after somebody else has ended a track nothing more is sent on it, and the run is heard to its end", async () => {
  const { host, call, run } = await talking();
  const first = host.happened("audio");
  call.send("talk", bytes(0, 6400));
  await first;
  const told = Promise.withResolvers<void>();
  call.on("position", ({ ended }) => ended && told.resolve());
  const { received, kept } = run.tracks.talk!;
  for (const { listener } of run.sessions)
    listener.send({ type: "position", track: "talk", received, kept, ended: true });
  await told.promise;
  call.send("talk", bytes(6400, 9600));
  call.end("talk");
  const words = host.happened("text");
  call.text("words", "still taken");
  await words;
  expect([run.tracks.talk!.bytes.length, run.controls]).toEqual([6400, []]);
  run.end();
  await call.done;
});

test("a run that ended while the connection was lost is read to its end", async () => {
  const { host, call, run } = await talking();
  const seen: string[] = [];
  call.on("event", (event) => seen.push(event.type));
  await host.die();
  run.sessions.clear();
  run.final("the last words");
  run.end();
  host.comeBack();
  await call.done;
  expect(seen).toEqual(["text.final", "run.ended"]);
});

test("a key is never put into an address or subprotocol: a token for the run is", async () => {
  const host = new Host();
  host.control.callers.set("the-key", { project: "default", scopes: new Set(["runs:read", "runs:write"]) });
  const call = await new Parlando({ url: host.url, key: "the-key" }).start(REQUEST);
  cleanUp.push(() => call.close());
  await call.ready;
  expect(host.control.last("tokens.create")).toEqual([{ for: { run: "r1" } }]);
});

test.each([
  ["a run that is not there", "none", {}, "RUN_NOT_FOUND"],
  ["a key that is refused", "r1", { key: "wrong" }, "KEY_REFUSED"],
])("%s ends the connection with its code, and is not asked for again", async (_what, run, options, code) => {
  const host = new Host();
  if ("key" in options) host.control.callers.set("right", { project: "default", scopes: new Set() });
  const call = new Parlando({ url: host.url, ...options }).join(run);
  expect(await call.done.catch((error) => error.code)).toBe(code);
  expect(await call.ready.catch((error) => error.code)).toBe(code);
});

test("a server that does not come back is given up when the time for it is over", async () => {
  const { host, call } = await talking({ reconnectMs: 0 });
  await host.die();
  expect(await call.done.catch((error) => error.code)).toBe("VENDOR_FAILED");
});

test("leaving a run closes the socket and nothing else", async () => {
  const { host, call, run } = await talking();
  const left = host.happened("left");
  call.close();
  await left;
  await call.done;
  expect(run.state).toBe("running");
});
