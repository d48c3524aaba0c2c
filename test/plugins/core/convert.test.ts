import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import {
  type AudioFrame,
  type Control,
  decodeALaw,
  decodeMuLaw,
  encodeALaw,
  encodeMuLaw,
  type Frame,
  Resampler,
  rescaleSamples,
  type SpeechMark,
} from "#engine/plugin";
import { type Driven, driveNode } from "#engine/testing";
import core from "#plugins/core";
import { rejectionOf } from "#test/rejection";
import { concat, counting, framesOf, interleave, noise, tone } from "#test/signals";

const convert = core.nodes.find((node) => node.type === "core.convert")!;

const mark = (kind: "start" | "end", atSample: number, sampleRateHz = 16000, utterance = "u1"): SpeechMark => ({
  kind: "speech",
  mark: kind,
  utterance,
  atSample,
  sampleRateHz,
});

const audioOf = (driven: Driven): AudioFrame[] => driven.frames("audio").filter((frame) => frame.kind === "audio");
const pcmOf = (driven: Driven): Int16Array => concat(...audioOf(driven).map((frame) => frame.pcm));

/** Marks as `start@80`, audio as `0-80` with its utterance. */
const shown = (driven: Driven): string[] =>
  driven.frames("audio").map((frame) => {
    if (frame.kind === "speech") return `${frame.mark}@${frame.atSample}`;
    if (frame.kind !== "audio") return frame.kind;
    const end = frame.startSample + frame.pcm.length / frame.channels;
    return `${frame.startSample}-${end}${frame.utterance ? ` ${frame.utterance}` : ""}`;
  });

describe("what needs no conversion", () => {
  test.each([
    { config: {}, name: "nothing is wanted" },
    { config: { sampleRateHz: 16000, channels: 1 }, name: "it has the wanted format" },
    { config: { channel: 0 }, name: "its one channel is wanted" },
    { config: { frameMs: 20 }, name: "its frames are of the wanted length" },
  ])("passes as the same objects where $name", async ({ config }) => {
    const frames: Frame[] = [
      mark("start", 0),
      ...framesOf(noise({ ms: 100, seed: 1 }), { utterance: "u1" }),
      mark("end", 1600),
    ];
    const driven = await driveNode(convert, config, { frames });
    expect(driven.frames("audio").length).toBe(frames.length);
    for (const [i, frame] of driven.frames("audio").entries()) expect(frame).toBe(frames[i]!);
  });
});

describe("conversions", () => {
  test.each<{
    name: string;
    config: { channels?: number; channel?: number };
    pcm: number[];
    channels: number;
    out: number[];
  }>([
    { name: "the mean of two channels", config: { channels: 1 }, pcm: [10, 20, -3, -4], channels: 2, out: [15, -3] },
    { name: "copies of one", config: { channels: 3 }, pcm: [7, 8], channels: 1, out: [7, 7, 7, 8, 8, 8] },
    { name: "one channel of two", config: { channel: 1 }, pcm: [1, 2, 3, 4], channels: 2, out: [2, 4] },
    {
      name: "one channel of two, copied",
      config: { channel: 0, channels: 2 },
      pcm: [1, 2, 3, 4],
      channels: 2,
      out: [1, 1, 3, 3],
    },
  ])("$name", async ({ config, pcm, channels, out }) => {
    const driven = await driveNode(convert, config, { frames: framesOf(Int16Array.from(pcm), { channels }) });
    expect([...pcmOf(driven)]).toEqual(out);
    expect(audioOf(driven)[0]?.channels).toBe(config.channels ?? 1);
  });

  test("another rate is what the resampler makes of the whole stream, at the same times", async () => {
    const pcm = tone({ ms: 300, hz: 440, rateHz: 44100 });
    const driven = await driveNode(
      convert,
      { sampleRateHz: 16000 },
      { frames: framesOf(pcm, { rateHz: 44100, startSample: 44100 }) },
    );
    const resampler = new Resampler({ fromHz: 44100, toHz: 16000, startSample: 44100 });
    expect(pcmOf(driven)).toEqual(concat(resampler.push(pcm), resampler.flush()));
    expect(audioOf(driven)[0]?.startSample).toBe(16000);
    expect(driven.held).toBe(0);
  });

  test("both channels of stereo are resampled, each by itself", async () => {
    const [left, right] = [noise({ ms: 40, seed: 1, rateHz: 48000 }), noise({ ms: 40, seed: 2, rateHz: 48000 })];
    const frames = framesOf(interleave(left, right), { rateHz: 48000, channels: 2 });
    const driven = await driveNode(convert, { sampleRateHz: 16000 }, { frames });
    const alone = [left, right].map((pcm) => {
      const resampler = new Resampler({ fromHz: 48000, toHz: 16000 });
      return concat(resampler.push(pcm), resampler.flush());
    });
    expect(pcmOf(driven)).toEqual(interleave(...alone));
  });

  test("frames get the wanted length, counted without drift, and the last is shorter", async () => {
    const driven = await driveNode(
      convert,
      { frameMs: 10 },
      { frames: framesOf(counting(1000), { rateHz: 22050, frameMs: 7 }) },
    );
    expect(shown(driven)).toEqual(["0-221", "221-441", "441-662", "662-882", "882-1000"]);
    expect(pcmOf(driven)).toEqual(counting(1000));
  });

  test("a gap ends one stretch and begins another at its own place", async () => {
    const frames = [...framesOf(noise({ ms: 10, seed: 1, rateHz: 48000 }), { rateHz: 48000 })];
    frames.push(...framesOf(noise({ ms: 10, seed: 2, rateHz: 48000 }), { rateHz: 48000, startSample: 96000 }));
    const driven = await driveNode(convert, { sampleRateHz: 16000 }, { frames });
    const positions = audioOf(driven).map(({ startSample, pcm }) => [startSample, startSample + pcm.length]);
    expect([positions[0]![0], positions.at(-1)![1]]).toEqual([0, 32160]);
    expect(pcmOf(driven).length).toBe(320);
    expect(positions.some(([start]) => start === 32000)).toBe(true);
  });

  test.each([
    { name: "another rate", second: { rateHz: 8000 } },
    { name: "other channels", second: { channels: 2 } },
  ])("$name in the middle of a stream is an error", async ({ second }) => {
    const frames = [...framesOf(counting(320)), ...framesOf(counting(320), { ...second, startSample: 320 })];
    expect(await rejectionOf(driveNode(convert, { sampleRateHz: 48000 }, { frames }))).toMatchObject({
      code: "AUDIO_FORMAT_UNSUPPORTED",
      message: expect.stringContaining("at sample 320, after 16000 Hz with 1 channel"),
    });
  });

  test.each([
    { name: "2 channels to 6", config: { channels: 6 }, channels: 2, rateHz: 16000 },
    { name: "a channel that is not there", config: { channel: 2 }, channels: 2, rateHz: 16000 },
    { name: "a rate outside the limits", config: { channels: 1 }, channels: 2, rateHz: 500 },
  ])("$name is an error", async ({ config, channels, rateHz }) => {
    const frames = framesOf(counting(320), { channels, rateHz, frameMs: 100 });
    expect(await rejectionOf(driveNode(convert, config, { frames }))).toMatchObject({
      code: "AUDIO_FORMAT_UNSUPPORTED",
    });
  });
});

describe("speech marks", () => {
  test("stand between the same samples as before, whatever the filter holds back", async () => {
    const frames: Frame[] = [
      ...framesOf(noise({ ms: 40, seed: 1, rateHz: 48000 }), { rateHz: 48000 }),
      mark("start", 1920, 48000),
      ...framesOf(noise({ ms: 40, seed: 2, rateHz: 48000 }), { rateHz: 48000, startSample: 1920, utterance: "u1" }),
      mark("end", 3840, 48000),
      ...framesOf(noise({ ms: 20, seed: 3, rateHz: 48000 }), { rateHz: 48000, startSample: 3840 }),
    ];
    const driven = await driveNode(convert, { sampleRateHz: 16000 }, { frames });
    expect(shown(driven)).toEqual([
      "0-304",
      "304-624",
      "624-640",
      "start@640",
      "640-944 u1",
      "944-1264 u1",
      "1264-1280 u1",
      "end@1280",
      "1280-1584",
      "1584-1600",
    ]);
  });

  test("a closing mark does not wait for audio that may never come", async () => {
    const ctx = { report() {}, formats: { audio: { sampleRateHz: 48000, channels: 1 } } } as never;
    const node = await convert.create(convert.config.parse({ sampleRateHz: 16000 }), ctx);
    if (!("onFrame" in node)) throw new Error("core.convert is inline");
    const seen: string[] = [];
    const [frame] = framesOf(noise({ ms: 20, seed: 1, rateHz: 48000 }), { rateHz: 48000 });
    for (const next of [mark("start", 0, 48000), frame!, mark("end", 960, 48000)])
      node.onFrame(next, (out) => seen.push(out.kind), "audio");
    expect(seen).toEqual(["speech", "audio", "audio", "speech"]);
  });

  test("a mark within a frame cuts it", async () => {
    const frames = [
      mark("start", 100),
      ...framesOf(counting(320)),
      mark("end", 700),
      ...framesOf(counting(640), { startSample: 320 }),
    ];
    const driven = await driveNode(convert, { frameMs: 10 }, { frames });
    expect(shown(driven)).toEqual([
      "start@100",
      "0-160",
      "160-320",
      "320-480",
      "480-640",
      "640-700",
      "end@700",
      "700-860",
      "860-960",
    ]);
  });

  test("marks that no audio follows are not lost", async () => {
    const frames = [...framesOf(counting(320)), mark("start", 5000)];
    expect(shown(await driveNode(convert, { sampleRateHz: 8000 }, { frames })).at(-1)).toBe("start@2500");
    expect(shown(await driveNode(convert, {}, { frames: [mark("start", 5), mark("end", 9)] }))).toEqual([
      "start@5",
      "end@9",
    ]);
  });

  test("come after all audio before them and before all audio at them, in any stream", async () => {
    const piece = fc.record({
      ms: fc.integer({ min: 1, max: 30 }),
      gapMs: fc.constantFrom(0, 0, 0, 5),
      utterance: fc.boolean(),
    });
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom(8000, 16000, 22050, 48000),
        fc.constantFrom(8000, 16000, 44100),
        fc.constantFrom(undefined, 10),
        fc.array(piece, { minLength: 1, maxLength: 8 }),
        async (fromHz, toHz, frameMs, pieces) => {
          const frames: Frame[] = [];
          let at = 0;
          let segments = 0;
          for (const { ms, gapMs, utterance } of pieces) {
            at += Math.round((gapMs * fromHz) / 1000);
            const id = `u${segments++}`;
            const pcm = noise({ ms, seed: segments, rateHz: fromHz });
            if (utterance) frames.push(mark("start", at, fromHz, id));
            frames.push(
              ...framesOf(pcm, { rateHz: fromHz, frameMs: 5, startSample: at, ...(utterance && { utterance: id }) }),
            );
            at += pcm.length;
            if (utterance) frames.push(mark("end", at, fromHz, id));
          }
          const driven = await driveNode(convert, { sampleRateHz: toHz, ...(frameMs && { frameMs }) }, { frames });
          let end = 0;
          let open: string | undefined;
          for (const frame of driven.frames("audio"))
            if (frame.kind === "speech") {
              if (frame.mark === "end") expect(end).toBe(frame.atSample);
              else expect(end).toBeLessThanOrEqual(frame.atSample);
              open = frame.mark === "start" ? frame.utterance : undefined;
            } else if (frame.kind === "audio") {
              expect(frame.startSample).toBeGreaterThanOrEqual(end);
              expect(frame.utterance).toBe(open);
              end = frame.startSample + frame.pcm.length;
            }
          expect(end).toBe(rescaleSamples(at, fromHz, toHz));
          expect(driven.held).toBe(0);
          expect(driven.frames("audio").filter((frame) => frame.kind === "speech").length).toBe(
            frames.filter((frame) => frame.kind === "speech").length,
          );
        },
      ),
    );
  });
});

const packetOf = (codec: string, packet: Uint8Array): Frame => ({
  kind: "encoded",
  codec,
  packet,
  startSample: 0,
  sampleCount: 960,
  sampleRateHz: 48000,
  channels: 1,
});

describe("telephone codecs", () => {
  const pcm = tone({ ms: 60, hz: 440, rateHz: 8000 });
  const frames = framesOf(pcm, { rateHz: 8000, startSample: 80, utterance: "u1" });

  test.each(["alaw", "mulaw"] as const)("%s goes out in packets, and such packets come in", async (codec) => {
    const sent = await driveNode(convert, { codec }, { frames: [mark("start", 80, 8000), ...frames] });
    const encode = codec === "alaw" ? encodeALaw : encodeMuLaw;
    expect(sent.frames("audio")).toEqual([
      mark("start", 80, 8000),
      ...frames.map((frame) => ({
        kind: "encoded" as const,
        codec,
        packet: encode(frame.pcm),
        startSample: frame.startSample,
        sampleCount: frame.pcm.length,
        sampleRateHz: 8000,
        channels: 1,
        utterance: "u1",
      })),
    ]);
    const decode = codec === "alaw" ? decodeALaw : decodeMuLaw;
    const received = await driveNode(convert, {}, { frames: sent.frames("audio") });
    expect(audioOf(received)).toEqual(frames.map((frame) => ({ ...frame, pcm: decode(encode(frame.pcm)) })));
  });

  test("another codec is an error", async () => {
    expect(await rejectionOf(driveNode(convert, {}, { frames: [packetOf("speex", new Uint8Array(3))] }))).toMatchObject(
      {
        code: "AUDIO_FORMAT_UNSUPPORTED",
      },
    );
  });
});

test("a flush gives out what is inside, and the stream goes on", async () => {
  const frames: (Frame | Control)[] = [
    ...framesOf(noise({ ms: 20, seed: 1, rateHz: 48000 }), { rateHz: 48000 }),
    { kind: "flush" },
    ...framesOf(noise({ ms: 20, seed: 2, rateHz: 48000 }), { rateHz: 48000, startSample: 960 }),
  ];
  const driven = await driveNode(convert, { sampleRateHz: 16000 }, { frames });
  expect(shown(driven)).toEqual(["0-304", "304-320", "320-624", "624-640"]);
});

test("what an edge wants is a config that makes it", () => {
  const wanted = { sampleRateHz: 16000, channels: 1, frameMs: 20, channel: 1 };
  expect(convert.converts?.(wanted)).toEqual(wanted);
  expect(convert.converts?.({})).toEqual({});
});

test.each([
  { config: {}, audio: "same" },
  { config: { frameMs: 10 }, audio: "same" },
  { config: { sampleRateHz: 8000 }, audio: undefined },
  { config: { sampleRateHz: 8000, channels: 1, codec: "alaw" }, audio: undefined },
  { config: { sampleRateHz: 8000, channels: 2 }, audio: { sampleRateHz: 8000, channels: 2 } },
  { config: { sampleRateHz: 8000, channel: 0, frameMs: 10 }, audio: { sampleRateHz: 8000, channels: 1, frameMs: 10 } },
])("the output format follows the config: %j", ({ config, audio }) => {
  expect(convert.outputs(convert.config.parse(config)).audio?.audio).toEqual(audio as never);
});
