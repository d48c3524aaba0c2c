import { describe, expect, test } from "bun:test";
import { type FaultScript, type TextFrame, withRetry } from "#engine/plugin";
import { driveNode } from "#engine/testing";
import { asr } from "#test/toy-vendor/asr";
import { spoken } from "#test/toy-vendor/ears";
import { finals, hearToy, openToy, SENTENCES, TOKEN } from "#test/toy-vendor/service";

const first = { connections: 1 };
type Faults = FaultScript["faults"];

describe("a link", () => {
  test("sends a stream to the vendor and its texts come back at their places", async () => {
    const { frames, events, usage } = await hearToy();
    const texts = frames("final") as TextFrame[];
    expect(texts.map(({ text, startSample, endSample }) => [text, startSample, endSample])).toEqual([
      ["one two", 1600, 9600],
      ["three four", 19_200, 27_200],
      ["five six", 36_800, 44_800],
    ]);
    expect(usage.requests).toBe(1);
    expect(usage.audioSeconds).toBeCloseTo(3.4, 6);
    expect(events).toEqual([
      expect.objectContaining({ type: "opened", endpoint: "ws://toy.test/listen", attempt: 1, cause: "first" }),
      expect.objectContaining({
        type: "closed",
        endpoint: "ws://toy.test/listen",
        by: "peer",
        code: 1000,
        cause: "done",
      }),
    ]);
  });

  test.each<{ name: string; faults: Faults; retries?: number; reopened?: number }>([
    { name: "a slow handshake", faults: [{ on: "handshake", do: { delay: 3000 } }] },
    { name: "a refused handshake", faults: [{ on: "handshake", ...first, do: { refuse: 503 } }], reopened: 1 },
    { name: "a handshake that hangs", faults: [{ on: "handshake", ...first, do: { hang: true } }], reopened: 1 },
    { name: "a rate limit", faults: [{ on: "handshake", ...first, do: { rateLimit: true } }], reopened: 1 },
    {
      name: "silence on an open socket",
      faults: [{ on: "connection", ...first, after: { received: 15 }, do: { silence: true } }],
      retries: 1,
    },
    {
      name: "a close in mid-utterance",
      faults: [{ on: "connection", ...first, after: { received: 15 }, do: { close: 1011 } }],
      retries: 1,
    },
    {
      name: "a line that breaks",
      faults: [{ on: "connection", ...first, after: { receivedBytes: 40_000 }, do: { close: 1006 } }],
      retries: 1,
    },
    {
      name: "half a message",
      faults: [{ on: "connection", ...first, after: { sent: 3 }, do: { half: true } }],
      retries: 1,
    },
    {
      name: "garbage",
      faults: [{ on: "connection", ...first, after: { sent: 3 }, do: { garbage: true } }],
      retries: 1,
    },
    {
      name: "an error of the vendor's own",
      faults: [{ on: "connection", ...first, after: { received: 9 }, do: { vendorError: 500 } }],
      retries: 1,
    },
    { name: "delayed messages", faults: [{ on: "messages", from: 2, do: { delay: 700 } }] },
    { name: "messages that come twice", faults: [{ on: "messages", from: 1, do: { duplicate: true } }] },
    { name: "messages out of order", faults: [{ on: "messages", from: 2, count: 6, do: { reorder: true } }] },
    { name: "a clock that is wrong", faults: [{ on: "clock", do: { skewMs: -3_600_000 } }] },
  ])("loses and doubles no word through $name", async ({ faults, retries, reopened }) => {
    const { frames, counters, network, emulator } = await hearToy({
      faults,
      definition: withRetry(asr, 2),
      network: { latencyMs: 5 },
    });
    expect(finals(frames())).toEqual(SENTENCES);
    expect([counters.retries, counters.reopened]).toEqual([retries, reopened]);
    expect([network.sockets, emulator.host.running, emulator.doors.clients]).toEqual([0, 0, 0]);
  });

  test.each<{ name: string; faults: Faults; code: string; attempts: number }>([
    {
      name: "a token that is refused, at once",
      faults: [{ on: "handshake", do: { expiredToken: true } }],
      code: "VENDOR_KEY_REFUSED",
      attempts: 1,
    },
    {
      name: "a vendor that always refuses, after its attempts",
      faults: [{ on: "handshake", do: { refuse: 503 } }],
      code: "VENDOR_UNREACHABLE",
      attempts: 3,
    },
    {
      name: "a vendor that never answers, after its attempts",
      faults: [{ on: "handshake", do: { hang: true } }],
      code: "VENDOR_UNREACHABLE",
      attempts: 3,
    },
  ])("gives up on $name", async ({ faults, code, attempts }) => {
    const toy = await openToy({ faults });
    const { clock, network, emulator } = toy;
    const config = { token: TOKEN, link: { attempts: 3 } };
    const error = await driveNode(asr, config, { frames: spoken([]), clock, network }).catch((e: unknown) => e);
    await toy.close();
    expect(error).toMatchObject({ code });
    expect(String(error)).not.toContain(TOKEN);
    expect([emulator.doors.calls, network.sockets]).toEqual([attempts, 0]);
  });

  test("waits longer from attempt to attempt", async () => {
    const { events } = await hearToy({
      faults: [{ on: "handshake", connections: [1, 2, 3], do: { rateLimit: true } }],
      config: { link: { attempts: 4, backoffMs: 1000 } },
    });
    expect(events.filter(({ type }) => type === "opened").map(({ attempt }) => attempt)).toEqual([1, 2, 3, 4]);
  });

  test("tells the wire on request, audio as lengths and no secret", async () => {
    const { events } = await hearToy({ tracing: true, frames: spoken([]) });
    const wire = events
      .filter(({ type }) => type === "wire")
      .map(({ direction, message }) => `${direction} ${message}`);
    expect(wire[0]).toBe('out {"type":"start","token":"…","rate":16000}');
    expect(wire.filter((line) => line === "out 3200 bytes")).toHaveLength(1);
    expect(wire.join()).not.toContain(TOKEN);
  });

  test("pads nothing and loses nothing of a tail that is no whole chunk", async () => {
    const { usage } = await hearToy({ frames: spoken(SENTENCES).slice(0, 63) });
    expect(usage.audioSeconds).toBeCloseTo(1.26, 6);
  });

  test("holds back what would be sent faster than the pace", async () => {
    const { frames, emulator } = await hearToy({ config: { link: { pace: 2, aheadMs: 200 } } });
    expect(finals(frames())).toEqual(SENTENCES);
    const [report] = emulator.host.reports;
    expect(report?.durationMs).toBeGreaterThanOrEqual(1500);
    expect(report?.durationMs).toBeLessThanOrEqual(1650);
  });
});
