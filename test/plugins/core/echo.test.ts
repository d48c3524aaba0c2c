import { describe, expect, setDefaultTimeout, test } from "bun:test";
import { levelDbfs } from "#engine/audio";
import type { AudioFrame } from "#engine/plugin";
import { SystemClock } from "#engine/runtime";
import { audioNodeContract, driveNode, registerContract } from "#engine/testing";
import { findSpeexDsp } from "#native/speexdsp";
import { covers } from "#test/covers";
import { rejectionOf } from "#test/rejection";
import { concat, framesOf, noise, silence, tone, voice } from "#test/signals";
import { HeardTrack } from "../../../plugins/core/devices/heard.ts";
import { RunDevices } from "../../../plugins/core/devices/run-devices.ts";
import { echo } from "../../../plugins/core/echo.ts";
import { Reference } from "../../../plugins/core/enhance/reference.ts";

setDefaultTimeout(60_000);

const here = findSpeexDsp() !== undefined;
const RATE_HZ = 16_000;
const formats = { audio: { sampleRateHz: RATE_HZ, channels: 1 }, loudspeaker: { sampleRateHz: RATE_HZ, channels: 1 } };

/** What a microphone hears of a loudspeaker in a room: later, softer, and with what walls give back. */
function inRoom(played: Int16Array): Int16Array {
  const DELAY = 320;
  const taps = Array.from({ length: 24 }, (_, i) => ({
    at: DELAY + i * i * 3,
    factor: (i % 3 === 0 ? -0.5 : 0.4) * Math.exp(-i / 6),
  }));
  return Int16Array.from(played, (_, i) =>
    Math.round(taps.reduce((sum, { at, factor }) => sum + factor * (i >= at ? played[i - at]! : 0), 0)),
  );
}

const added = (a: Int16Array, b: Int16Array) =>
  Int16Array.from(a, (value, i) => Math.max(-32_768, Math.min(32_767, value + (b[i] ?? 0))));
const pcmOf = (frames: readonly unknown[]) => concat(...(frames as AudioFrame[]).map(({ pcm }) => pcm));

const loud = () =>
  concat(...Array.from({ length: 6 }, (_, i) => concat(voice({ ms: 900 }), noise({ ms: 300, seed: i + 1 }))));

async function through(heard: Int16Array, played: Int16Array, settings: object = {}) {
  const frames = { loudspeaker: framesOf(played), audio: framesOf(heard) };
  const driven = await driveNode(echo, settings, { frames, formats, pace: 1 });
  return { driven, out: pcmOf(driven.frames("audio")) };
}

describe.skipIf(!here)(`core.echo${here ? "" : ": libspeexdsp1 is not installed"}`, () => {
  registerContract(
    audioNodeContract("cancelling", () => ({
      definition: echo,
      frames: {
        audio: framesOf(inRoom(loud().subarray(0, 16_000))),
        loudspeaker: framesOf(loud().subarray(0, 16_000)),
      },
      formats,
    })),
    test,
  );

  test.each([
    { residue: false, leastDb: 15 },
    { residue: true, leastDb: 25 },
  ])(
    "takes the loudspeaker away: at least $leastDb dB once it knows the room (residue: $residue)",
    async ({ residue, leastDb }) => {
      const played = loud();
      const heard = inRoom(played);
      const { out } = await through(heard, played, { residue });
      expect(out.length).toBe(heard.length);
      const known = heard.length / 2;
      expect(levelDbfs(heard.subarray(known)) - levelDbfs(out.subarray(known))).toBeGreaterThan(leastDb);
    },
  );

  test("whoever is near is still heard, at the same place", async () => {
    covers("S28");
    const played = loud();
    const near = concat(
      silence({ ms: 5000 }),
      tone({ hz: 700, ms: 600, peak: 12_000 }),
      silence({ ms: 2000 }),
    ).subarray(0, played.length);
    const { out } = await through(added(inRoom(played), near), played);
    const at = 5000 * 16;
    expect(levelDbfs(out.subarray(at + 1600, at + 8000))).toBeGreaterThan(
      levelDbfs(near.subarray(at + 1600, at + 8000)) - 6,
    );
    // and with nothing played, nothing is taken away
    const quiet = await through(near, silence({ ms: 1000 }));
    expect(
      Math.abs(levelDbfs(quiet.out.subarray(at, at + 9600)) - levelDbfs(near.subarray(at, at + 9600))),
    ).toBeLessThan(1);
  });

  test("a loudspeaker that tells nothing is waited for, and then taken as silent", async () => {
    const near = tone({ hz: 700, ms: 1000 });
    const driven = await driveNode(
      echo,
      { waitMs: 100 },
      { frames: { audio: framesOf(near), loudspeaker: [] }, formats },
    );
    expect(pcmOf(driven.frames("audio")).length).toBe(near.length);
    expect(driven.counters.unheardReferenceSamples).toBeGreaterThan(0);
  });
});

describe.skipIf(!here)("beside the run's own loudspeaker", () => {
  /** What a loudspeaker of the same run plays, from a position of its time line on. */
  function loudspeaker(played: Int16Array, from: number): RunDevices {
    const clock = new SystemClock();
    const devices = new RunDevices({ runId: "run", nodeId: "loud", clock });
    const track = new HeardTrack({ sampleRateHz: RATE_HZ, channels: 1 }, () => from + played.length);
    track.wrote(played, from);
    devices.plays(track);
    return devices;
  }

  test("takes away what that is heard playing, with no edge from the one to the other", async () => {
    const played = loud();
    const before = silence({ ms: 700 });
    const heard = concat(before, inRoom(played));
    const devices = loudspeaker(played, before.length);
    const driven = await driveNode(
      echo,
      { reference: "speakers" },
      { frames: framesOf(heard), formats: { audio: formats.audio }, clock: new SystemClock() },
    ).finally(() => devices.leave());
    const out = pcmOf(driven.frames("audio"));
    expect(out.length).toBe(heard.length);
    const known = heard.length / 2;
    expect(levelDbfs(heard.subarray(known)) - levelDbfs(out.subarray(known))).toBeGreaterThan(25);
    expect(driven.counters).toEqual({});
  });

  test("whoever is near is heard as they are where nothing is played", async () => {
    const near = tone({ hz: 700, ms: 1000 });
    const options = { frames: framesOf(near), formats: { audio: formats.audio }, clock: new SystemClock() };
    const out = pcmOf((await driveNode(echo, { reference: "speakers", residue: false }, options)).frames("audio"));
    expect(Math.abs(levelDbfs(out) - levelDbfs(near))).toBeLessThan(1);
  });

  test("is refused under a virtual clock, as the devices are", async () => {
    const driven = driveNode(echo, { reference: "speakers" }, { frames: framesOf(silence({ ms: 20 })) });
    expect(await rejectionOf(driven)).toMatchObject({ code: "CLOCK_REFUSES" });
  });
});

test("only where the loudspeaker comes by an edge there is an input for it", () => {
  const inputs = (settings: object) => Object.keys(echo.inputs(echo.config.parse(settings)));
  expect(inputs({})).toEqual(["audio", "loudspeaker"]);
  expect(inputs({ reference: "speakers" })).toEqual(["audio"]);
});

test("what was played is known by its place, gaps are silence, and the oldest goes", () => {
  const reference = new Reference(10);
  reference.push(Int16Array.of(1, 2, 3), 0);
  reference.push(Int16Array.of(6, 7), 5);
  expect([...reference.read(-1, 9)]).toEqual([0, 1, 2, 3, 0, 0, 6, 7, 0]);
  expect(reference.knownTo).toBe(7);
  reference.push(
    Int16Array.from({ length: 12 }, (_, i) => 20 + i),
    7,
  );
  expect([...reference.read(7, 12)]).toEqual([0, 0, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31]);
  reference.push(Int16Array.of(5), 1000);
  expect([...reference.read(991, 10)]).toEqual([0, 0, 0, 0, 0, 0, 0, 0, 0, 5]);
  reference.end();
  expect(reference.knownTo).toBe(Number.POSITIVE_INFINITY);
});
