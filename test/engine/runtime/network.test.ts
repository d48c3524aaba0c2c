import { afterEach, describe, expect, test } from "bun:test";
import { type Connection, type Door, EngineError, type Incoming } from "#engine/plugin";
import {
  type ClockedNetwork,
  MemoryNetwork,
  NodeNetwork,
  newHousehold,
  SystemClock,
  SystemNetwork,
  VirtualClock,
} from "#engine/runtime";
import { planOf, sourceOf, startPlan, task } from "#test/doubles";
import { rejectionOf } from "#test/rejection";

/** Says everything back in capitals, until it is told `bye` (then it says goodbye) or `drop` (then it is gone). */
async function echo(connection: Connection): Promise<void> {
  for await (const message of connection) {
    if (message === "bye") return connection.close(4000, "as you wish");
    if (message === "drop") return connection.destroy();
    connection.send(typeof message === "string" ? message.toUpperCase() : message.map((byte) => byte + 1));
  }
}

const web = (seen: Incoming[] = []): Door => ({
  async request(incoming) {
    seen.push(incoming);
    if (incoming.path === "/broken") throw new Error("broken");
    if (incoming.path === "/slow") {
      return { status: 200, body: pieces() };
    }
    return { status: 201, headers: { "X-Kind": "echo" }, body: incoming.body };
  },
  async upgrade(incoming) {
    seen.push(incoming);
    if (incoming.query.includes("token=bad")) return { status: 403, body: "no" };
    return { serve: (connection) => void echo(connection) };
  },
});

async function* pieces() {
  for (const part of ["one ", "two ", "three"]) yield new TextEncoder().encode(part);
}

const text = (message: unknown) => (message instanceof Uint8Array ? new TextDecoder().decode(message) : message);

interface World {
  readonly network: ClockedNetwork;
  /** Opens a door and returns `host:port`. */
  listen(door: Door): Promise<string>;
  close(): Promise<void>;
}

const worlds: Record<string, () => World> = {
  "in memory": () => {
    const clock = new VirtualClock();
    const stop = clock.drive();
    const network = new MemoryNetwork(clock, { latencyMs: 10 });
    return {
      network,
      listen: async (door) => (await network.listen("service.test:0", door)).address,
      close: async () => stop(),
    };
  },
  "of the machine": () => {
    const network = new SystemNetwork();
    const closers: (() => Promise<void>)[] = [];
    return {
      network,
      async listen(door) {
        const listener = await network.listen("127.0.0.1:0", door);
        closers.push(() => listener.close());
        return listener.address;
      },
      close: async () => {
        for (const close of closers) await close();
      },
    };
  },
};

describe.each(Object.entries(worlds))("a network %s", (_name, open) => {
  let world: World | undefined;
  const opened = () => {
    world = open();
    return world;
  };
  afterEach(() => world?.close());

  test("carries messages of a WebSocket whole, both ways, text as text", async () => {
    const { network, listen } = opened();
    const connection = await network.dial({ url: `ws://${await listen(web())}/listen` });
    connection.send("hello");
    connection.send(Uint8Array.from([1, 2, 3]));
    expect(await connection.receive()).toBe("HELLO");
    expect([...((await connection.receive()) as Uint8Array)]).toEqual([2, 3, 4]);
    connection.send("bye");
    expect(await connection.receive()).toBeUndefined();
    expect(await connection.closed).toEqual({ by: "peer", code: 4000, reason: "as you wish" });
  });

  test("hands headers, path and query over as they were sent", async () => {
    const { network, listen } = opened();
    const seen: Incoming[] = [];
    const address = await listen(web(seen));
    const url = `ws://${address}/a%2Fb/c?x=1%202&y=a+b%2B`;
    const connection = await network.dial({ url, headers: { "X-Token": "abc" } });
    connection.destroy();
    expect(seen).toMatchObject([{ path: "/a%2Fb/c", query: "x=1%202&y=a+b%2B", headers: { "x-token": "abc" } }]);
  });

  test("tells with which status an upgrade was refused", async () => {
    const { network, listen } = opened();
    const error = await network.dial({ url: `ws://${await listen(web())}/?token=bad` }).catch((e: unknown) => e);
    expect(error).toMatchObject({ code: "VENDOR_UNREACHABLE", details: { status: 403 } });
    expect(String(error)).not.toContain("bad");
  });

  test("tells a broken line from a goodbye", async () => {
    const { network, listen } = opened();
    const connection = await network.dial({ url: `ws://${await listen(web())}/` });
    connection.send("drop");
    expect(await connection.closed).toMatchObject({ by: "network", code: 1006 });
  });

  test("carries TCP", async () => {
    const { network, listen } = opened();
    const address = await listen({ stream: (connection) => void echo(connection) });
    const connection = await network.dial({ url: `tcp://${address}` });
    expect(connection.kind).toBe("tcp");
    connection.send(new TextEncoder().encode("gdkkn"));
    expect(text(await connection.receive())).toBe("hello");
    connection.close();
    expect(await connection.closed).toEqual({ by: "us" });
  });

  test("carries a mebibyte of TCP without a byte lost, and takes back-pressure", async () => {
    const { network, listen } = opened();
    const got = Promise.withResolvers<number>();
    const address = await listen({
      stream: async (connection) => {
        let sum = 0;
        for await (const chunk of connection) for (const byte of chunk as Uint8Array) sum += byte;
        got.resolve(sum);
      },
    });
    const connection = await network.dial({ url: `tcp://${address}` });
    for (let i = 0; i < 64; i++) {
      connection.send(new Uint8Array(16_384).fill(1));
      await connection.drained();
    }
    connection.close();
    expect(await got.promise).toBe(2 ** 20);
  });

  test("carries what is sent in one piece, however large", async () => {
    const { network, listen } = opened();
    const got = Promise.withResolvers<number>();
    const address = await listen({
      stream: async (connection) => {
        let bytes = 0;
        for await (const chunk of connection) bytes += chunk.length;
        got.resolve(bytes);
      },
    });
    const connection = await network.dial({ url: `tcp://${address}` });
    connection.send(new Uint8Array(16 * 2 ** 20));
    connection.close();
    expect(await got.promise).toBe(16 * 2 ** 20);
  });

  test("makes HTTP exchanges of whatever status", async () => {
    const { network, listen } = opened();
    const address = await listen(web());
    const answer = await network.fetch({ url: `http://${address}/x`, method: "POST", body: "hello" });
    expect([answer.status, answer.headers["x-kind"], await answer.text()]).toEqual([201, "echo", "hello"]);
    const broken = await network.fetch({ url: `http://${address}/broken`, method: "POST", body: "" });
    expect(broken.status).toBe(500);
    const parts = await network.fetch({ url: `http://${address}/slow` });
    expect(await parts.text()).toBe("one two three");
  });

  test("says with a code that an answer is no JSON", async () => {
    const { network, listen } = opened();
    const answer = await network.fetch({ url: `http://${await listen(web())}/`, method: "POST", body: "no json" });
    expect(await rejectionOf(answer.json())).toMatchObject({ code: "VENDOR_PROTOCOL" });
  });

  test.each(["ws", "tcp", "http"])(
    "says over %s with a code that nobody is there, and tells no query",
    async (scheme) => {
      const { network, listen } = opened();
      const listening = await listen(web());
      const port = Number(listening.split(":")[1]) === 9 ? 10 : 9; // the discard port: nobody listens there
      const url = `${scheme}://127.0.0.1:${port}/path?token=hidden`;
      const call = scheme === "http" ? network.fetch({ url }) : network.dial({ url });
      const error = await call.then(() => undefined).catch((e: unknown) => e);
      expect(error).toMatchObject({ code: "VENDOR_UNREACHABLE" });
      expect(String(error)).not.toContain("hidden");
    },
  );

  test("gives up when it is told to", async () => {
    const { network, listen } = opened();
    const address = await listen({ upgrade: () => new Promise(() => {}) });
    const stop = new AbortController();
    const dialling = network.dial({ url: `ws://${address}/`, signal: stop.signal });
    stop.abort(new Error("enough"));
    expect(await rejectionOf(dialling)).toHaveProperty("message", expect.stringContaining("enough"));
  });

  test("is heard by pings although nothing is said", async () => {
    const { network, listen } = opened();
    const connection = await network.dial({ url: `ws://${await listen(web())}/` });
    const before = connection.signs;
    connection.ping();
    connection.send("x");
    await connection.receive(); // pong and echo come in order
    expect(connection.signs).toBe(before + 2);
    connection.destroy();
  });
});

test("a client that writes the headers of its upgrade twice is let in by the first of each", async () => {
  const network = new SystemNetwork();
  const listener = await network.listen("127.0.0.1:0", web());
  const key = "dGhlIHNhbXBsZSBub25jZQ=="; // of RFC 6455, section 1.3
  const doubled = [
    "GET / HTTP/1.1",
    "Host: a.test",
    "Upgrade: websocket",
    "Connection: Upgrade",
    `Sec-WebSocket-Key: ${key}`,
    "Sec-WebSocket-Version: 13",
    "Sec-WebSocket-Key: x3JJHMbDL1EzLkh9GBhXDw==",
    "Sec-WebSocket-Version: 13",
  ];
  const connection = await network.dial({ url: `tcp://${listener.address}` });
  connection.send(`${doubled.join("\r\n")}\r\n\r\n`);
  const answer = String(text(await connection.receive()));
  expect(answer).toStartWith("HTTP/1.1 101 ");
  expect(answer.toLowerCase()).toContain("sec-websocket-accept: s3pplmbitxaq9kygzzhzrbk+xoo=");
  connection.destroy();
  await listener.close();
});

test("a run ends what its nodes left open", async () => {
  const clock = new VirtualClock();
  const network = new MemoryNetwork(clock);
  await network.listen("a.test:80", web());
  const forgetful = {
    ...task(async (_input, _emit, _signal, ctx) => {
      await ctx.network.dial({ url: "ws://a.test/" });
    }),
    effects: ["network" as const],
  };
  const plan = planOf({ source: sourceOf([]), node: forgetful }, [["source", "node"]]);
  const { run } = startPlan(plan, { clock }, newHousehold({ network }));
  expect((await run.done).state).toBe("done");
  const stop = clock.drive();
  await clock.sleep(1);
  stop();
  expect(network.sockets).toBe(0);
});

describe("a network in memory", () => {
  const driven = async (
    options: ConstructorParameters<typeof MemoryNetwork>[1],
    work: (network: MemoryNetwork, clock: VirtualClock) => Promise<void>,
  ) => {
    const clock = new VirtualClock();
    const stop = clock.drive();
    await work(new MemoryNetwork(clock, options), clock).finally(stop);
  };

  test("takes its time, to the millisecond", () =>
    driven({ latencyMs: 40 }, async (network, clock) => {
      await network.listen("a.test:80", web());
      const connection = await network.dial({ url: "ws://a.test/" });
      expect(clock.nowMs()).toBe(80);
      connection.send("x");
      await connection.receive();
      expect(clock.nowMs()).toBe(160);
      connection.close();
      await connection.closed;
      expect([clock.nowMs(), network.sockets]).toEqual([200, 0]);
    }));

  test("cuts TCP wherever it is told to", () =>
    driven({ cut: (bytes) => Array.from(bytes, (byte) => Uint8Array.of(byte)) }, async (network, clock) => {
      const chunks: number[] = [];
      await network.listen("a.test:9", {
        stream: async (connection) => {
          for await (const chunk of connection) chunks.push(chunk.length);
        },
      });
      const connection = await network.dial({ url: "tcp://a.test:9" });
      connection.send(new Uint8Array(5));
      connection.close();
      await clock.sleep(1);
      expect(chunks).toEqual([1, 1, 1, 1, 1]);
    }));

  test("goes dead without telling anybody, pongs included", () =>
    driven({}, async (network, clock) => {
      const [served, resolve] = (() => {
        const { promise, resolve } = Promise.withResolvers<Connection>();
        return [promise, resolve] as const;
      })();
      await network.listen("a.test:80", { upgrade: async () => ({ serve: resolve }) });
      const connection = await network.dial({ url: "ws://a.test/" });
      (await served).freeze?.();
      const { signs } = connection;
      connection.ping();
      connection.close();
      await clock.sleep(60_000);
      expect([connection.signs, network.sockets]).toEqual([signs, 2]);
    }));

  test("refuses an address that is taken", () =>
    driven({}, async (network) => {
      await network.listen("a.test:80", web());
      expect(await rejectionOf(network.listen("a.test:80", web()))).toMatchObject({ code: "CONFIG_INVALID" });
    }));
});

describe("a node's network", () => {
  const node = { id: "asr", type: "toy.asr", mayReach: true };

  test.each([
    {
      name: "a node that does not declare it",
      node: { ...node, mayReach: false },
      virtual: false,
      code: "EFFECT_FORBIDDEN",
    },
    { name: "real sockets under a virtual clock", node, virtual: true, code: "CLOCK_REFUSES" },
    { name: "an address of another kind", node, virtual: false, url: "file:///etc/passwd", code: "CONFIG_INVALID" },
    { name: "no address at all", node, virtual: false, url: "nowhere", code: "CONFIG_INVALID" },
    { name: "what the process does not allow", node, virtual: false, guarded: true, code: "HOST_FORBIDDEN" },
  ])("refuses $name", async ({ node: who, virtual, url = "ws://127.0.0.1:9/", guarded, code }) => {
    const guard = () => {
      throw new EngineError("HOST_FORBIDDEN", "not there");
    };
    const network = new NodeNetwork(who, new SystemNetwork(), { virtual, ...(guarded && { guard }) });
    expect(await rejectionOf(network.dial({ url }))).toMatchObject({ code });
    expect(await rejectionOf(network.fetch({ url: url.replace("ws:", "http:") }))).toMatchObject({ code });
    expect(network.pending).toBe(0);
  });

  test("ends what was left open, but for what was given away", async () => {
    const memory = new MemoryNetwork(new SystemClock());
    await memory.listen("a.test:80", web());
    const network = new NodeNetwork(node, memory, { virtual: false });
    const [kept, given] = await Promise.all([
      network.dial({ url: "ws://a.test/" }),
      network.dial({ url: "ws://a.test/" }),
    ]);
    network.release(given);
    network.dispose();
    expect(await kept.closed).toMatchObject({ by: "us" });
    given.send("still here");
    expect(await given.receive()).toBe("STILL HERE");
    expect(await rejectionOf(network.dial({ url: "ws://a.test/" }))).toMatchObject({ code: "RUN_CANCELLED" });
    given.destroy();
  });
});
