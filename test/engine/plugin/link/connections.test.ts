import { describe, expect, test } from "bun:test";
import {
  EngineError,
  type LimitSettings,
  type LinkProtocol,
  linkPool,
  type NodeContext,
  type NodeDefinition,
} from "#engine/plugin";
import { newHousehold, Resources, type VirtualClock } from "#engine/runtime";
import { driveNode } from "#engine/testing";
import { covers } from "#test/covers";
import { rejectionOf } from "#test/rejection";
import { type Asked, audio, drive, nodeOf, range, say, withService } from "./driven.ts";
import { on, protocolOf } from "./plain-service.ts";

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
    expect(await rejectionOf(driving)).toMatchObject({ code });
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
    expect(await rejectionOf(driving)).toMatchObject({ code });
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
    await withService(async ({ clock, network, service }) => {
      const resources = new Resources();
      const { value: pool, release } = await resources.acquire(linkPool("plain"));
      const asked: Asked = {
        sessions: "frame",
        settings: { poolMs: 5000 },
        protocol: { reusable: true },
        pooled: true,
      };
      const once = async (text: string) => {
        const shared = sharing(nodeOf(asked), async () => pool);
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
    });
  });

  test("counts within the limits of its credential from opening to end, across runs", async () => {
    covers("S43");
    const limits: LimitSettings = { concurrency: 1, perSecond: 0, waitMs: 0 };
    await withService(async ({ clock, network, service }) => {
      const { resources } = newHousehold({ network });
      const once = async () => {
        const node = nodeOf({ sessions: "stream", limits });
        const shared = sharing(node, async (wanted) => (await resources.acquire(wanted)).value);
        await driveNode(shared, {}, { frames: range(0, 50), clock, network, pace: 1 });
      };
      await Promise.all([once(), once(), once()]);
      expect(service.at).toEqual([20, 1000, 1000]);
    });
  });
});

/** A node whose resources outlive it, as they outlive a run in a process that has others. */
function sharing(
  node: NodeDefinition,
  resource: (wanted: Parameters<NodeContext["resource"]>[0]) => Promise<unknown>,
): NodeDefinition {
  const create: NodeDefinition["create"] = (config, ctx) =>
    node.create(config, Object.create(ctx, { resource: { value: resource } }) as NodeContext);
  return { ...node, create };
}

/** Beats by a message of its own. */
function beating(wire: Parameters<LinkProtocol["connect"]>[0]): ReturnType<LinkProtocol["connect"]> {
  return { ...protocolOf().connect(wire), keepAlive: () => wire.send("beat") };
}
