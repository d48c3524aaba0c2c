import { describe, expect, test } from "bun:test";
import { WavReader } from "#engine/audio";
import type { AudioFrame } from "#engine/plugin";
import { driveNode } from "#engine/testing";
import core from "#plugins/core";
import { rejectionOf } from "#test/rejection";
import { concat, counting, framesOf } from "#test/signals";

const wav = core.nodes.find((node) => node.type === "core.wav")!;
const PATH = "out.wav";

async function write(frames: readonly AudioFrame[], config = {}, formats = {}) {
  const driven = await driveNode(wav, { path: PATH, ...config }, { frames, formats });
  const reader = new WavReader();
  const pcm = reader.push(driven.artifacts[PATH]!);
  return { pcm, info: reader.info, end: reader.end(), counters: driven.counters };
}

describe("core.wav", () => {
  test("writes what came, and the header says so", async () => {
    const pcm = counting(2000, -300);
    const written = await write(framesOf(pcm, { rateHz: 22050, channels: 2 }));
    expect(written).toEqual({
      pcm,
      info: { sampleRateHz: 22050, channels: 2, encoding: "s16le", dataOffset: 44, dataBytes: 4000 },
      end: { dataBytes: 4000 },
      counters: {},
    });
  });

  test.each([
    { formats: {}, sampleRateHz: 16000, channels: 1 },
    { formats: { audio: { sampleRateHz: 48000, channels: 2 } }, sampleRateHz: 48000, channels: 2 },
  ])("without audio it is a valid, empty file of $sampleRateHz Hz", async ({ formats, sampleRateHz, channels }) => {
    const driven = await driveNode(wav, { path: PATH }, { formats });
    const header = new DataView(driven.artifacts[PATH]!.buffer);
    expect(header.byteLength).toBe(44);
    expect([header.getUint32(4, true), header.getUint32(40, true)]).toEqual([36, 0]);
    expect([header.getUint32(24, true), header.getUint16(22, true)]).toEqual([sampleRateHz, channels]);
  });

  const first = framesOf(counting(100, 1), { startSample: 50 });
  const later = framesOf(counting(100, 201), { startSample: 250 });

  test("joins what is around a gap, and counts it", async () => {
    const { pcm, counters } = await write([...first, ...later]);
    expect(pcm).toEqual(concat(counting(100, 1), counting(100, 201)));
    expect(counters).toEqual({ joinedGapSamples: 100 });
  });

  test("fills gaps with silence from the start of the timeline when asked", async () => {
    const { pcm, counters } = await write([...first, ...later], { gaps: "silence" });
    expect(pcm).toEqual(concat(new Int16Array(50), counting(100, 1), new Int16Array(100), counting(100, 201)));
    expect(counters).toEqual({ silenceSamples: 150 });
  });

  test("fills a gap longer than its stock of silence, in all channels", async () => {
    const { pcm } = await write(framesOf(counting(4), { channels: 2, startSample: 100_000 }), { gaps: "silence" });
    expect(pcm.length).toBe(200_004);
    expect(pcm.subarray(0, 200_000).every((sample) => sample === 0)).toBe(true);
  });

  test.each(["keep", "silence"])("appends what lies before the end, and counts it, with gaps: %s", async (gaps) => {
    const frames = [...framesOf(counting(100, 1)), ...framesOf(counting(100, 201), { startSample: 60 })];
    const { pcm, counters } = await write(frames, { gaps });
    expect(pcm).toEqual(concat(counting(100, 1), counting(100, 201)));
    expect(counters).toEqual({ overlappingSamples: 40 });
  });

  test("catches up with the timeline after audio that was too long for its place", async () => {
    const frames = [
      ...framesOf(counting(100, 1)),
      ...framesOf(counting(100, 201), { startSample: 60 }),
      ...framesOf(counting(10, 500), { startSample: 230 }),
    ];
    const { pcm } = await write(frames, { gaps: "silence" });
    expect(pcm.indexOf(500)).toBe(230);
  });

  test.each([
    { name: "rate", second: { rateHz: 8000 } },
    { name: "channels", second: { channels: 2 } },
  ])("another $name in the middle is an error", async ({ second }) => {
    const frames = [...framesOf(counting(100)), ...framesOf(counting(100), { ...second, startSample: 100 })];
    expect(await rejectionOf(write(frames))).toMatchObject({ code: "AUDIO_FORMAT_UNSUPPORTED" });
  });

  test("a gap beyond what a WAV can hold is an error before a byte of it is written", async () => {
    expect(
      await rejectionOf(write(framesOf(counting(4), { startSample: 2 ** 31 }), { gaps: "silence" })),
    ).toMatchObject({
      code: "AUDIO_TOO_LONG",
    });
  });
});
