import { describe, expect, test } from "bun:test";
import { type AudioFrame, type DataFrame, type Frame, joinPcm, type SpeechMark } from "#engine/plugin";
import { VirtualClock } from "#engine/runtime";
import { driveNode } from "#engine/testing";
import { AgoraRooms } from "#test/agora-room";
import { covers } from "#test/covers";
import { rejectionOf } from "#test/rejection";
import { ConnectionPool } from "../../../plugins/agora/rtc/connection-pool.ts";
import { requireSame, rtcResource } from "../../../plugins/agora/rtc/service.ts";
import { sink } from "../../../plugins/agora/sink.ts";
import { source } from "../../../plugins/agora/source.ts";

const FRAME = 160;
const ms = (length: number) => length * 16;
const tone = (length: number) => Int16Array.from({ length: ms(length) }, (_, i) => 1000 + (i % 500));
const where = { appId: "app", channel: "room", user: "100" };

const audioOf = (frames: readonly Frame[]) => frames.filter((frame): frame is AudioFrame => frame.kind === "audio");

function rooms() {
  const clock = new VirtualClock();
  return { clock, rooms: new AgoraRooms(clock) };
}

describe("agora.source", () => {
  /** Hears what a human says in the channel, who leaves after a while. */
  async function heard(config: object, say: Int16Array, leavesAfterMs: number, more?: (rooms: AgoraRooms) => void) {
    const { clock, rooms: channels } = rooms();
    const human = channels.human("room", "7");
    clock.after(100, () => human.send(say, 1));
    clock.after(leavesAfterMs, () => human.leave());
    more?.(channels);
    const driven = await driveNode(source(channels.open), { ...where, ...config }, { clock, frames: [] });
    return { driven, channels, human };
  }

  test("hears the first who speaks, 10 ms after 10 ms, until that one leaves", async () => {
    covers("G7");
    const said = tone(500);
    const { driven, channels } = await heard({}, said, 1000);
    const frames = audioOf(driven.frames("audio"));
    expect(frames.map(({ startSample }) => startSample)).toEqual(frames.map((_, i) => i * FRAME));
    const all = joinPcm(frames.map(({ pcm }) => pcm));
    const from = all.findIndex((sample) => sample !== 0);
    expect(all.subarray(from, from + said.length)).toEqual(said);
    expect(driven.events).toContainEqual({ type: "opened" });
    expect(driven.events).toContainEqual({ type: "userLeft", user: "7", reason: 0 });
    expect({ opened: channels.opened, closed: channels.closed, members: channels.members.size }).toEqual({
      opened: 1,
      closed: 1,
      members: 0,
    });
  });

  test("cuts utterances with the vendor's own labels, and accounts for the rest", async () => {
    covers("G1", "G7");
    const { driven } = await heard({ vad: {} }, tone(800), 3000);
    const frames = driven.frames("audio");
    const marks = frames.filter((frame): frame is SpeechMark => frame.kind === "speech");
    expect(marks.map(({ mark }) => mark)).toEqual(["start", "end"]);
    expect(marks[0]!.atSample).toBe(audioOf(frames)[0]!.startSample);
    const went = audioOf(frames).reduce((sum, { pcm }) => sum + pcm.length, 0);
    expect((went + driven.gated) % FRAME).toBe(0);
    expect(went).toBeGreaterThan(ms(800));
  });

  test("hears one user of several, and stays when another leaves", async () => {
    covers("G7");
    const { driven } = await heard({ speaker: "8" }, tone(300), 500, (channels) => {
      const other = channels.human("room", "8");
      channels.human("elsewhere", "8").send(tone(5000), 1);
      other.send(tone(600), 1);
      (channels.clock as VirtualClock).after(1500, () => other.leave());
    });
    const all = joinPcm(audioOf(driven.frames("audio")).map(({ pcm }) => pcm));
    expect(all.length).toBeGreaterThanOrEqual(ms(1400));
    expect(all.filter((sample) => sample !== 0).length).toBe(ms(600));
  });

  test("gives reports of volumes as data, all speakers of one together", async () => {
    covers("G8");
    const { driven } = await heard({ volumeMs: 100 }, tone(300), 500, (channels) => {
      (channels.clock as VirtualClock).after(200, () => {
        const [bot] = [...channels.members].filter(({ user }) => user === "100");
        expect(bot!.volumeMs).toBe(100);
        bot!.tell("volume", { user: "7", value: 180, extra: 2, text: "speech" });
        bot!.tell("volume", { user: "0", value: 3 });
      });
    });
    const reports = driven.frames("volume").filter((frame): frame is DataFrame => frame.kind === "data");
    expect(reports).toHaveLength(1);
    expect(reports[0]).toMatchObject({
      topic: "agora.volume",
      value: [
        { user: "7", volume: 180, speech: true },
        { user: "0", volume: 3, speech: false },
      ],
    });
  });

  test.each([
    { name: "a token that is refused", type: "failed", value: 8, code: "VENDOR_KEY_REFUSED" },
    { name: "a token that has run out", type: "tokenExpired", value: 0, code: "VENDOR_TOKEN_EXPIRED" },
    { name: "a ban", type: "failed", value: 3, code: "VENDOR_REFUSED" },
    { name: "a reason in no list", type: "failed", value: 99, code: "VENDOR_UNREACHABLE" },
    { name: "a connection that is gone", type: "disconnected", value: 2, code: "VENDOR_LOST" },
    { name: "frames of another layout", type: "oddFrame", value: 320, code: "ENGINE_FAILED" },
  ] as const)("ends with a code on $name", async ({ type, value, code }) => {
    const failing = heard({ token: "a token" }, tone(300), 5000, (channels) => {
      (channels.clock as VirtualClock).after(300, () => {
        for (const member of channels.members) if (member.user === "100") member.tell(type, { value });
      });
    });
    const error = await failing.catch((caught) => caught);
    expect(error).toMatchObject({ code });
    expect(error.message).not.toContain("a token");
  });

  test("does not start with a token that the server refuses", async () => {
    const { clock, rooms: channels } = rooms();
    const starting = driveNode(source(channels.open), { ...where, token: "refused" }, { clock, frames: [] });
    expect(await rejectionOf(starting)).toMatchObject({ code: "VENDOR_KEY_REFUSED" });
    expect(channels.members.size).toBe(0);
  });
});

describe("agora.sink", () => {
  const spoken = (pcm: Int16Array, utterance: string, startSample = 0): Frame[] => [
    { kind: "speech", mark: "start", utterance, atSample: startSample, sampleRateHz: 16_000 },
    { kind: "audio", pcm, sampleRateHz: 16_000, channels: 1, startSample, utterance },
    { kind: "speech", mark: "end", utterance, atSample: startSample + pcm.length, sampleRateHz: 16_000 },
  ];

  test("speaks a burst at the channel's pace, to the last sample, and ends when it has been heard", async () => {
    covers("G4");
    const { clock, rooms: channels } = rooms();
    const human = channels.human("room", "7");
    const said = tone(507);
    const driven = await driveNode(sink(channels.open), where, { clock, frames: spoken(said, "u1") });
    const heard: number[] = [];
    for (let frame = human.nextFrame(); frame; frame = human.nextFrame()) heard.push(...frame.pcm);
    const from = heard.findIndex((sample) => sample !== 0);
    expect(heard.slice(from, from + said.length)).toEqual([...said]);
    expect(driven.events).toContainEqual({ type: "played", ms: 510 });
    expect(clock.nowMs()).toBeGreaterThanOrEqual(510);
    expect(clock.nowMs()).toBeLessThan(1200);
  });

  test("loses no utterance that is shorter than the lead", async () => {
    covers("G4");
    const { clock, rooms: channels } = rooms();
    const human = channels.human("room", "7");
    await driveNode(sink(channels.open), where, {
      clock,
      frames: [...spoken(tone(35), "u1"), ...spoken(tone(42), "u2", ms(35))],
    });
    let loud = 0;
    for (let frame = human.nextFrame(); frame; frame = human.nextFrame())
      loud += frame.pcm.filter((sample) => sample !== 0).length;
    expect(loud).toBe(ms(35) + ms(42));
  });

  test("falls silent at once when somebody barges in, here first and then there", async () => {
    covers("G4");
    const { clock, rooms: channels } = rooms();
    const human = channels.human("room", "7");
    let bot: { cleared: number } | undefined;
    clock.after(200, () => {
      bot = [...channels.members].find(({ user }) => user === "100");
    });
    const driven = await driveNode(sink(channels.open), where, {
      clock,
      frames: [...spoken(tone(3000), "u1"), { kind: "barge-in", utterance: "u2" }],
    });
    let loud = 0;
    for (let frame = human.nextFrame(); frame; frame = human.nextFrame())
      loud += frame.pcm.filter((sample) => sample !== 0).length;
    expect(loud + (driven.counters.bargedInSamples ?? 0) + (bot?.cleared ?? 0)).toBe(ms(3000));
    expect(loud).toBeLessThan(ms(3000));
    expect(driven.counters.bargedInSamples).toBeGreaterThan(0);
  });

  test("with nothing to say ends at once", async () => {
    const { clock, rooms: channels } = rooms();
    await driveNode(sink(channels.open), where, {
      clock,
      frames: [],
      formats: { audio: { sampleRateHz: 16_000, channels: 1 } },
    });
    expect(clock.nowMs()).toBeLessThanOrEqual(80);
    expect(channels.members.size).toBe(0);
  });
});

describe("connections", () => {
  test("are used again across users, by their kind, and not after a failure", () => {
    covers("G5");
    const { rooms: channels } = rooms();
    const pool = new ConnectionPool(channels.open());
    const [a, b] = [pool.take(0), pool.take(100)];
    pool.give(a, true);
    expect(pool.take(100)).not.toBe(a);
    expect(pool.take(0)).toBe(a);
    pool.give(a, false);
    pool.give(a, true); // a second time does nothing
    expect(pool.take(0)).not.toBe(a);
    pool.give(b, true);
    expect(pool.size).toEqual({ used: 2, idle: 1 });
    pool.close();
    expect(pool.size).toEqual({ used: 0, idle: 0 });
  });

  test("keep a bounded number in wait", () => {
    const { rooms: channels } = rooms();
    const pool = new ConnectionPool(channels.open());
    const taken = Array.from({ length: 50 }, () => pool.take(0));
    for (const connection of taken) pool.give(connection, true);
    expect(pool.size.idle).toBe(32);
    pool.close();
  });

  test("belong to one service in a process: another app id is refused, with its name", async () => {
    covers("G5");
    const { rooms: channels } = rooms();
    const settings = { appId: "app", scenario: "aiServer", sampleRateHz: 16_000 } as const;
    const rtc = await rtcResource(settings, channels.open).open();
    requireSame(rtc, settings);
    expect(() => requireSame(rtc, { ...settings, appId: "other" })).toThrow(/another appId/);
  });
});
