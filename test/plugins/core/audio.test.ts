import { describe, expect, setDefaultTimeout, test } from "bun:test";
import { sniffContainer } from "#engine/audio";
import { type AudioFrame, joinPcm, openDecoder } from "#engine/plugin";
import { driveNode } from "#engine/testing";
import core from "#plugins/core";
import { rejectionOf } from "#test/rejection";
import { framesOf, tone } from "#test/signals";

setDefaultTimeout(60_000);

const audio = core.nodes.find((node) => node.type === "core.audio")!;

async function written(path: string, frames: readonly AudioFrame[], config = {}) {
  const driven = await driveNode(audio, { path, ...config }, { frames });
  const bytes = driven.artifacts[path]!;
  const container = sniffContainer(bytes);
  if (container !== "mp3" && container !== "vorbis" && container !== "opus") throw new Error(`found ${container}`);
  const decoder = await openDecoder(container);
  const pcm = joinPcm([await decoder.push(bytes), await decoder.end()]);
  const { format } = decoder;
  decoder.close();
  return { ...driven, bytes, container, pcm, ms: (pcm.length * 1000) / format!.channels / format!.sampleRateHz };
}

describe.each([
  { name: "speech.mp3", container: "mp3", extraMs: 200 },
  { name: "speech.ogg", container: "vorbis", extraMs: 1 },
  { name: "speech.OPUS", container: "opus", extraMs: 1 },
])("$name", ({ name, container, extraMs }) => {
  const pcm = tone({ hz: 500, ms: 1234 });

  test(`is written as ${container}, as long as what came`, async () => {
    const found = await written(name, framesOf(pcm));
    expect(found.container as string).toBe(container);
    expect(found.ms).toBeGreaterThanOrEqual(1233.9);
    expect(found.ms).toBeLessThanOrEqual(1234 + extraMs);
  });

  test("is the same file whatever frames the audio came in", async () => {
    const [first, second] = [await written(name, framesOf(pcm)), await written(name, framesOf(pcm, { frameMs: 37 }))];
    expect(second.bytes).toEqual(first.bytes);
  });

  test("grows while the audio comes: a part of it is a file already", async () => {
    const half = await written(name, framesOf(pcm.subarray(0, pcm.length >> 1)));
    expect(half.ms).toBeGreaterThan(600);
    expect(half.ms).toBeLessThan(620 + extraMs);
  });

  test("fills a gap with silence, or joins what is around it", async () => {
    const [before, after] = [framesOf(pcm), framesOf(pcm, { startSample: 16000 * 3 })];
    const joined = await written(name, [...before, ...after]);
    expect(joined.ms).toBeLessThanOrEqual(2 * 1234 + extraMs);
    expect(joined.counters).toEqual({ joinedGapSamples: 48_000 - pcm.length });
    const filled = await written(name, [...before, ...after], { gaps: "silence" });
    expect(Math.abs(filled.ms - 4234)).toBeLessThanOrEqual(extraMs);
    expect(filled.counters).toEqual({ silenceSamples: 48_000 - pcm.length });
  });

  test("without audio it is an empty file, and no fault", async () => {
    const driven = await driveNode(audio, { path: name });
    expect(driven.artifacts[name]!.length).toBeLessThan(8000);
  });
});

test("a smaller bitrate makes a smaller file", async () => {
  const pcm = tone({ hz: 500, ms: 4000 });
  const [large, small] = [
    await written("a.mp3", framesOf(pcm), { bitrate: 128_000 }),
    await written("a.mp3", framesOf(pcm), { bitrate: 32_000 }),
  ];
  expect(small.bytes.length * 3).toBeLessThan(large.bytes.length);
});

test("a name that says nothing needs a container", async () => {
  expect(audio.config.safeParse({ path: "speech.dat" }).success).toBe(false);
  expect((await written("speech.dat", framesOf(tone({ hz: 500, ms: 500 })), { container: "mp3" })).container).toBe(
    "mp3",
  );
});

test("audio that changes its format on the way is refused", async () => {
  const frames = [
    ...framesOf(tone({ hz: 500, ms: 100 })),
    ...framesOf(tone({ hz: 500, ms: 100, rateHz: 8000 }), { rateHz: 8000 }),
  ];
  expect(await rejectionOf(driveNode(audio, { path: "a.mp3" }, { frames }))).toMatchObject({
    code: "AUDIO_FORMAT_UNSUPPORTED",
  });
});
