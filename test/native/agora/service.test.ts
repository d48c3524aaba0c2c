import { dlopen } from "bun:ffi";
import { beforeAll, describe, expect, setDefaultTimeout, test } from "bun:test";
import type { AgoraConnection, AgoraEvent, AgoraFrame } from "#native/agora";
import { AgoraService, type ServiceOptions } from "#native/agora";
import { buildStandIn, standInMissing } from "#test/agora-stand-in";
import { covers } from "#test/covers";

setDefaultTimeout(60_000); // compiles, on a busy machine

const RATE = 16_000;
const FRAME = RATE / 100;

const codeOf = (call: () => unknown): { code: string; message: string } | string => {
  try {
    call();
    return "no error";
  } catch (error) {
    const { code, message } = error as { code: string; message: string };
    return { code, message };
  }
};

/** Asks until it is there; the library's threads run in real time. */
async function until<T>(ask: () => T | undefined): Promise<T> {
  for (;;) {
    const found = ask();
    if (found !== undefined) return found;
    await Bun.sleep(1);
  }
}

const eventOf = (connection: AgoraConnection, type: AgoraEvent["type"]): Promise<AgoraEvent> =>
  until(() => {
    for (let event = connection.nextEvent(); event; event = connection.nextEvent())
      if (event.type === type) return event;
    return undefined;
  });

const loud = (frames: number, from = 1000) => Int16Array.from({ length: frames * FRAME }, (_, i) => from + (i % 100));

describe.skipIf(standInMissing !== undefined)("the vendor's library, stood in for (needs a C compiler)", () => {
  let options: ServiceOptions;
  let older: string;
  let alive: () => number;
  let order: () => string;
  let forget: () => void;
  let tuned: () => number;
  beforeAll(() => {
    const library = buildStandIn(4432);
    older = buildStandIn(4430);
    options = { library, abi: "4.4.32", appId: "app", scenario: 9, sampleRateHz: RATE };
    const { symbols } = dlopen(library, {
      standin_alive: { args: [], returns: "i32" },
      standin_order: { args: [], returns: "cstring" },
      standin_forget: { args: [], returns: "void" },
      standin_tuned: { args: [], returns: "i32" },
    });
    alive = symbols.standin_alive;
    order = () => String(symbols.standin_order()).trim();
    forget = symbols.standin_forget;
    tuned = symbols.standin_tuned;
  });

  test("is refused where it is missing, foreign, or of another layout", () => {
    covers("G10");
    covers("G10");
    expect(codeOf(() => AgoraService.open({ ...options, library: "/nowhere/libagora.so" }))).toEqual({
      code: "ENGINE_MISSING",
      message: expect.stringContaining("comes with its server SDK"),
    });
    const foreign = new URL("./stand-in.c", import.meta.url).pathname;
    expect(codeOf(() => AgoraService.open({ ...options, library: foreign }))).toMatchObject({ code: "ENGINE_MISSING" });
    expect(codeOf(() => AgoraService.open({ ...options, library: older }))).toEqual({
      code: "ENGINE_FAILED",
      message: expect.stringContaining("older than 4.4.32"),
    });
    expect(codeOf(() => AgoraService.open({ ...options, abi: "4.4.30" }))).toEqual({
      code: "ENGINE_FAILED",
      message: expect.stringContaining("of 4.4.32 or later"),
    });
    expect(codeOf(() => AgoraService.open({ ...options, appId: "" }))).toEqual({
      code: "ENGINE_FAILED",
      message: expect.stringContaining("agora_service_initialize"),
    });
    expect(alive()).toBe(0);
  });

  test("gives a process one service", () => {
    covers("G5");
    covers("G5");
    const service = AgoraService.open(options);
    expect(codeOf(() => AgoraService.open(options))).toMatchObject({ code: "ENGINE_TAKEN" });
    expect(codeOf(() => AgoraService.open({ ...options, library: older, abi: "4.4.30" }))).toMatchObject({
      code: "ENGINE_TAKEN",
    });
    service.close();
    service.close();
    AgoraService.open(options).close();
    expect(alive()).toBe(0);
  });

  test("carries what one says to the others in a channel, frame by frame, with its labels and its user", async () => {
    covers("G6", "G7");
    covers("G7");
    const service = AgoraService.open(options);
    const [ann, bob, other] = [service.connection(), service.connection(), service.connection()];
    ann.connect("token", "room", "11");
    expect(await eventOf(ann, "connected")).toMatchObject({ value: 1, extra: 3 });
    bob.connect("token", "room", "22");
    other.connect("token", "elsewhere", "33");
    await eventOf(bob, "connected");
    await eventOf(other, "connected");
    expect(await eventOf(ann, "userJoined")).toMatchObject({ user: "22" });
    ann.join({ publishes: true, hears: "nobody" });
    bob.join({ publishes: false, hears: "everybody" });
    other.join({ publishes: false, hears: "everybody" });
    const said = loud(30);
    ann.send(said, 1, RATE);
    const heard: AgoraFrame[] = [];
    while (heard.filter(({ pcm }) => pcm.some((sample) => sample !== 0)).length < 30)
      heard.push(await until(() => bob.nextFrame()));
    const voiced = heard.filter(({ labels }) => labels.voiceProb === 1);
    expect(voiced.length).toBe(30);
    expect(
      voiced.every(({ user, sampleRateHz, pcm }) => user === "11" && sampleRateHz === RATE && pcm.length === FRAME),
    ).toBe(true);
    expect(voiced[0]!.labels).toEqual({ farField: 1, rms: 107, voiceProb: 1, musicProb: 0, pitch: 200 });
    expect(voiced.flatMap(({ pcm }) => [...pcm])).toEqual([...said]);
    expect(other.nextFrame()).toBeUndefined();
    ann.leave();
    expect(await eventOf(bob, "userLeft")).toMatchObject({ user: "11", value: 0 });
    for (const connection of [bob, other]) connection.leave();
    for (const connection of [ann, bob, other]) connection.close();
    service.close();
    expect(alive()).toBe(0);
  });

  test.each([
    { name: "chorus, with a delay of 10 ms and the plain track", scenario: 7, as: 70_100 },
    { name: "AI server, with the direct track", scenario: 9, as: 90_101 },
  ])("tunes a connection by itself for $name", ({ scenario, as }) => {
    covers("G9");
    covers("G9");
    const service = AgoraService.open({ ...options, scenario });
    service.connection().close();
    service.close();
    expect(tuned()).toBe(as);
  });

  test("is let go in the order that the vendor asks for", async () => {
    covers("G5");
    covers("G5");
    const service = AgoraService.open(options);
    const connection = service.connection();
    connection.connect("token", "room", "1");
    await eventOf(connection, "connected");
    connection.join({ publishes: true, hears: "everybody" });
    forget();
    connection.leave();
    connection.close();
    service.close();
    expect(order()).toBe(
      "unpublish disconnect disable unobserve-frames unobserve-user unobserve-connection connection track sender factory service",
    );
  });

  test("hears one user alone, or nobody, as it is asked to", async () => {
    covers("G7");
    covers("G7");
    const service = AgoraService.open(options);
    const [ann, bob, ear] = [service.connection(), service.connection(), service.connection()];
    for (const [connection, user] of [
      [ann, "1"],
      [bob, "2"],
      [ear, "3"],
    ] as const) {
      connection.connect("token", "room", user);
      await eventOf(connection, "connected");
      connection.join({ publishes: user !== "3", hears: user === "3" ? { user: "2" } : "nobody" });
    }
    const heard = [
      await until(() => ear.nextFrame()),
      await until(() => ear.nextFrame()),
      await until(() => ear.nextFrame()),
    ];
    expect(heard.map(({ user }) => user)).toEqual(["2", "2", "2"]);
    expect(ann.nextFrame()).toBeUndefined();
    for (const connection of [ann, bob, ear]) {
      connection.leave();
      connection.close();
    }
    service.close();
  });

  test("tells volumes of all speakers of a report", async () => {
    covers("G8");
    covers("G8");
    const service = AgoraService.open(options);
    const [ann, ear] = [service.connection(), service.connection(100)];
    for (const [connection, user] of [
      [ann, "7"],
      [ear, "8"],
    ] as const) {
      connection.connect("token", "room", user);
      await eventOf(connection, "connected");
    }
    ann.join({ publishes: true, hears: "nobody" });
    ear.join({ publishes: false, hears: "everybody" });
    ann.send(loud(200), 1, RATE);
    const first = await eventOf(ear, "volume");
    const second = await eventOf(ear, "volume");
    expect([first, second]).toMatchObject([
      { user: "7", value: 180, extra: 2, text: "speech" },
      { user: "0", value: 3, extra: 0, text: "" },
    ]);
    for (const connection of [ann, ear]) {
      connection.leave();
      connection.close();
    }
    service.close();
  });

  test("says that a token was refused", async () => {
    const service = AgoraService.open(options);
    const connection = service.connection();
    connection.connect("refused", "room", "1");
    expect(await eventOf(connection, "failed")).toMatchObject({ value: 8 });
    connection.close();
    service.close();
  });

  test("a closed connection is an error, also when its place is taken anew", () => {
    const service = AgoraService.open(options);
    const old = service.connection();
    old.close();
    const fresh = service.connection();
    expect(fresh.id).not.toBe(old.id);
    for (const call of [() => old.send(loud(1), 1, RATE), () => old.nextFrame(), () => old.leave(), () => old.close()])
      expect(codeOf(call)).toMatchObject({
        code: "NODE_PROTOCOL",
        message: expect.stringContaining("no such connection"),
      });
    fresh.close();
    service.close();
  });

  test.each([
    { name: "of part of a millisecond", pcm: new Int16Array(7), channels: 1, rate: RATE },
    { name: "of nothing", pcm: new Int16Array(0), channels: 1, rate: RATE },
    { name: "of three channels", pcm: new Int16Array(480), channels: 3, rate: RATE },
    { name: "of a rate that is none", pcm: new Int16Array(480), channels: 1, rate: 100 },
  ])("audio $name is refused", ({ pcm, channels, rate }) => {
    const service = AgoraService.open(options);
    const connection = service.connection();
    expect(codeOf(() => connection.send(pcm, channels, rate))).toMatchObject({ code: "NODE_PROTOCOL" });
    connection.close();
    service.close();
  });

  test("256 connections are the most, and all of them are given back", () => {
    covers("G5");
    const service = AgoraService.open(options);
    const connections = Array.from({ length: 256 }, () => service.connection());
    expect(codeOf(() => service.connection())).toMatchObject({ message: expect.stringContaining("256") });
    for (const connection of connections) connection.close();
    service.close();
    expect(alive()).toBe(0);
  });
});
