import { describe, expect, test } from "bun:test";
import { z } from "zod";
import {
  type AudioFrame,
  type Connection,
  type Control,
  CredentialLimits,
  credentialLimits,
  defineNode,
  EngineError,
  type Frame,
  type LimitSettings,
  type LinkNodeOptions,
  type LinkProtocol,
  type LinkSettings,
  linkNode,
  linkPool,
  linkSettings,
  type NodeContext,
  type NodeDefinition,
  type SpeechMark,
  type TextFrame,
} from "#engine/plugin";
import { MemoryNetwork, newHousehold, Resources, VirtualClock } from "#engine/runtime";
import { type DriveOptions, driveNode } from "#engine/testing";
import { covers } from "#test/covers";
import { prompt } from "#test/texts";

/** A service that answers `open` with `ready` and `finish` with `done`, and remembers what it heard, connection by connection. */
class Service {
  readonly heard: string[][] = [];
  readonly at: number[] = [];
  /** Asked for each message; true: it was answered. */
  answer: (message: string, connection: Connection) => boolean = () => false;

  constructor(readonly clock: VirtualClock) {}

  readonly door = {
    upgrade: async () => ({ serve: (connection: Connection) => void this.#serve(connection) }),
  };

  async #serve(connection: Connection): Promise<void> {
    const heard: string[] = [];
    this.heard.push(heard);
    this.at.push(this.clock.nowMs());
    for await (const message of connection) {
      const said = String(message);
      heard.push(said);
      if (this.answer(said, connection)) continue;
      if (said === "open") connection.send("ready");
      if (said === "finish") connection.send("done");
    }
    heard.push("gone");
  }
}

/** Answers one message in its own way. */
const on =
  (wanted: string, act: (connection: Connection) => void): Service["answer"] =>
  (said, connection) => {
    if (said !== wanted) return false;
    act(connection);
    return true;
  };

const protocolOf = (more: Partial<LinkProtocol> & { greets?: boolean } = {}): LinkProtocol => ({
  vendor: "plain",
  dial: () => ({ url: "ws://plain.test/" }),
  connect(wire) {
    let waiting = wire.expect<void>();
    const ask = (what: string) => {
      waiting = wire.expect<void>();
      wire.send(what);
      return waiting.promise;
    };
    let over: () => void = () => {};
    return {
      ...(more.greets && { greet: () => ask("hello") }),
      message(message) {
        if (message === "over") over();
        else if (message === "error") throw new EngineError("VENDOR_FAILED", "plain has failed");
        else waiting.resolve();
      },
      session(session) {
        over = () => session.over();
        return {
          open: () => ask("open"),
          send(frame) {
            wire.send(wordOf(frame));
            if (frame.kind === "text") session.emit({ ...frame, role: "translation" });
          },
          flush: () => wire.send("flush"),
          finish: () => ask("finish"),
        };
      },
    };
  },
  ...more,
});

const wordOf = (frame: Frame): string =>
  frame.kind === "audio"
    ? `${frame.startSample / 320}`
    : frame.kind === "speech"
      ? frame.mark
      : frame.kind === "text"
        ? frame.text
        : frame.kind;

interface Asked {
  readonly sessions: LinkNodeOptions["sessions"];
  readonly settings?: Partial<LinkSettings>;
  readonly protocol?: Parameters<typeof protocolOf>[0];
  readonly limits?: LimitSettings;
  readonly pooled?: true;
}

const nodeOf = ({ sessions, settings = {}, protocol, limits, pooled }: Asked): NodeDefinition =>
  defineNode({
    type: "plain.node",
    summary: "Speaks plainly.",
    role: "asr",
    shape: "task",
    effects: ["network"],
    inputs: { in: { kinds: ["audio", "speech", "text"] } },
    outputs: { out: { kinds: ["text"] } },
    config: z.strictObject({}),
    create: async (_config, ctx: NodeContext) =>
      linkNode({
        ctx,
        protocol: protocolOf(protocol),
        settings: linkSettings(settings),
        sessions,
        ...(limits && { limits: await ctx.resource(credentialLimits(limits, "plain")) }),
        ...(pooled && { pool: await ctx.resource(linkPool("plain")) }),
      }),
  });

const RATE = 16_000;
const audio = (n: number): AudioFrame => ({
  kind: "audio",
  pcm: new Int16Array(320),
  sampleRateHz: RATE,
  channels: 1,
  startSample: n * 320,
});
const range = (from: number, to: number) => Array.from({ length: to - from }, (_, i) => audio(from + i));
const mark = (kind: "start" | "end", n: number): SpeechMark => ({
  kind: "speech",
  mark: kind,
  utterance: `u${n}`,
  atSample: n * 320,
  sampleRateHz: RATE,
});
const say = (text: string, more: Partial<TextFrame> = {}) => prompt(text, text, { sampleRateHz: RATE, ...more });

/** Drives a node against the service, and closes it in the middle of nothing. */
async function drive(
  asked: Asked,
  frames: readonly (Frame | Control)[],
  more: { prepare?: (service: Service) => void; pace?: number } & Pick<DriveOptions, "signal"> = {},
) {
  const clock = new VirtualClock();
  const stop = clock.drive();
  const network = new MemoryNetwork(clock);
  const service = new Service(clock);
  more.prepare?.(service);
  await network.listen("plain.test:80", service.door);
  try {
    const driven = await driveNode(
      nodeOf(asked),
      {},
      {
        frames,
        clock,
        network,
        pace: more.pace ?? 0,
        ...(more.signal && { signal: more.signal }),
      },
    );
    await clock.sleep(1);
    const endedMs = clock.nowMs() - 1;
    return { ...driven, heard: service.heard, at: service.at, endedMs, sockets: network.sockets };
  } finally {
    stop();
  }
}

describe("a session", () => {
  test("is one for the whole stream, marks among the audio", async () => {
    const { heard, sockets } = await drive({ sessions: "stream" }, [
      mark("start", 0),
      ...range(0, 2),
      mark("end", 2),
      ...range(2, 4),
    ]);
    expect(heard).toEqual([["open", "start", "0", "1", "end", "2", "3", "finish", "gone"]]);
    expect(sockets).toBe(0);
  });

  test("is one for each utterance, and what stands between them is not sent", async () => {
    const frames = [
      ...range(0, 2),
      mark("start", 2),
      ...range(2, 4),
      mark("end", 4),
      ...range(4, 6),
      mark("start", 6),
      ...range(6, 7),
    ];
    const { heard, counters } = await drive({ sessions: "utterance" }, frames);
    expect(heard).toEqual([
      ["open", "start", "2", "3", "end", "finish", "gone"],
      ["open", "start", "6", "finish", "gone"],
    ]);
    expect(counters.unspokenSamples).toBe(4 * 320);
  });

  test("is one for each text that says something", async () => {
    const frames = [say("a"), say("b", { final: false }), say(" "), say("c")];
    const { heard, frames: out, usage } = await drive({ sessions: "frame" }, frames);
    expect(heard).toEqual([
      ["open", "a", "finish", "gone"],
      ["open", "c", "finish", "gone"],
    ]);
    expect(out().map((frame) => frame.kind === "text" && frame.text)).toEqual(["a", "c"]);
    expect(usage).toMatchObject({ requests: 2, characters: 2 });
  });

  test("follows another on one connection where the vendor allows it, after one greeting", async () => {
    const { heard } = await drive(
      { sessions: "frame", protocol: { reusable: true, greets: true } },
      [say("a"), say("b")],
      {
        prepare: (service) => {
          service.answer = on("hello", (connection) => connection.send("hi"));
        },
      },
    );
    expect(heard).toEqual([["hello", "open", "a", "finish", "open", "b", "finish", "gone"]]);
  });

  test("that the vendor ends in order is followed by another with the next frame", async () => {
    const { heard } = await drive({ sessions: "stream" }, range(0, 5), {
      pace: 1,
      prepare: (service) => {
        service.answer = on("1", (connection) => connection.send("over"));
      },
    });
    expect(heard).toEqual([
      ["open", "0", "1", "gone"],
      ["open", "2", "3", "4", "finish", "gone"],
    ]);
  });

  test("that was given nothing for long is finished, and the next frame opens another", async () => {
    const { heard, events } = await drive(
      { sessions: "stream", settings: { idleMs: 500 } },
      [...range(0, 2), ...range(100, 102)],
      {
        pace: 1,
      },
    );
    expect(heard).toEqual([
      ["open", "0", "1", "finish", "gone"],
      ["open", "100", "101", "finish", "gone"],
    ]);
    expect(events.filter(({ type }) => type === "closed").map(({ cause }) => cause)).toEqual(["idle", "done"]);
  });

  test("that is old is replaced between utterances, or at once where there are none", async () => {
    const marked = [
      mark("start", 0),
      ...range(0, 10),
      mark("end", 10),
      mark("start", 10),
      ...range(10, 12),
      mark("end", 12),
    ];
    const one = await drive({ sessions: "stream", settings: { sessionMs: 100 } }, marked, { pace: 1 });
    expect(one.heard.map((words) => words.filter((word) => /\d/u.test(word)).length)).toEqual([10, 2]);
    const two = await drive({ sessions: "stream", settings: { sessionMs: 100 } }, range(0, 12), { pace: 1 });
    expect(two.heard.map((words) => words.filter((word) => /\d/u.test(word)).length)).toEqual([5, 5, 2]);
  });

  test("that ends with a vendor who hangs up with its last word is no loss", async () => {
    const late = (wire: Parameters<LinkProtocol["connect"]>[0]) => {
      const peer = protocolOf().connect(wire);
      return {
        ...peer,
        session(session: Parameters<typeof peer.session>[0]) {
          const made = peer.session(session);
          const finish = async () => {
            await made.finish();
            for (let i = 0; i < 20; i++) await Promise.resolve();
          };
          return { ...made, finish };
        },
      };
    };
    const { heard } = await drive({ sessions: "stream", protocol: { connect: late } }, range(0, 2), {
      prepare: (service) => {
        service.answer = on("finish", (connection) => {
          connection.send("done");
          connection.close();
        });
      },
    });
    expect(heard).toEqual([["open", "0", "1", "finish", "gone"]]);
  });

  test("that could not be opened gives its place back", async () => {
    const limits = new CredentialLimits({ concurrency: 1, perSecond: 0, waitMs: 0 });
    const refusing = () => Promise.reject(new EngineError("VENDOR_KEY_REFUSED", "plain refuses the key"));
    const node = defineNode({
      type: "plain.refused",
      summary: "Is refused.",
      role: "asr",
      shape: "task",
      effects: ["network"],
      inputs: { in: { kinds: ["audio"] } },
      outputs: { out: { kinds: ["text"] } },
      config: z.strictObject({}),
      create: (_config, ctx) =>
        linkNode({
          ctx,
          protocol: protocolOf({ dial: refusing }),
          settings: linkSettings({}),
          sessions: "stream",
          limits,
        }),
    });
    await expect(driveNode(node, {}, { frames: range(0, 2) })).rejects.toMatchObject({ code: "VENDOR_KEY_REFUSED" });
    expect(limits.inside).toBe(0);
  });

  test("that does not finish in time fails the node with a code", async () => {
    const prepare = (service: Service) => {
      service.answer = (said) => said === "finish";
    };
    await expect(
      drive({ sessions: "stream", settings: { finishMs: 700 } }, range(0, 2), { prepare }),
    ).rejects.toMatchObject({
      code: "RESULT_LATE",
    });
  });

  test("fails the node at once with what the vendor said, though nothing more comes in", async () => {
    const prepare = (service: Service) => {
      service.answer = on("1", (connection) => connection.send("error"));
    };
    await expect(
      drive({ sessions: "stream" }, [...range(0, 2), ...range(5000, 5001)], { prepare, pace: 1 }),
    ).rejects.toMatchObject({
      code: "VENDOR_FAILED",
    });
  });

  test("passes a flush on in its turn, and finishes what is about an utterance", async () => {
    const flush: Control = { kind: "flush" };
    const { heard } = await drive({ sessions: "stream" }, [...range(0, 2), flush, ...range(2, 3)]);
    expect(heard[0]).toEqual(["open", "0", "1", "flush", "2", "finish", "gone"]);
    const cut = await drive({ sessions: "utterance" }, [
      mark("start", 0),
      ...range(0, 2),
      flush,
      ...range(2, 3),
      mark("end", 3),
    ]);
    expect(cut.heard.map((words) => words.join(" "))).toEqual(["open start 0 1 finish gone", "open 2 end finish gone"]);
  });
});

describe("a connection", () => {
  test("is made before there is anything to send where that is wanted", async () => {
    const { at } = await drive({ sessions: "stream", settings: { early: true } }, range(50, 52), { pace: 1 });
    expect(at).toEqual([0]);
    const late = await drive({ sessions: "stream" }, range(50, 52), { pace: 1 });
    expect(late.at).toEqual([1020]);
  });

  test.each([
    { code: "VENDOR_KEY_REFUSED", toldMs: 0 },
    { code: "VENDOR_REFUSED", toldMs: 10_020 },
  ] as const)("that fails early with $code is told of after $toldMs ms", async ({ code, toldMs }) => {
    let clock: VirtualClock | undefined;
    const dial = () => {
      throw new EngineError(code, "plain does not want to");
    };
    const driving = drive(
      { sessions: "stream", settings: { early: true }, protocol: { dial } },
      [audio(500)], // somebody speaks after ten seconds
      {
        pace: 1,
        prepare: (service) => {
          clock = service.clock;
        },
      },
    );
    await expect(driving).rejects.toMatchObject({ code });
    expect(clock?.nowMs()).toBe(toldMs);
  });

  test("is kept alive while nothing is sent", async () => {
    const { heard } = await drive(
      { sessions: "stream", settings: { keepAliveMs: 1000 }, protocol: { connect: (wire) => beating(wire) } },
      [...range(0, 1), ...range(200, 201)],
      { pace: 1 },
    );
    expect(heard[0]?.filter((word) => word === "beat")).toHaveLength(4);
  });

  test.each([
    { settings: { silentMs: 2000 }, lost: true },
    { settings: { silentMs: 0 }, lost: false },
  ])("counts as lost when nothing is heard for $settings.silentMs ms: $lost", async ({ settings, lost }) => {
    const driving = drive({ sessions: "stream", settings }, [...range(0, 1), ...range(500, 501)], {
      pace: 1,
      prepare: (service) => {
        service.answer = on("0", (connection) => connection.freeze?.());
      },
    });
    const code = lost ? "VENDOR_LOST" : "RESULT_LATE";
    await expect(driving).rejects.toMatchObject({ code });
  });

  test("that is quiet but answers pings is not lost", async () => {
    const { heard } = await drive(
      { sessions: "stream", settings: { silentMs: 2000 } },
      [...range(0, 1), ...range(500, 501)],
      { pace: 1 },
    );
    expect(heard).toHaveLength(1);
  });

  test("waits in the pool for other nodes with the same credential, and not longer than it may", async () => {
    covers("S31");
    const clock = new VirtualClock();
    const stop = clock.drive();
    const network = new MemoryNetwork(clock);
    const service = new Service(clock);
    await network.listen("plain.test:80", service.door);
    const resources = new Resources();
    const { value: pool, release } = await resources.acquire(linkPool("plain"));
    const asked: Asked = { sessions: "frame", settings: { poolMs: 5000 }, protocol: { reusable: true }, pooled: true };
    const once = async (text: string) => {
      const node = nodeOf(asked);
      const shared: NodeDefinition = {
        ...node,
        create: (config, ctx) =>
          node.create(config, Object.create(ctx, { resource: { value: async () => pool } }) as NodeContext),
      };
      return driveNode(shared, {}, { frames: [say(text)], clock, network });
    };
    const first = await once("a");
    const second = await once("b");
    expect(service.heard).toEqual([["open", "a", "finish", "open", "b", "finish"]]);
    expect([first, second].map(({ events }) => events[0]?.cause)).toEqual(["first", "pool"]);
    expect([pool.size, network.sockets]).toEqual([1, 2]);
    await clock.sleep(6000);
    expect([pool.size, network.sockets]).toEqual([0, 0]);
    await once("c");
    await release();
    await clock.sleep(1);
    expect(network.sockets).toBe(0);
    stop();
  });

  test("counts within the limits of its credential from opening to end, across runs", async () => {
    covers("S43");
    const limits: LimitSettings = { concurrency: 1, perSecond: 0, waitMs: 0 };
    const clock = new VirtualClock();
    const stop = clock.drive();
    const network = new MemoryNetwork(clock);
    const service = new Service(clock);
    await network.listen("plain.test:80", service.door);
    const { resources } = newHousehold({ network });
    const once = async () => {
      const node = nodeOf({ sessions: "stream", limits });
      const shared: NodeDefinition = {
        ...node,
        create: (config, ctx) => {
          const resource = async (wanted: Parameters<NodeContext["resource"]>[0]) =>
            (await resources.acquire(wanted)).value;
          return node.create(config, Object.create(ctx, { resource: { value: resource } }) as NodeContext);
        },
      };
      await driveNode(shared, {}, { frames: range(0, 50), clock, network, pace: 1 });
    };
    await Promise.all([once(), once(), once()]);
    expect(service.at).toEqual([20, 1000, 1000]);
    stop();
  });
});

/** Beats by a message of its own. */
function beating(wire: Parameters<LinkProtocol["connect"]>[0]): ReturnType<LinkProtocol["connect"]> {
  return { ...protocolOf().connect(wire), keepAlive: () => wire.send("beat") };
}
