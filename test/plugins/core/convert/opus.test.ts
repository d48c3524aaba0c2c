import { describe, expect, test } from "bun:test";
import {
  type AudioFrame,
  type EncodedFrame,
  type Frame,
  loadOpus,
  openCoders,
  opusPacketSamples,
  type SpeechMark,
} from "#engine/plugin";
import { type Driven, driveNode } from "#engine/testing";
import core from "#plugins/core";
import { rejectionOf } from "#test/rejection";
import { concat, framesOf, interleave, tone } from "#test/signals";

const convert = core.nodes.find((node) => node.type === "core.convert")!;

const packetsOf = (driven: Driven): EncodedFrame[] =>
  driven.frames("audio").filter((frame) => frame.kind === "encoded");
const audioOf = (driven: Driven): AudioFrame[] => driven.frames("audio").filter((frame) => frame.kind === "audio");
const placed = (frames: readonly EncodedFrame[]) => frames.map((frame) => [frame.startSample, frame.sampleCount]);

/** Of one channel: a chord, which a codec of speech carries well. */
const chord = (ms: number, rateHz = 16_000) => {
  const notes = [220, 330, 550].map((hz) => tone({ hz, ms, rateHz, peak: 3000 }));
  return Int16Array.from(notes[0]!, (_, i) => notes.reduce((sum, note) => sum + note[i]!, 0));
};

/** How far `out`, a codec's lookahead later, is from `pcm`, as a share of its power: of another signal it would be about 2. */
function distance(out: Int16Array, pcm: Int16Array, lookahead: number): number {
  let error = 0;
  let power = 0;
  for (let i = 2000; i + lookahead < Math.min(out.length, pcm.length); i++) {
    error += (out[i + lookahead]! - pcm[i]!) ** 2;
    power += pcm[i]! ** 2;
  }
  return error / power;
}

test("audio becomes packets of 20 ms at its place, the last filled up, and packets become audio again", async () => {
  const pcm = chord(510);
  const frames = framesOf(pcm, { startSample: 800, frameMs: 30, utterance: "u1" });
  const sent = await driveNode(convert, { codec: "opus", bitrate: 32_000 }, { frames });
  const packets = packetsOf(sent);
  expect(packets).toHaveLength(26);
  expect(packets.every((packet) => opusPacketSamples(packet.packet, 16_000) === 320)).toBe(true);
  expect(packets[0]).toMatchObject({ codec: "opus", sampleRateHz: 16_000, channels: 1, utterance: "u1" });
  expect(placed(packets).slice(-2)).toEqual([
    [800 + 24 * 320, 320],
    [800 + 25 * 320, 160],
  ]);
  expect(sent.counters).toEqual({ paddedSamples: 160 });
  const back = await driveNode(convert, {}, { frames: packets });
  const out = audioOf(back);
  expect(out[0]).toMatchObject({ startSample: 800, sampleRateHz: 16_000, channels: 1, utterance: "u1" });
  const heard = concat(...out.map((frame) => frame.pcm));
  expect(heard).toHaveLength(pcm.length);
  expect(distance(heard, pcm, 104)).toBeLessThan(0.2); // 6.5 ms
});

test.each([
  { config: {}, rateHz: 44_100, out: 48_000 },
  { config: {}, rateHz: 96_000, out: 48_000 },
  { config: {}, rateHz: 8000, out: 8000 },
  { config: { sampleRateHz: 24_000 }, rateHz: 16_000, out: 24_000 },
])("$rateHz Hz is coded at $out Hz", async ({ config, rateHz, out }) => {
  const frames = framesOf(chord(200, rateHz), { rateHz });
  const packets = packetsOf(await driveNode(convert, { codec: "opus", ...config }, { frames }));
  expect(packets).toHaveLength(10);
  expect(packets.every(({ sampleRateHz, sampleCount }) => sampleRateHz === out && sampleCount === out / 50)).toBe(true);
});

test("both channels of stereo are coded, and come back each by itself", async () => {
  const [left, right] = [chord(400), tone({ hz: 900, ms: 400, peak: 6000 })];
  const frames = framesOf(interleave(left, right), { channels: 2 });
  const sent = await driveNode(convert, { codec: "opus", bitrate: 96_000 }, { frames });
  for (const [channel, pcm] of [left, right].entries()) {
    const back = await driveNode(convert, { channel }, { frames: packetsOf(sent) });
    expect(distance(concat(...audioOf(back).map((frame) => frame.pcm)), pcm, 104)).toBeLessThan(0.3);
  }
});

test("other lengths of packets, as asked for", async () => {
  const driven = await driveNode(convert, { codec: "opus", frameMs: 60 }, { frames: framesOf(chord(180)) });
  expect(placed(packetsOf(driven))).toEqual([
    [0, 960],
    [960, 960],
    [1920, 960],
  ]);
});

test("a mark within a packet ends it at its place, and what follows is contiguous", async () => {
  const mark = (kind: "start" | "end", atSample: number): SpeechMark => ({
    kind: "speech",
    mark: kind,
    utterance: "u1",
    atSample,
    sampleRateHz: 16_000,
  });
  const [first, ...rest] = framesOf(chord(60));
  const frames: Frame[] = [mark("start", 0), first!, mark("end", 500), ...rest];
  const sent = await driveNode(convert, { codec: "opus" }, { frames });
  const shown = sent
    .frames("audio")
    .map((frame) => (frame.kind === "encoded" ? `${frame.startSample}+${frame.sampleCount}` : frame.kind));
  expect(shown).toEqual(["speech", "0+320", "320+180", "speech", "500+320", "820+140"]);
  const back = await driveNode(convert, {}, { frames: sent.frames("audio") });
  expect(audioOf(back).map((frame) => [frame.startSample, frame.pcm.length])).toEqual([
    [0, 320],
    [320, 180],
    [500, 320],
    [820, 140],
  ]);
});

test("packets of 48 kHz decode to what is asked for", async () => {
  const sent = await driveNode(convert, { codec: "opus", sampleRateHz: 48_000 }, { frames: framesOf(chord(400)) });
  const back = await driveNode(convert, { sampleRateHz: 16_000, frameMs: 30 }, { frames: packetsOf(sent) });
  const heard = concat(...audioOf(back).map((frame) => frame.pcm));
  expect(heard).toHaveLength(6400);
  expect(distance(heard, chord(400), 104)).toBeLessThan(0.3);
});

const packet = (bytes: Uint8Array, more: Partial<EncodedFrame> = {}): EncodedFrame => ({
  kind: "encoded",
  codec: "opus",
  packet: bytes,
  startSample: 0,
  sampleCount: 320,
  sampleRateHz: 16_000,
  channels: 1,
  ...more,
});
const encoder = (await loadOpus()).encoder({ sampleRateHz: 16_000, channels: 1 });
const good = encoder.encode(new Int16Array(320));
encoder.close();

describe("what is no Opus is a coded error, and the coders are closed", () => {
  test.each<{ name: string; frame: EncodedFrame; code: string }>([
    { name: "no bytes", frame: packet(new Uint8Array(0)), code: "AUDIO_NOT_RECOGNISED" },
    { name: "other bytes", frame: packet(Uint8Array.of(255, 255, 255, 1, 2)), code: "AUDIO_NOT_RECOGNISED" },
    {
      name: "a rate that Opus has not",
      frame: packet(good, { sampleRateHz: 44_100 }),
      code: "AUDIO_FORMAT_UNSUPPORTED",
    },
    { name: "three channels", frame: packet(good, { channels: 3 }), code: "AUDIO_FORMAT_UNSUPPORTED" },
  ])("$name", async ({ frame, code }) => {
    const before = openCoders();
    expect(await rejectionOf(driveNode(convert, {}, { frames: [packet(good), frame] }))).toMatchObject({ code });
    expect(openCoders()).toBe(before);
  });

  test("packets where the plan said plain audio", async () => {
    const formats = { audio: { sampleRateHz: 16_000, channels: 1 } };
    const driven = driveNode(convert, {}, { frames: [packet(good)], formats });
    expect(await rejectionOf(driven)).toMatchObject({ code: "AUDIO_FORMAT_UNSUPPORTED" });
  });

  test("more channels than Opus has", async () => {
    const frames = framesOf(new Int16Array(960), { channels: 3 });
    const driven = driveNode(convert, { codec: "opus" }, { frames });
    expect(await rejectionOf(driven)).toMatchObject({ code: "AUDIO_FORMAT_UNSUPPORTED" });
  });
});

test.each([
  { config: { codec: "opus", sampleRateHz: 44_100 }, field: "sampleRateHz" },
  { config: { codec: "opus", channels: 3 }, field: "channels" },
  { config: { codec: "opus", frameMs: 30 }, field: "frameMs" },
  { config: { codec: "alaw", bitrate: 16_000 }, field: "bitrate" },
  { config: { bitrate: 16_000 }, field: "bitrate" },
])("a setting that Opus has not is found before the run: %j", ({ config, field }) => {
  const { error } = convert.config.safeParse(config);
  expect(error?.issues.map(({ path }) => path.join("."))).toEqual([field]);
});
