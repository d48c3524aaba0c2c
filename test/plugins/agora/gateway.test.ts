import { describe, expect, setDefaultTimeout, test } from "bun:test";
import type { FaultScript } from "#engine/plugin";
import { joinPcm } from "#engine/plugin";
import { MemoryNetwork, VirtualClock } from "#engine/runtime";
import {
  type Emulator,
  emulate,
  type GatewaySubject,
  gatewayContract,
  registerContract,
  type VendorService,
} from "#engine/testing";
import { AgoraRooms } from "#test/agora-room";
import { covers } from "#test/covers";
import { typesWithTones } from "#test/service-workflows";
import { spoken } from "#test/toy-vendor/ears";
import { gateway } from "../../../plugins/agora/gateway.ts";
import { sharedService } from "../../../plugins/agora/rtc/shared-service.ts";
import { CHATS, FAILS } from "../agentscope/service.ts";

setDefaultTimeout(60_000);

const KEY = { id: "example-key", secret: "example-key", facts: {} };
const AT = "http://agora.test";

interface Service extends VendorService {
  readonly rooms: AgoraRooms;
}

async function openService(
  options: {
    readonly workflow?: string;
    readonly config?: Record<string, unknown>;
    readonly faults?: FaultScript["faults"];
  } = {},
): Promise<Service> {
  const clock = new VirtualClock();
  const stop = clock.drive();
  const network = new MemoryNetwork(clock);
  const rooms = new AgoraRooms(clock);
  const emulator: Emulator = await emulate(gateway(rooms.open), {
    network,
    web: "agora.test:80",
    types: typesWithTones(),
    workflow: options.workflow ?? CHATS,
    keys: [KEY, { id: "other", secret: "other", facts: {} }],
    config: { appId: "app", ...options.config },
    faults: { faults: [...(options.faults ?? [])] },
  });
  const close = async () => {
    await emulator.close();
    stop();
  };
  return { clock, network, emulator, rooms, close };
}

async function call({ network }: VendorService, method: string, channel: string, body?: object, key = KEY.id) {
  const answer = await network.fetch({
    url: `${AT}/channels/${channel}`,
    method,
    headers: { authorization: `Bearer ${key}` },
    ...(body && { body: JSON.stringify(body) }),
  });
  return { status: answer.status, body: JSON.parse(await answer.text()) };
}

async function within<T>(
  options: Parameters<typeof openService>[0],
  use: (service: Service) => Promise<T>,
): Promise<T> {
  const service = await openService(options);
  try {
    return await use(service);
  } finally {
    await service.close();
  }
}

/** What `spoken` says, loud enough for a detector, and still read as words. */
const said = (...sentences: string[]) => joinPcm(spoken(sentences).map(({ pcm }) => pcm));

describe("a channel that the gateway was told to join", () => {
  test("has one run for each user in it, made and freed with the user", async () => {
    covers("G2");
    await within({}, async (service) => {
      const { rooms, clock, emulator } = service;
      const ann = rooms.human("room", "7");
      expect(await call(service, "POST", "room", { user: "100" })).toEqual({
        status: 201,
        body: { channel: "room", user: "100" },
      });
      await clock.sleep(100);
      const bob = rooms.human("room", "8");
      rooms.human("elsewhere", "9");
      await clock.sleep(100);
      expect((await call(service, "GET", "room")).body.users).toEqual([
        { user: "7", sound: true, dropped: 0 },
        { user: "8", sound: true, dropped: 0 },
      ]);
      expect([emulator.host.started, emulator.host.running]).toEqual([2, 2]);
      ann.leave();
      await clock.sleep(1000);
      expect((await call(service, "GET", "room")).body.users.map(({ user }: { user: string }) => user)).toEqual(["8"]);
      expect(emulator.host.running).toBe(1);
      expect(await call(service, "DELETE", "room")).toEqual({ status: 200, body: { channel: "room" } });
      expect(emulator.host.running).toBe(0);
      expect(emulator.host.reports.map(({ state }) => state)).toEqual(["done", "done"]);
      expect([...rooms.members].map(({ user }) => user)).toEqual(["8", "9"]);
      expect({ opened: rooms.opened, closed: rooms.closed }).toEqual({ opened: 1, closed: 1 });
      bob.leave();
    });
  });

  test("hears each user by itself, and speaks the answers of all into it", async () => {
    covers("G2", "G7");
    await within({}, async (service) => {
      const { rooms, clock } = service;
      const people = [rooms.human("room", "7"), rooms.human("room", "8")] as const;
      await call(service, "POST", "room", { user: "100" });
      await clock.sleep(50);
      people[0].send(said("one"), 1);
      people[1].send(said("two"), 1);
      await clock.sleep(5000);
      const bot = [...rooms.members].find(({ user }) => user === "100")!;
      // both said so at the same time, and neither heard the other's words: ONE and TWO, 100 ms a letter
      expect(bot.sent.reduce((sum, { samples }) => sum + samples, 0)).toBe(6 * 1600);
      await call(service, "DELETE", "room");
    });
  });

  test("with a detector for each user, cuts what they say, and who begins to speak ends the answer", async () => {
    covers("G1", "G2", "G4");
    const loud = new Int16Array(800 * 16).fill(1000);
    const workflow = CHATS.replace(
      "use: toy.ears,",
      "use: core.script, with: { as: asr, results: [{ text: one two three four five six seven, fromMs: 0, untilMs: 500 }] },",
    );
    await within({ workflow, config: { vad: {} } }, async (service) => {
      const { rooms, clock } = service;
      const ann = rooms.human("room", "7");
      await call(service, "POST", "room", { user: "100" });
      await clock.sleep(50);
      ann.send(loud, 1);
      await clock.sleep(2500);
      const bot = [...rooms.members].find(({ user }) => user === "100")!;
      expect(bot.sent.length).toBeGreaterThan(0);
      expect(bot.cleared).toBe(0);
      ann.send(loud, 1);
      await clock.sleep(8000);
      const sent = bot.sent.reduce((sum, { samples }) => sum + samples, 0);
      expect(bot.cleared).toBeGreaterThan(0);
      expect(sent).toBeLessThan("ONE TWO THREE FOUR FIVE SIX SEVEN".length * 1600);
      await call(service, "DELETE", "room");
      expect(service.emulator.host.reports).toHaveLength(1);
    });
  });

  test("that is lost ends its runs and can be joined again", async () => {
    await within({}, async (service) => {
      const { rooms, clock, emulator } = service;
      rooms.human("room", "7");
      await call(service, "POST", "room", { user: "100" });
      await clock.sleep(100);
      [...rooms.members].find(({ user }) => user === "100")!.tell("disconnected", { value: 2 });
      await clock.sleep(1000);
      expect((await call(service, "GET", "room")).status).toBe(404);
      expect(emulator.host.running).toBe(0);
      expect((await call(service, "POST", "room", { user: "100" })).status).toBe(201);
    });
  });
});

describe("a call that cannot be served", () => {
  test.each([
    { name: "without a key", key: "nobody", status: 401 },
    { name: "with a body of another shape", body: { who: 1 }, status: 400 },
    { name: "with a user that is no number", body: { user: "ann" }, status: 400 },
    {
      name: "with a token that the server refuses",
      body: { token: "refused" },
      status: 502,
      code: "VENDOR_KEY_REFUSED",
    },
  ])("$name", async ({ key, body, status, code }) => {
    await within({}, async (service) => {
      const answer = await call(service, "POST", "room", body, key);
      expect(answer.status).toBe(status);
      if (code) expect(answer.body.code).toBe(code);
      expect(service.emulator.host.started).toBe(0);
      expect(service.rooms.opened).toBe(service.rooms.closed);
    });
  });

  test("for a channel that was joined before, or by another key, or not at all", async () => {
    await within({}, async (service) => {
      await call(service, "POST", "room");
      expect((await call(service, "POST", "room")).status).toBe(409);
      for (const method of ["GET", "DELETE"]) {
        expect((await call(service, method, "room", undefined, "other")).status).toBe(404);
        expect((await call(service, method, "elsewhere")).status).toBe(404);
      }
    });
  });

  test.each([
    { fault: { rateLimit: true }, status: 429 },
    { fault: { expiredToken: true }, status: 401 },
    { fault: { vendorError: 3 }, status: 502 },
  ] as const)("because the script says $fault", async ({ fault, status }) => {
    await within({ faults: [{ on: "handshake", do: fault }] }, async (service) => {
      expect((await call(service, "POST", "room")).status).toBe(status);
    });
  });
});

test("nodes and gateway share the one service of the process, and another app id is refused", () => {
  covers("G5");
  const rooms = new AgoraRooms(new VirtualClock());
  const open = sharedService(rooms.open);
  const settings = { appId: "app", scenario: "aiServer", sampleRateHz: 16_000 } as const;
  const [one, two] = [open(settings), open(settings)];
  expect(() => open({ ...settings, appId: "other" })).toThrow(expect.objectContaining({ code: "ENGINE_TAKEN" }));
  one.close();
  one.close();
  expect([rooms.opened, rooms.closed]).toEqual([1, 0]);
  two.close();
  expect(rooms.closed).toBe(1);
  open({ ...settings, appId: "other" }).close();
  expect([rooms.opened, rooms.closed]).toEqual([2, 2]);
});

describe("the contract", () => {
  let rooms = 0;
  const subject = (): GatewaySubject<Service> => ({
    open: (workflow) => openService(workflow === "failing" ? { workflow: FAILS } : {}),
    addresses: [`${AT}/channels/room`],
    async converse(service) {
      const channel = `room-${++rooms}`;
      const ann = service.rooms.human(channel, "7");
      const joined = await call(service, "POST", channel, { user: "100" });
      ann.send(said("one two"), 1);
      await service.clock.sleep(1700);
      const bot = [...service.rooms.members].find((member) => member.user === "100" && member.channel === channel);
      const heard = bot?.sent.reduce((sum, { samples }) => sum + samples, 0);
      const users = (await call(service, "GET", channel)).body.users;
      await call(service, "DELETE", channel);
      ann.leave();
      return { status: joined.status, users, heard };
    },
    tellsFailure: (told) => JSON.stringify(told).includes('"sound":false'),
    refused: (service) => call(service, "POST", "room", undefined, "wrong-key"),
    secrets: [KEY.secret],
  });
  registerContract(gatewayContract<Service>("agora", subject), test);
});
