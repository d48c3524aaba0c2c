import { afterEach, expect, setDefaultTimeout, test } from "bun:test";
import { decode, encode } from "@msgpack/msgpack";
import { defaultServerConfig, type ServerConfig } from "#engine/control";
import { SystemClock } from "#engine/runtime";
import { type Listening, listen } from "#engine/server";
import { FakeControl } from "#test/fake-control";
import { EXAMPLES, KeptLog } from "#test/served";

setDefaultTimeout(60_000); // on a busy machine

const open: Listening[] = [];

afterEach(async () => {
  await Promise.all(open.splice(0).map((server) => server.stop()));
});

function served(limits: Partial<ServerConfig["limits"]> = {}) {
  const config = defaultServerConfig();
  const control = new FakeControl({ listen: { ...config.listen, port: 0 }, limits: { ...config.limits, ...limits } });
  const server = listen({
    control,
    clock: new SystemClock(),
    log: new KeptLog(),
    version: "0.0.0",
    examples: EXAMPLES,
  });
  open.push(server);
  return { control, server, ws: server.url.replace("http", "ws") };
}

/** A socket as a client sees it: messages in order, and how it closed. */
function dial(url: string, protocols: string[] = [], headers: Record<string, string> = {}) {
  const socket = new WebSocket(url, { protocols, headers } as unknown as string[]);
  socket.binaryType = "arraybuffer";
  const messages: unknown[] = [];
  let wake = () => {};
  const opened = Promise.withResolvers<boolean>();
  const closed = Promise.withResolvers<{ code: number; reason: string }>();
  socket.onopen = () => opened.resolve(true);
  socket.onerror = () => {};
  socket.onmessage = ({ data }) => {
    messages.push(typeof data === "string" ? JSON.parse(data) : new Uint8Array(data));
    wake();
  };
  socket.onclose = ({ code, reason }) => {
    opened.resolve(false);
    closed.resolve({ code, reason });
    wake();
  };
  return {
    socket,
    opened: opened.promise,
    closed: closed.promise,
    say: (message: object) => socket.send(JSON.stringify(message)),
    async next(): Promise<unknown> {
      while (messages.length === 0)
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
      return messages.shift();
    },
  };
}

const live = { encoding: "s16le", sampleRateHz: 16_000, channels: 1 };
const START = { type: "start", run: { workflow: "w", inputs: { talk: { live } } }, sends: true };

test("a program starts a run, sends audio and gets its events over a real socket", async () => {
  const { control, ws } = served();
  const heard = Promise.withResolvers<void>();
  control.onSession = (what) => what === "audio" && heard.resolve();
  const client = dial(`${ws}/v1/stream`);
  expect(await client.opened).toBe(true);
  client.say(START);
  expect(await client.next()).toMatchObject({ type: "ready", run: { id: "r1" } });
  const audio = new Uint8Array(24 + 4).fill(0xff, 8, 16);
  audio[0] = 1;
  audio.set([7, 0, 8, 0], 24);
  client.socket.send(audio);
  await heard.promise;
  expect(control.run("r1").tracks.talk!.bytes).toEqual([7, 0, 8, 0]);
  control.run("r1").final("hello");
  expect(await client.next()).toMatchObject({ type: "event", event: { id: 1, data: { text: "hello" } } });
  control.run("r1").end();
  expect(await client.closed).toMatchObject({ code: 1000 });
});

test("MessagePack is spoken where its subprotocol is asked for", async () => {
  const { ws } = served();
  const client = dial(`${ws}/v1/stream`, ["parlando.v1.msgpack"]);
  expect(await client.opened).toBe(true);
  expect(client.socket.protocol).toBe("parlando.v1.msgpack");
  client.socket.send(encode(START));
  expect(decode((await client.next()) as Uint8Array)).toMatchObject({ type: "ready" });
});

test("many listeners hear one run", async () => {
  const { control, ws } = served();
  const sender = dial(`${ws}/v1/stream`);
  await sender.opened;
  sender.say(START);
  await sender.next();
  const listeners = Array.from({ length: 20 }, () => dial(`${ws}/v1/runs/r1/stream`));
  await Promise.all(
    listeners.map(async (listener) => {
      await listener.opened;
      listener.say({ type: "attach" });
      await listener.next();
    }),
  );
  control.run("r1").final("to all");
  const heard = await Promise.all(listeners.map((listener) => listener.next()));
  expect(heard).toHaveLength(20);
  for (const event of heard) expect(event).toMatchObject({ type: "event", event: { data: { text: "to all" } } });
});

test("a token by subprotocol lets a browser in; without one, or with a wrong one, the door stays shut", async () => {
  const { control, ws, server } = served();
  control.callers.set("abc.DEF_-", { project: "default", scopes: new Set() });
  expect(await dial(`${ws}/v1/stream`, ["parlando.v1.json", "parlando.token.abc.DEF_-"]).opened).toBe(true);
  expect(await dial(`${ws}/v1/stream`, ["parlando.v1.json", "parlando.token.wrong"]).opened).toBe(false);
  expect(await dial(`${ws}/v1/stream`).opened).toBe(false);
  expect(await dial(`${ws}/v1/stream`, [], { authorization: "Bearer abc.DEF_-" }).opened).toBe(true);
  const answer = await fetch(`${server.url}/v1/stream`, { headers: { upgrade: "websocket", connection: "upgrade" } });
  expect([answer.status, await answer.json()]).toEqual([401, { code: "KEY_REFUSED", message: expect.any(String) }]);
});

test.each([
  ["no upgrade", {}, 426, "UPGRADE_REQUIRED"],
  ["half an upgrade", { upgrade: "websocket" }, 400, "REQUEST_INVALID"],
  ["an unknown subprotocol", { upgrade: "websocket", "sec-websocket-protocol": "soap" }, 400, "REQUEST_INVALID"],
  ["a page of another site", { upgrade: "websocket", origin: "http://evil.example.net" }, 403, "HOST_FORBIDDEN"],
  ["a host of another name", { upgrade: "websocket", host: "evil.example.net" }, 403, "HOST_FORBIDDEN"],
])("%s at the address of a socket is answered with a code", async (_what, headers, status, code) => {
  const { server } = served();
  const answer = await fetch(`${server.url}/v1/runs/r1/stream`, { headers: headers as Record<string, string> });
  expect([answer.status, await answer.json()]).toEqual([status, { code, message: expect.any(String) }]);
});

test("a message longer than the limit closes its socket with 1009", async () => {
  const { ws } = served({ messageBytes: 2048 });
  const client = dial(`${ws}/v1/stream`);
  await client.opened;
  client.say({ type: "ping", ref: "x".repeat(4000) });
  expect([1009, 1006]).toContain((await client.closed).code);
});

test("a reader that reads nothing is told or closed, and costs no more than its limit", async () => {
  const { control, ws } = served();
  const client = dial(`${ws}/v1/stream`);
  await client.opened;
  client.say(START);
  await client.next();
  const session = [...control.run("r1").sessions][0]!;
  // the reader's loop is this one: while it stands still nothing is read
  const text = "x".repeat(100_000);
  const event = {
    run: "r1",
    type: "node",
    version: 1,
    atMs: 1,
    generation: 1,
    labels: {},
    data: { node: text, type: "t" },
  } as const;
  let taken = 0;
  while (taken < 10_000 && session.listener.send({ type: "event", event })) taken += 1;
  expect(taken).toBeGreaterThan(0);
  expect(taken).toBeLessThan(1000);
  const more = Promise.withResolvers<void>();
  session.writable = () => more.resolve();
  await more.promise; // it reads again: there is room
  expect(session.open).toBe(true);
});

test("draining tells every socket, and the server is gone afterwards", async () => {
  const { server, ws } = served();
  const client = dial(`${ws}/v1/stream`);
  await client.opened;
  client.say(START);
  await client.next();
  await server.drain(1000);
  expect(await client.next()).toEqual({ type: "closed", code: "SERVER_DRAINING", reason: "the server ends" });
  expect(await client.closed).toEqual({ code: 4503, reason: "SERVER_DRAINING" });
  expect(
    await fetch(`${server.url}/healthz`).then(
      () => "answers",
      () => "gone",
    ),
  ).toBe("gone");
});

test("an address that is taken is a coded error", () => {
  const { server } = served();
  const config = defaultServerConfig();
  const control = new FakeControl({ listen: { ...config.listen, port: server.port } });
  const again = () => listen({ control, clock: new SystemClock(), log: new KeptLog(), version: "0", examples: [] });
  expect(again).toThrow(expect.objectContaining({ code: "CONFIG_INVALID" }));
});
