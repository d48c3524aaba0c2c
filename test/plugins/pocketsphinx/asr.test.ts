import { describe, expect, setDefaultTimeout, test } from "bun:test";
import type { AudioFrame, Control, Frame, SpeechMark, TextFrame } from "#engine/plugin";
import { driveNode } from "#engine/testing";
import { findDecoderFiles } from "#native/pocketsphinx";
import { recordingPcm, recordingsInstalled } from "#test/recordings";
import { asr } from "../../../plugins/pocketsphinx/asr.ts";
import plugin from "../../../plugins/pocketsphinx/index.ts";

const ready = findDecoderFiles().files !== undefined && recordingsInstalled();
const RATE_HZ = 16_000;
const LONG = "librivox/sense_and_sensibility_01_austen_64kb-0870.wav";

/** Each node loads a model, on a machine that may be busy. */
setDefaultTimeout(60_000);

interface Cut {
  readonly at?: number;
  readonly frameSamples?: number;
  readonly utterance?: string;
}

function framesOf(pcm: Int16Array, { at = 0, frameSamples = 320, utterance }: Cut = {}): AudioFrame[] {
  return Array.from({ length: Math.ceil(pcm.length / frameSamples) }, (_, i) => ({
    kind: "audio",
    pcm: pcm.subarray(i * frameSamples, (i + 1) * frameSamples),
    sampleRateHz: RATE_HZ,
    channels: 1,
    startSample: at + i * frameSamples,
    ...(utterance !== undefined && { utterance }),
  }));
}

const mark = (kind: "start" | "end", utterance: string, atSample: number): SpeechMark => ({
  kind: "speech",
  mark: kind,
  utterance,
  atSample,
  sampleRateHz: RATE_HZ,
});

const marked = (utterance: string, pcm: Int16Array, at: number, frameSamples = 320): Frame[] => [
  mark("start", utterance, at),
  ...framesOf(pcm, { at, utterance, frameSamples }),
  mark("end", utterance, at + pcm.length),
];

async function hear(frames: readonly (Frame | Control)[], config: object = {}) {
  const driven = await driveNode(asr, config, {
    frames,
    formats: { audio: { sampleRateHz: RATE_HZ, channels: 1 } },
  });
  const texts = (port: string) => driven.frames(port).filter((frame): frame is TextFrame => frame.kind === "text");
  return { driven, partials: texts("partial"), finals: texts("final") };
}

const read = (texts: readonly TextFrame[]) => texts.map((text) => [text.utterance, text.text]);
const noise = (samples: number) => Int16Array.from({ length: samples }, (_, i) => ((i * 7919) % 41) - 20);

describe.skipIf(!ready)(
  "pocketsphinx.asr (needs libpocketsphinx3, pocketsphinx-en-us and pocketsphinx-testdata)",
  () => {
    const goForward = () => recordingPcm("goforward.raw");

    test.each(["fast", "accurate"])(
      "a %s final has the words of the utterance and their places on the stream",
      async (final) => {
        const at = 5 * RATE_HZ;
        const { driven, partials, finals } = await hear(marked("u-7", goForward(), at), { final });
        expect(read(finals)).toEqual([["u-7", "go forward ten meters"]]);
        const [text] = finals;
        expect(text).toMatchObject({
          role: "transcript",
          final: true,
          language: "en-US",
          sampleRateHz: RATE_HZ,
          stableChars: 21,
        });
        expect(text).not.toHaveProperty("confidence");
        expect([text?.startSample, text?.endSample]).toEqual([at, at + goForward().length]);
        const starts = (text?.words ?? []).map((word) => (word.startSample - at) / RATE_HZ);
        expect(starts).toHaveLength(4);
        for (const [i, second] of [0.46, 0.64, 1.17, 1.53].entries()) expect(starts[i]).toBeCloseTo(second, 1);
        expect(partials.length).toBeGreaterThan(3);
        expect([...partials, ...finals].map((each) => each.revision)).toEqual(
          Array.from({ length: partials.length + 1 }, (_, i) => i + 1),
        );
        for (const partial of partials) expect(partial).toMatchObject({ utterance: "u-7", final: false });
        for (const [i, partial] of partials.entries()) expect(partial.text).not.toBe(partials[i - 1]?.text ?? "");
        expect(driven.usage.audioSeconds).toBe(goForward().length / RATE_HZ);
      },
    );

    test.each(["fast", "accurate"])("with %s finals, what a partial calls stable stays", async (final) => {
      const { partials, finals } = await hear(marked("u", recordingPcm(LONG), 0), { final });
      for (const [i, partial] of partials.entries())
        for (const later of [...partials.slice(i), ...finals])
          expect(later.text).toStartWith(partial.text.slice(0, partial.stableChars));
      expect(partials.some((partial) => partial.stableChars > 0)).toBe(final === "fast");
    });

    test("what is heard does not depend on how the audio was framed, and is the same every time", async () => {
      const two = (frameSamples: number) => [
        ...marked("a", recordingPcm("cards/002.wav"), 0, frameSamples),
        ...marked("b", recordingPcm("cards/003.wav"), 60_000, frameSamples),
      ];
      const heard = await hear(two(320));
      expect(heard.finals).toHaveLength(2);
      for (const frameSamples of [320, 1601, 100_000])
        expect((await hear(two(frameSamples))).driven.emitted).toEqual(heard.driven.emitted);
    });

    test("without marks the whole stream is one utterance", async () => {
      const { finals } = await hear(framesOf(goForward(), { at: 800 }));
      expect(read(finals)).toEqual([["node-1", "go forward ten meters"]]);
      expect(finals[0]?.startSample).toBe(800);
    });

    test("words behind a gap in the audio are placed behind it", async () => {
      const pcm = goForward();
      const cut = Math.round(1.17 * RATE_HZ);
      const { finals } = await hear([
        ...framesOf(pcm.subarray(0, cut)),
        ...framesOf(pcm.subarray(cut), { at: cut + RATE_HZ }),
      ]);
      const starts = (finals[0]?.words ?? []).map((word) => word.startSample / RATE_HZ);
      for (const [i, second] of [0.46, 0.64, 2.17, 2.53].entries()) expect(starts[i]).toBeCloseTo(second, 1);
    });

    test("an utterance without words gives no final, but is counted and told", async () => {
      const { driven, finals } = await hear([
        ...marked("quiet", noise(RATE_HZ), 0),
        ...[mark("start", "nothing", 20_000), mark("end", "nothing", 20_000)],
        ...marked("loud", goForward(), 32_000),
      ]);
      expect(read(finals)).toEqual([["loud", "go forward ten meters"]]);
      expect(driven.counters).toEqual({ emptyUtterances: 2 });
      expect(driven.events).toEqual([
        { type: "emptyUtterance", utterance: "quiet" },
        { type: "emptyUtterance", utterance: "nothing" },
      ]);
    });

    test("an empty stream gives nothing at all", async () => {
      const { driven } = await hear([]);
      expect([driven.emitted, driven.events, driven.usage]).toEqual([[], [], {}]);
    });

    test("a flush finishes what is open; what still comes of it is an utterance of its own", async () => {
      const pcm = goForward();
      const half = Math.round(1.17 * RATE_HZ);
      const { finals } = await hear([
        mark("start", "u", 0),
        ...framesOf(pcm.subarray(0, half), { utterance: "u" }),
        { kind: "flush" },
        ...framesOf(pcm.subarray(half), { at: half, utterance: "u" }),
        mark("end", "u", pcm.length),
      ]);
      expect(read(finals)).toEqual([
        ["u", "go forward"],
        ["node-1", "ten meters"],
      ]);
    });

    test("an utterance that nothing ends is cut", async () => {
      const pcm = goForward();
      const { driven, finals } = await hear(framesOf(pcm), { maxUtteranceMs: 1170 });
      expect(driven.counters.cutUtterances).toBe(2);
      expect(finals.length).toBeGreaterThan(1);
      for (const { startSample, endSample } of finals) expect(endSample - startSample).toBeLessThanOrEqual(1170 * 16);
    });

    test("an opening mark ends an utterance whose closing mark is missing", async () => {
      const { finals } = await hear(
        [...marked("a", goForward(), 0), ...marked("b", goForward(), 60_000)].filter(
          (frame) => !(frame.kind === "speech" && frame.mark === "end"),
        ),
      );
      expect(read(finals)).toEqual([
        ["a", "go forward ten meters"],
        ["b", "go forward ten meters"],
      ]);
    });
  },
);

test("the config refuses what the decoder cannot do", () => {
  for (const wrong of [{ final: "soon" }, { stepMs: 5 }, { maxUtteranceMs: 0 }, { confidence: true }])
    expect(asr.config.safeParse(wrong).success).toBe(false);
  expect(asr.config.parse({})).toEqual({
    words: {},
    final: "fast",
    secondPass: false,
    stepMs: 40,
    maxUtteranceMs: 90_000,
  });
});

test("doctor hears where the engine is, or what mends it", async () => {
  const [engine] = plugin.engines ?? [];
  const found = await engine?.find();
  expect(found?.found).toBe(findDecoderFiles().files !== undefined);
  if (found?.found)
    expect([found.version, found.path]).toEqual([expect.stringMatching(/^\d/), findDecoderFiles().files?.library]);
  else expect(found?.mend).toContain("apt-get install");
});
