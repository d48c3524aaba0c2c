import { describe, expect, test } from "bun:test";
import { type AudioFrame, type Control, encodeS16le, type Frame, type TextFrame } from "#engine/plugin";
import { driveNode } from "#engine/testing";
import { covers } from "#test/covers";
import { rejectionOf } from "#test/rejection";
import { speaks } from "#test/service-workflows";
import { prompt, textsOf } from "#test/texts";
import type { ServiceOptions } from "#test/vendor-service";
import { tts } from "../../../plugins/aliyun/tts.ts";
import { ACCESS, served, withService } from "./service.ts";

const partial = (utterance: string, words: string, stableChars: number): TextFrame =>
  prompt(utterance, words, { final: false, stableChars });

const audioOf = (frames: readonly Frame[]): AudioFrame[] =>
  frames.filter((frame): frame is AudioFrame => frame.kind === "audio");

/** Ms of audio by utterance, in order; that no sample is missing between frames is checked on the way. */
function spoken(frames: readonly Frame[]): Record<string, number> {
  const ms: Record<string, number> = {};
  let end = 0;
  for (const frame of audioOf(frames)) {
    expect(frame.startSample).toBe(end);
    end += frame.pcm.length;
    ms[frame.utterance ?? ""] = (ms[frame.utterance ?? ""] ?? 0) + (frame.pcm.length * 1000) / frame.sampleRateHz;
  }
  return ms;
}

const sentBy = (events: readonly { readonly type: string }[]) =>
  events.flatMap((event) => {
    const { direction, message } = event as { direction?: string; message?: string };
    return event.type === "wire" && direction === "out" && message?.startsWith("{")
      ? [JSON.parse(message) as { header: { name: string; namespace: string }; payload?: Record<string, unknown> }]
      : [];
  });

/** Drives the node and tells what it sent. */
const speak = (
  frames: readonly (Frame | Control)[],
  config: Record<string, unknown>,
  options: Partial<ServiceOptions> = {},
) =>
  withService({ workflow: speaks(), ...options }, async ({ clock, network }) => {
    const driven = await driveNode(tts, { ...ACCESS, ...config }, { frames, clock, network, tracing: true });
    return { ...driven, sent: sentBy(driven.events) };
  });

describe.each(["plain", "long", "flowing"] as const)("mode %s", (mode) => {
  test("texts are spoken one after the other, each with its utterance", async () => {
    covers("A6");
    const { frames, usage } = await served(tts, {
      workflow: speaks(),
      frames: [prompt("u1", "Hello there."), prompt("u2", "Good bye.")],
      config: { mode },
    });
    expect(spoken(frames("audio"))).toEqual({ u1: 1200, u2: 900 });
    expect(usage).toMatchObject({ characters: 21, requests: 2 });
  });

  test("the samples are those that the service spoke", async () => {
    const { frames } = await served(tts, { workflow: speaks(440), frames: [prompt("u1", "Hello.")], config: { mode } });
    const bytes = Buffer.concat(audioOf(frames("audio")).map(({ pcm }) => encodeS16le(pcm)));
    const samples = new Int16Array(bytes.buffer, bytes.byteOffset, bytes.length / 2);
    const crossings = samples.filter((sample, i) => sample >= 0 && (samples[i - 1] ?? 0) < 0).length;
    expect(crossings / 0.6).toBeWithin(430, 450);
  });

  test("with subtitles a text tells where its audio lies", async () => {
    covers("A6");
    const { frames } = await served(tts, {
      workflow: speaks(),
      frames: [prompt("u1", "Hello there.", { role: "translation", language: "en" }), prompt("u2", "Good bye.")],
      config: { mode, subtitles: true },
    });
    const told = textsOf(frames("spoken")).map(({ utterance, role, startSample, endSample, words }) => ({
      utterance,
      role,
      place: [startSample / 16, endSample / 16],
      words: words?.length,
    }));
    const words = mode === "flowing" ? 0 : 1; // the emulator tells of whole texts; flowing marks those as sentences
    expect(told).toEqual([
      { utterance: "u1", role: "translation", place: [0, 1200], words },
      { utterance: "u2", role: "transcript", place: [1200, 2100], words },
    ]);
  });

  test("a text without words is not sent", async () => {
    const { frames, usage } = await served(tts, {
      workflow: speaks(),
      frames: [prompt("u1", " "), prompt("u2", "")],
      config: { mode },
    });
    expect(frames()).toEqual([]);
    expect(usage.requests).toBeUndefined();
  });

  test("a barge-in ends what is spoken and drops what waits, but for what is protected", async () => {
    const bargeIn: Control = { kind: "barge-in", utterance: "user-1" };
    const slow = { on: "messages", from: 1, do: { delay: 1000 } } as const;
    const { frames } = await withService({ workflow: speaks(), faults: [slow] }, ({ clock, network }) => {
      const frames = [
        prompt("u1", "Hello there."),
        prompt("u2", "Dropped."),
        prompt("u3", "Kept.", { protected: true }),
      ];
      const cut = {
        ...tts,
        async create(config: unknown, ctx: Parameters<typeof tts.create>[1]) {
          const node = await tts.create(config, ctx);
          ctx.clock.after(500, () => node.onControl?.(bargeIn, () => undefined));
          return node;
        },
      };
      return driveNode(cut, { ...ACCESS, mode }, { frames, clock, network });
    });
    expect(Object.keys(spoken(frames("audio")))).toEqual(["u3"]);
  });

  test.each([
    { what: "a failure of the service", fault: { vendorError: 51020001 }, code: "VENDOR_FAILED" },
    { what: "a lost socket", fault: { close: 1006 }, code: "VENDOR_LOST" },
    { what: "silence", fault: { silence: true }, code: "RESULT_LATE" },
  ] as const)("$what in the midst is a coded error", async ({ fault, code }) => {
    covers("A9");
    const after = { sent: 3 };
    const failing = served(tts, {
      workflow: speaks(),
      frames: [prompt("u1", "Hello there.")],
      config: { mode, answerMs: 2000 },
      faults: [{ on: "connection", after, do: fault }],
    });
    expect(await rejectionOf(failing)).toMatchObject({ code });
  });
});

test.each([
  { mode: "plain", namespace: "SpeechSynthesizer", voice: "xiaoyun" },
  { mode: "long", namespace: "SpeechLongSynthesizer", voice: "xiaoyun" },
  { mode: "flowing", namespace: "FlowingSpeechSynthesizer", voice: "longxiaochun" },
])("mode $mode asks $namespace with all that is set", async ({ mode, namespace, voice }) => {
  covers("A6");
  const manner = { volume: 60, speechRate: -100, pitchRate: 50, sampleRateHz: 24000, extra: { hello: 1 } };
  const { sent } = await speak([prompt("u1", "Hi.")], { mode, subtitles: true, ...manner });
  expect(sent[0]).toMatchObject({
    header: { name: "StartSynthesis", namespace },
    payload: {
      voice,
      format: "pcm",
      sample_rate: 24000,
      volume: 60,
      speech_rate: -100,
      pitch_rate: 50,
      enable_subtitle: true,
      hello: 1,
    },
  });
  expect(sent[0]?.payload?.text).toBe(mode === "flowing" ? undefined : "Hi.");
});

test("plain synthesis cuts at 300 characters, so the node sends pieces that are below and loses nothing", async () => {
  covers("A6");
  const sentence = "This is one of many sentences. ";
  const { sent, frames } = await speak([prompt("u1", sentence.repeat(20))], {});
  const pieces = sent.map(({ payload }) => String(payload?.text));
  expect(pieces.join("")).toBe(sentence.repeat(20));
  expect(Math.max(...pieces.map((piece) => piece.length))).toBeLessThanOrEqual(300);
  expect(pieces).toHaveLength(3);
  expect(spoken(frames("audio"))).toEqual({ u1: 100 * sentence.length * 20 });
});

test("flowing synthesis is given a text while it is written: what is stable, and at last the rest", async () => {
  covers("A6");
  const { sent, frames, usage } = await speak(
    [
      partial("u1", "The", 0),
      partial("u1", "The first half, ", 4),
      partial("u1", "The first half, and", 16),
      prompt("u1", "The first half, and the rest."),
      partial("u2", "Never", 5),
      prompt("u3", "Done."),
    ],
    { mode: "flowing" },
  );
  expect(sent.map(({ header, payload }) => [header.name, payload?.text].filter(Boolean).join(" "))).toEqual([
    "StartSynthesis",
    "RunSynthesis The ",
    "RunSynthesis first half, ",
    "RunSynthesis and the rest.",
    "StopSynthesis",
    "StartSynthesis",
    "RunSynthesis Never",
    "StopSynthesis",
    "StartSynthesis",
    "RunSynthesis Done.",
    "StopSynthesis",
  ]);
  expect(spoken(frames("audio"))).toEqual({ u1: 2900, u2: 500, u3: 500 });
  expect(usage.characters).toBe(34);
});

test("live settings hold from the next text on", async () => {
  const updating = {
    ...tts,
    async create(config: unknown, ctx: Parameters<typeof tts.create>[1]) {
      const node = await tts.create(config, ctx);
      node.onUpdate?.(tts.config.parse({ ...ACCESS, volume: 10 }));
      return node;
    },
  };
  const { events } = await withService({ workflow: speaks() }, ({ clock, network }) =>
    driveNode(updating, ACCESS, { frames: [prompt("u1", "Hi.")], clock, network, tracing: true }),
  );
  expect(sentBy(events)[0]?.payload?.volume).toBe(10);
});

test("where no address is said, flowing synthesis goes to the region that has it", async () => {
  const { url: _url, ...rest } = ACCESS;
  const dialled = async (mode: string) => {
    const failing = served(tts, {
      workflow: speaks(),
      frames: [prompt("u1", "Hi.")],
      access: { ...rest, mode, link: { attempts: 1 } },
    });
    return failing.catch((error: Error) => error.message);
  };
  expect(await dialled("plain")).toContain("nls-gateway.cn-shanghai.aliyuncs.com");
  expect(await dialled("flowing")).toContain("nls-gateway-cn-beijing.aliyuncs.com");
});
