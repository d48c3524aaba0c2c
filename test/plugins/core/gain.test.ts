import { describe, expect, test } from "bun:test";
import { levelDbfs } from "#engine/audio";
import type { AudioFrame } from "#engine/plugin";
import { driveNode } from "#engine/testing";
import core from "#plugins/core";
import { covers } from "#test/covers";
import { rejectionOf } from "#test/rejection";
import { concat, counting, framesOf, interleave, silence, tone } from "#test/signals";

const node = (type: string) => core.nodes.find((definition) => definition.type === type)!;

async function through(pcm: Int16Array, settings: object): Promise<Int16Array> {
  const driven = await driveNode(node("core.gain"), settings, { frames: framesOf(pcm) });
  const frames = driven.frames("audio") as AudioFrame[];
  expect(frames.map(({ startSample }) => startSample)).toEqual(frames.map((_, i) => i * 320));
  return concat(...frames.map((frame) => frame.pcm));
}

describe("core.gain", () => {
  test.each([
    { gainDb: 0, factor: 1 },
    { gainDb: 6.0206, factor: 2 },
    { gainDb: -20, factor: 0.1 },
  ])("adds $gainDb dB", async ({ gainDb, factor }) => {
    const pcm = Int16Array.from({ length: 640 }, (_, i) => (i % 200) - 100);
    expect(await through(pcm, { gainDb })).toEqual(pcm.map((value) => Math.round(value * factor)));
  });

  test("never cuts a peak off", async () => {
    covers("S28", "S40");
    const loud = await through(tone({ hz: 300, ms: 200, peak: 20_000 }), { gainDb: 20 });
    expect(Math.max(...loud)).toBeLessThanOrEqual(32_000);
    expect(Math.max(...loud)).toBeGreaterThan(31_500);
  });

  test.each([
    { name: "a whisper is lifted", peak: 500 },
    { name: "a shout is lowered", peak: 30_000 },
    { name: "what is right stays", peak: 4640 },
  ])("following: $name", async ({ peak }) => {
    const out = await through(tone({ hz: 300, ms: 6000, peak }), { automatic: {} });
    expect(Math.abs(levelDbfs(out.subarray(-16_000)) + 20)).toBeLessThan(1);
  });

  test("following: a pause changes nothing", async () => {
    covers("S40");
    const said = tone({ hz: 300, ms: 4000, peak: 1000 });
    const out = await through(concat(said, silence({ ms: 5000 }), said), { automatic: {} });
    const before = levelDbfs(out.subarray(said.length - 3200, said.length));
    const after = levelDbfs(out.subarray(said.length + 5000 * 16, said.length + 5000 * 16 + 3200));
    expect(Math.abs(after - before)).toBeLessThan(0.5);
  });

  test("following: no more is added than allowed", async () => {
    const pcm = tone({ hz: 300, ms: 6000, peak: 300 });
    const out = await through(pcm, { automatic: { mostDb: 6, quietDbfs: -60 } });
    expect(levelDbfs(out.subarray(-3200)) - levelDbfs(pcm.subarray(-3200))).toBeLessThan(6.2);
  });
});

describe("core.split", () => {
  test("gives each channel its own output, sample by sample", async () => {
    const [agent, customer] = [counting(3200), counting(3200, 9000)];
    const frames = framesOf(interleave(agent, customer), { channels: 2 }) as AudioFrame[];
    const driven = await driveNode(node("core.split"), { names: ["agent", "customer"] }, { frames });
    const of = (port: string) => driven.frames(port) as AudioFrame[];
    expect(concat(...of("agent").map(({ pcm }) => pcm))).toEqual(agent);
    expect(concat(...of("customer").map(({ pcm }) => pcm))).toEqual(customer);
    expect(of("customer").map(({ startSample, channels }) => [startSample, channels])).toEqual(
      of("agent").map(({ startSample }) => [startSample, 1]),
    );
  });

  test("refuses audio of another number of channels", async () => {
    const frames = framesOf(counting(640)) as AudioFrame[];
    expect(await rejectionOf(driveNode(node("core.split"), {}, { frames }))).toMatchObject({
      code: "AUDIO_FORMAT_UNSUPPORTED",
    });
  });

  test("two channels of one name are refused", () => {
    expect(node("core.split").config.safeParse({ names: ["a", "a"] }).success).toBe(false);
  });
});
