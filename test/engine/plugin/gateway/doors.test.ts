import { describe, expect, test } from "bun:test";
import {
  type Caller,
  type Client,
  type Connection,
  type FaultScript,
  faultScriptSchema,
  type Gateway,
  gatewayDoors,
  type Mount,
} from "#engine/plugin";
import { MemoryNetwork, VirtualClock } from "#engine/runtime";
import { rejectionOf } from "#test/rejection";
import { matchPath } from "../../../../engine/plugin/gateway/doors.ts";

const log = { debug() {}, info() {}, warn() {} };

/** Answers with what it was asked, over HTTP, WebSockets and TCP; asks for the faults that are its own. */
const mounts = (seen: (Caller | Client)[] = []): Mount[] => [
  {
    kind: "http",
    method: "GET",
    path: "/say/:what",
    async answer(_request, caller) {
      seen.push(caller);
      const own = caller.fault("expiredToken") ?? caller.fault("rateLimit") ?? caller.fault("vendorError");
      return { status: own ? 401 : 200, body: own ? `fault ${own.code ?? ""}` : (caller.params.what ?? "") };
    },
  },
  { kind: "http", method: "POST", path: "/fail", answer: () => Promise.reject(new Error("broken")) },
  {
    kind: "websocket",
    path: "/listen",
    admit: async (request) => (request.query === "bad" ? { status: 403 } : undefined),
    serve: (client) => echo(client, seen),
  },
  { kind: "tcp", port: 9, serve: (client) => echo(client, seen) },
];

async function echo(client: Client, seen: (Caller | Client)[]): Promise<void> {
  seen.push(client);
  client.onVendorError((code) => client.connection.send(`error ${code}`));
  for await (const message of client.connection) client.connection.send(message);
}

async function world<T>(
  faults: FaultScript["faults"],
  work: (at: { network: MemoryNetwork; clock: VirtualClock; doors: ReturnType<typeof gatewayDoors> }) => Promise<T>,
  gateway: Gateway = { mounts: mounts() },
): Promise<T> {
  const clock = new VirtualClock();
  const stop = clock.drive();
  const network = new MemoryNetwork(clock);
  const script = faultScriptSchema.parse({ faults });
  const doors = gatewayDoors(gateway, { clock, random: () => 0.5, log, faults: script });
  await network.listen("a.test:80", doors.web!);
  await network.listen("a.test:9", doors.tcp!.door);
  try {
    return await work({ network, clock, doors });
  } finally {
    await doors.close();
    stop();
  }
}

/** What comes back for each of these words, in order, until the end. */
async function talk(connection: Connection, clock: VirtualClock, words: readonly string[]): Promise<string[]> {
  for (const word of words) {
    connection.send(word);
    await clock.sleep(10);
  }
  await clock.sleep(5000);
  const back: string[] = [];
  connection.destroy();
  for await (const message of connection) back.push(String(message));
  return back;
}

describe("doors", () => {
  test("answer by method and path, with the segments that have names", () =>
    world([], async ({ network }) => {
      const call = async (method: string, path: string) => {
        const answer = await network.fetch({ url: `http://a.test${path}`, method });
        return [answer.status, await answer.text()];
      };
      expect(await call("GET", "/say/hello%20you")).toEqual([200, "hello you"]);
      expect(await call("POST", "/say/hello")).toEqual([405, "method not allowed"]);
      expect(await call("GET", "/nothing")).toEqual([404, "not found"]);
      expect(await call("POST", "/fail")).toEqual([500, "the gateway failed"]);
    }));

  test("count their clients, and let in none that the gateway refuses", () =>
    world([], async ({ network, doors, clock }) => {
      const one = await network.dial({ url: "ws://a.test/listen" });
      const two = await network.dial({ url: "tcp://a.test:9" });
      expect(doors.clients).toBe(2);
      expect(await rejectionOf(network.dial({ url: "ws://a.test/listen?bad" }))).toMatchObject({
        details: { status: 403 },
      });
      expect(await rejectionOf(network.dial({ url: "ws://a.test/elsewhere" }))).toMatchObject({
        details: { status: 404 },
      });
      one.close();
      two.destroy();
      await clock.sleep(1);
      expect([doors.clients, doors.calls]).toEqual([0, 3]);
    }));

  test("send everybody away when they close, let nobody in any more, and close the gateway once", async () => {
    let closed = 0;
    const gateway: Gateway = { mounts: mounts(), close: () => void closed++ };
    await world(
      [],
      async ({ network, doors }) => {
        const client = await network.dial({ url: "ws://a.test/listen" });
        const closing = doors.close();
        expect(await client.closed).toMatchObject({ by: "peer", code: 1001 });
        await closing;
        await doors.close();
        expect(closed).toBe(1);
        expect(await rejectionOf(network.dial({ url: "ws://a.test/listen" }))).toMatchObject({
          details: { status: 503 },
        });
        expect((await network.fetch({ url: "http://a.test/say/x" })).status).toBe(503);
      },
      gateway,
    );
  });

  test("tell a gateway that its client has gone", async () => {
    const seen: (Caller | Client)[] = [];
    await world(
      [],
      async ({ network, clock }) => {
        const client = await network.dial({ url: "ws://a.test/listen" });
        await clock.sleep(1);
        const [served] = seen;
        if (!served || !("signal" in served)) throw new Error("nobody was served");
        expect(served.signal.aborted).toBe(false);
        client.destroy();
        await clock.sleep(1);
        expect(served.signal.aborted).toBe(true);
      },
      { mounts: mounts(seen) },
    );
  });

  test.each([
    ["/a/:b/c", "/a/x%2Fy/c", { b: "x/y" }],
    ["/a/:b/c", "/a//c", undefined],
    ["/a/:b", "/a/x/c", undefined],
    ["/a/:b", "/a/%zz", { b: "%zz" }],
    ["/", "/", {}],
  ])("match %s with %s", (pattern, path, params) => {
    expect(matchPath(pattern, path)).toEqual(params);
  });
});

describe("a script of faults", () => {
  const first = { connections: 1 };
  const words = ["a", "b", "c", "d", "e"];

  test.each<{ name: string; faults: FaultScript["faults"]; back: string[]; url?: string }>([
    { name: "nothing", faults: [], back: words },
    { name: "delays", faults: [{ on: "messages", from: 2, count: 1, do: { delay: 500 } }], back: words },
    {
      name: "duplicates",
      faults: [{ on: "messages", from: 2, count: 2, do: { duplicate: true } }],
      back: ["a", "b", "b", "c", "c", "d", "e"],
    },
    { name: "drops", faults: [{ on: "messages", from: 3, do: { drop: true } }], back: ["a", "b"] },
    { name: "reorders", faults: [{ on: "messages", from: 1, do: { reorder: true } }], back: ["b", "a", "d", "c"] },
    { name: "goes silent", faults: [{ on: "connection", after: { sent: 2 }, do: { silence: true } }], back: ["a"] },
    {
      name: "cuts a message in half and ends",
      faults: [{ on: "connection", after: { received: 2 }, do: { half: true } }],
      back: ["a", "b"],
    },
    {
      name: "ends after so many bytes",
      faults: [{ on: "connection", after: { receivedBytes: 3 }, do: { close: 1011 } }],
      back: ["a", "b"],
    },
    {
      name: "ends after a while",
      faults: [{ on: "connection", after: { ms: 25 }, do: { close: 1006 } }],
      back: ["a", "b", "c"],
    },
    {
      name: "has the gateway say an error",
      faults: [{ on: "connection", after: { sent: 2 }, do: { vendorError: 42 } }],
      back: ["a", "b", "error 42", "c", "d", "e"],
    },
    {
      name: "is for other connections",
      faults: [{ on: "connection", connections: [2, 3], after: { sent: 0 }, do: { close: 1006 } }],
      back: words,
    },
    {
      name: "is for another mount",
      faults: [{ on: "messages", from: 1, mount: "tcp", do: { drop: true } }],
      back: words,
    },
    {
      name: "is for this mount",
      faults: [{ on: "messages", from: 1, mount: "tcp", do: { drop: true } }],
      back: [],
      url: "tcp://a.test:9",
    },
  ])("that $name", ({ faults, back, url = "ws://a.test/listen" }) =>
    world(faults, async ({ network, clock }) => {
      expect(await talk(await network.dial({ url }), clock, words)).toEqual(back);
    }),
  );

  test("puts noise in place of a message", () =>
    world([{ on: "connection", after: { sent: 1 }, do: { garbage: true } }], async ({ network, clock }) => {
      const back = await talk(await network.dial({ url: "ws://a.test/listen" }), clock, ["aaaa", "bbbb", "cccc"]);
      expect(back).toHaveLength(3);
      expect(back.filter((word) => ["aaaa", "bbbb", "cccc"].includes(word))).toHaveLength(2);
    }));

  test("keeps callers waiting, or out", () =>
    world(
      [
        { on: "handshake", ...first, do: { delay: 700 } },
        { on: "handshake", connections: 2, do: { refuse: 503 } },
        { on: "handshake", connections: 3, do: { hang: true } },
      ],
      async ({ network, clock }) => {
        await network.dial({ url: "ws://a.test/listen" });
        expect(clock.nowMs()).toBe(700);
        expect(await rejectionOf(network.dial({ url: "ws://a.test/listen" }))).toMatchObject({
          details: { status: 503 },
        });
        const stop = AbortSignal.abort(new Error("enough"));
        expect(await rejectionOf(network.dial({ url: "ws://a.test/listen", signal: stop }))).toHaveProperty(
          "message",
          expect.stringContaining("enough"),
        );
        const gone = await network.dial({ url: "tcp://a.test:9" });
        await clock.sleep(800);
        expect(gone.bufferedBytes).toBe(0);
      },
    ));

  test.each<{
    name: string;
    faults: FaultScript["faults"];
    first: [number, string | number];
    second: [number, string];
  }>([
    {
      name: "answers with nonsense",
      faults: [{ on: "connection", ...first, after: { sent: 0 }, do: { garbage: true } }],
      first: [200, 3],
      second: [200, "abc"],
    },
    {
      name: "answers with half of it",
      faults: [{ on: "connection", ...first, after: { sent: 0 }, do: { half: true } }],
      first: [200, "ab"],
      second: [200, "abc"],
    },
    {
      name: "does not answer",
      faults: [{ on: "connection", ...first, after: { sent: 0 }, do: { close: 1006 } }],
      first: [502, ""],
      second: [200, "abc"],
    },
    {
      name: "is refused",
      faults: [{ on: "handshake", ...first, do: { refuse: 429 } }],
      first: [429, ""],
      second: [200, "abc"],
    },
    {
      name: "has an expired token",
      faults: [{ on: "handshake", ...first, do: { expiredToken: true } }],
      first: [401, "fault "],
      second: [200, "abc"],
    },
    {
      name: "meets a limit",
      faults: [{ on: "handshake", ...first, do: { rateLimit: true } }],
      first: [401, "fault "],
      second: [200, "abc"],
    },
    {
      name: "meets an error of the vendor's",
      faults: [{ on: "handshake", ...first, do: { vendorError: "E7" } }],
      first: [401, "fault E7"],
      second: [200, "abc"],
    },
  ])("over HTTP: the first call $name", ({ faults, first: one, second: two }) =>
    world(faults, async ({ network }) => {
      for (const [status, body] of [one, two]) {
        const answer = await network.fetch({ url: "http://a.test/say/abc" });
        const bytes = await answer.bytes();
        expect(answer.status).toBe(status);
        if (typeof body === "string") expect(new TextDecoder().decode(bytes)).toBe(body);
        else expect(bytes).toHaveLength(body);
      }
    }),
  );

  test("asks a gateway for each of its own failures once", async () => {
    const seen: (Caller | Client)[] = [];
    await world(
      [{ on: "handshake", do: { expiredToken: true } }],
      async ({ network }) => {
        const client = await network.dial({ url: "ws://a.test/listen" });
        client.close();
        expect([1, 2, 3].map(() => seen[0]?.fault("expiredToken"))).toEqual([{}, undefined, undefined]);
      },
      { mounts: mounts(seen) },
    );
  });

  test.each([
    { faults: [{ on: "never" }] },
    { faults: [{ on: "handshake", do: { refuse: 200 } }] },
    { faults: [{ on: "connection", do: { close: 1006 } }] },
    { faults: [{ on: "connection", after: { sent: 1 }, do: { close: 12 } }] },
    { faults: [{ on: "handshake", do: { delay: 1 }, more: true }] },
  ])("that says %j is refused", (script) => {
    expect(faultScriptSchema.safeParse(script).success).toBe(false);
  });
});
