import { describe, expect, test } from "bun:test";
import {
  type AudioFrame,
  encodeS16le,
  encodeWav,
  type Frame,
  loadOpus,
  type NodeDefinition,
  type TextFrame,
} from "#engine/plugin";
import { driveNode } from "#engine/testing";
import { covers } from "#test/covers";
import { rejectionOf } from "#test/rejection";
import { counting } from "#test/signals";
import { prompt, textsOf } from "#test/texts";
import { tts } from "../../../plugins/modelstudio/tts.ts";
import { type Answers, against, commandsOf, PLAIN, type Told } from "./scripted.ts";
import { ACCESS, SPEAKS, served, withService } from "./service.ts";

const audioOf = (frames: readonly Frame[]): AudioFrame[] =>
  frames.filter((frame): frame is AudioFrame => frame.kind === "audio");
const samplesOf = (frames: readonly Frame[]): number => audioOf(frames).reduce((sum, { pcm }) => sum + pcm.length, 0);

/** A text that is still being written: what of it stands. */
const written = (text: string, stableChars: number, revision: number): TextFrame => ({
  ...prompt("u1", text),
  final: false,
  revision,
  stableChars,
});

/** The node, to which somebody speaks over it after so many ms. */
const cutAfter = (ms: number): NodeDefinition => ({
  ...tts,
  async create(config, ctx) {
    const node = await tts.create(config, ctx);
    ctx.clock.after(ms, () => node.onControl?.({ kind: "barge-in", utterance: "user-1" }, () => undefined));
    return node;
  },
});

const SOUND = encodeS16le(counting(1600));

/** Speaks 100 ms at the end of a task. */
const SPEAKING: Answers = {
  ...PLAIN,
  "finish-task": ({ say, connection }) => {
    connection.send(SOUND);
    say("task-finished", { output: { sentence: { index: 0, words: [] } }, usage: { characters: 3 } });
  },
};

describe("CosyVoice", () => {
  test("is asked in its own words, by the vendor's defaults", async () => {
    covers("S14");
    const driven = await against(tts, {}, [prompt("u1", "Hello.")], SPEAKING);
    const [run, text, finish] = commandsOf(driven);
    expect(run).toEqual({
      header: { action: "run-task", task_id: expect.stringMatching(/^[0-9a-f]{32}$/), streaming: "duplex" },
      payload: {
        task_group: "audio",
        task: "tts",
        function: "SpeechSynthesizer",
        model: "cosyvoice-v2",
        parameters: {
          text_type: "PlainText",
          voice: "longcheng_v2",
          format: "pcm",
          sample_rate: 16000,
          volume: 50,
          rate: 1,
          pitch: 1,
          seed: 0,
        },
        input: {},
      },
    });
    expect(text?.header).toEqual({ ...run!.header, action: "continue-task" });
    expect(text?.payload).toEqual({
      task_group: "audio",
      task: "tts",
      function: "SpeechSynthesizer",
      model: "cosyvoice-v2",
      input: { text: "Hello." },
    });
    expect(finish).toMatchObject({ header: { action: "finish-task" }, payload: { input: {} } });
    expect(samplesOf(driven.frames("audio"))).toBe(1600);
  });

  test("takes manner, style, language and SSML", async () => {
    covers("S24", "S25");
    const config = {
      voice: "longxiaochun_v2",
      volume: 80,
      speed: 1.5,
      pitch: 0.5,
      seed: 7,
      instruction: "whisper",
      language: "zh-CN",
      ssml: true,
      extra: { enable_markdown_filter: true },
    };
    const [run] = commandsOf(await against(tts, config, [prompt("u1", "<speak>Hi</speak>")], SPEAKING));
    expect(run?.payload.parameters).toMatchObject({
      voice: "longxiaochun_v2",
      volume: 80,
      rate: 1.5,
      pitch: 0.5,
      seed: 7,
      instruction: "whisper",
      language_hints: ["zh"],
      enable_ssml: true,
      enable_markdown_filter: true,
    });
  });

  test.each([
    ["over the socket", {}],
    ["by Sambert", { model: "sambert-zhichu-v1" }],
    ["over HTTP", { transport: "http" }],
  ])("SSML that leaves its element is refused before it is sent, %s", async (_, config) => {
    const frames = [prompt("u1", "<speak>Hi</speak><audio src='file:///x'/>")];
    const speaking = served(tts, { workflow: SPEAKS, frames, config: { ...config, ssml: true } });
    expect(await rejectionOf(speaking)).toMatchObject({ code: "CONFIG_INVALID" });
  });

  test("speaks text after text on one socket, each with its utterance, without a gap", async () => {
    covers("S5", "S8", "S31", "S32");
    const texts = [prompt("u1", "Hello."), prompt("u2", "Bye.")];
    const { frames, events, counters, usage } = await served(tts, { workflow: SPEAKS, frames: texts });
    const audio = audioOf(frames("audio"));
    expect([...new Set(audio.map(({ utterance }) => utterance))]).toEqual(["u1", "u2"]);
    expect(samplesOf(audio)).toBe(16_000);
    expect(audio.at(-1)).toMatchObject({ sampleRateHz: 16_000 });
    expect(events.filter(({ type }) => type === "opened")).toHaveLength(1);
    expect(counters.billedCharacters).toBe(10);
    expect(usage).toMatchObject({ characters: 10, requests: 2 });
  });

  test("speaks a transcript and its translation, though both are of one utterance", async () => {
    const texts = [prompt("u1", "Hello."), { ...prompt("u1", "Hola."), role: "translation" as const }];
    const driven = await against(tts, {}, texts, SPEAKING);
    const sent = commandsOf(driven).flatMap(({ payload }) => (payload.input as { text?: string }).text ?? []);
    expect(sent).toEqual(["Hello.", "Hola."]);
  });

  test("speaks while a text is written: what stands is sent at once, the rest with the final", async () => {
    covers("S5");
    const frames = [written("One", 0, 1), written("One two. Th", 9, 2), prompt("u1", "One two. Three.")];
    const driven = await against(tts, { mode: "flowing" }, frames, SPEAKING);
    const texts = commandsOf(driven).flatMap(({ payload }) => (payload.input as { text?: string }).text ?? []);
    expect(texts).toEqual(["One two. ", "Three."]);
    expect(samplesOf(driven.frames("audio"))).toBe(1600);
  });

  test("whole sentences are spoken while the rest is still to come", async () => {
    const frames = [written("One two. Th", 9, 1), prompt("u1", "One two. Three.")];
    const { frames: out } = await served(tts, {
      workflow: SPEAKS,
      frames,
      config: { mode: "flowing", subtitles: true },
    });
    const [spoken] = textsOf(out("spoken"));
    expect(spoken).toMatchObject({ text: "One two. Three.", startSample: 0, utterance: "u1" });
    expect(spoken?.words?.map(({ text }) => text)).toEqual(["One two.", "Three."]);
    const total = samplesOf(out("audio"));
    expect(spoken?.endSample).toBe(total);
    expect(spoken?.words?.at(-1)?.endSample).toBeLessThanOrEqual(total);
  });

  test("a text that is not written on is finished before the service gives it up, and goes on in another task", async () => {
    const frames = [
      { ...written("One. ", 5, 1), startSample: 0, endSample: 0 },
      { ...prompt("u1", "One. Two."), startSample: 40 * 16_000, endSample: 40 * 16_000 },
    ];
    const driven = await served(tts, { workflow: SPEAKS, frames, config: { mode: "flowing" }, pace: 1 });
    expect(driven.events.filter(({ type }) => type === "started")).toHaveLength(2);
    expect(driven.events.some(({ type }) => type === "failed")).toBe(false);
    expect(samplesOf(driven.frames("audio"))).toBe("One.".length * 1600 + "Two.".length * 1600);
  });

  test("long texts go in messages that the oldest model takes, cut at sentences", async () => {
    const text = "A sentence of words. ".repeat(120);
    const driven = await against(tts, {}, [prompt("u1", text)], SPEAKING);
    const texts = commandsOf(driven).flatMap(({ payload }) => (payload.input as { text?: string }).text ?? []);
    expect(texts.map(({ length }) => length <= 2000)).toEqual([true, true]);
    expect(texts.join("")).toBe(text);
  });

  const withWords = (index: number, from: number): unknown => ({
    output: {
      type: "sentence-end",
      original_text: "x",
      sentence: {
        index,
        words: [{ text: `w${index}`, begin_index: 0, end_index: 1, begin_time: from, end_time: from + 50 }],
      },
    },
    usage: { characters: 12 * (index + 1) },
  });
  const sentences = (second: number): Answers => ({
    ...PLAIN,
    "finish-task": ({ say, connection }: Told) => {
      for (const [index, from] of [0, second].entries()) {
        say("result-generated", {
          output: { type: "sentence-begin", original_text: "x", sentence: { index, words: [] } },
        });
        say("result-generated", { output: { type: "sentence-synthesis", sentence: { index, words: [] } } });
        connection.send(SOUND);
        say("result-generated", withWords(index, from));
      }
      say("task-finished", { output: { sentence: { index: 1, words: [] } }, usage: { characters: 24 } });
    },
  });

  test.each([
    ["from the task's beginning", 100],
    ["from the sentence's beginning", 0],
  ])("times of words that count %s lie where the words are", async (_, second) => {
    covers("S12");
    const driven = await against(tts, { subtitles: true }, [prompt("u1", "x y")], sentences(second));
    expect(textsOf(driven.frames("spoken"))[0]?.words).toEqual([
      { text: "w0", startSample: 0, endSample: 800 },
      { text: "w1", startSample: 1600, endSample: 2400 },
    ]);
    expect(driven.counters.billedCharacters).toBe(24);
  });

  test("results of an older server, without a type, are borne", async () => {
    const driven = await against(tts, {}, [prompt("u1", "x")], {
      ...PLAIN,
      "continue-task": ({ say, connection }) => {
        say("result-generated", { output: {} });
        say("result-generated", {});
        connection.send(SOUND);
      },
    });
    expect(samplesOf(driven.frames("audio"))).toBe(1600);
  });

  test("half a sample that is left over is no audio", async () => {
    const driven = await against(tts, {}, [prompt("u1", "x")], {
      ...PLAIN,
      "continue-task": ({ connection }) => connection.send(new Uint8Array(11)),
    });
    expect(samplesOf(driven.frames("audio"))).toBe(5);
  });

  test("a service that does not answer a text is given up", async () => {
    const failing = against(tts, { answerMs: 3000 }, [prompt("u1", "x")], { "run-task": PLAIN["run-task"]! });
    expect(await rejectionOf(failing)).toMatchObject({ code: "RESULT_LATE" });
  });

  test("a voice that does not fit the model is said to be one", async () => {
    covers("S11");
    const failing = against(tts, { link: { attempts: 1 } }, [prompt("u1", "x")], {
      ...PLAIN,
      "continue-task": ({ say }) =>
        say(
          "task-failed",
          {},
          {
            error_code: "InvalidParameter",
            error_message: "[tts:]Engine return error code: 418",
          },
        ),
    });
    expect(await rejectionOf(failing)).toMatchObject({ code: "VOICE_UNKNOWN" });
  });

  test.each(["plain", "flowing"])(
    "a barge-in ends what is spoken and drops what waits, but for what is protected: %s",
    async (mode) => {
      covers("S34");
      const slow = { on: "messages", from: 1, do: { delay: 1000 } } as const;
      const { frames } = await withService({ workflow: SPEAKS, faults: [slow] }, ({ clock, network }) => {
        const frames = [
          prompt("u1", "Hello there."),
          prompt("u2", "Dropped."),
          { ...prompt("u3", "Kept."), protected: true as const },
        ];
        return driveNode(cutAfter(500), { ...ACCESS, mode }, { frames, clock, network });
      });
      expect([...new Set(audioOf(frames("audio")).map(({ utterance }) => utterance))]).toEqual(["u3"]);
    },
  );
});

test("Sambert is given its text at once, and says the times of words in the task's audio", async () => {
  const config = { model: "sambert-zhichu-v1", subtitles: true };
  const driven = await against(tts, config, [prompt("u1", "你好")], {
    "run-task": ({ say, connection }) => {
      say("task-started");
      connection.send(SOUND);
      say("result-generated", {
        output: { sentence: { begin_time: 0, end_time: 90, words: [{ text: "你", begin_time: 0, end_time: 40 }] } },
      });
      say("task-finished", {
        output: { sentence: { begin_time: 0, end_time: 90, words: [] } },
        usage: { characters: 2 },
      });
    },
  });
  const commands = commandsOf(driven);
  expect(commands).toHaveLength(1);
  expect(commands[0]).toMatchObject({
    header: { streaming: "out" },
    payload: {
      model: "sambert-zhichu-v1",
      input: { text: "你好" },
      parameters: { text_type: "PlainText", format: "pcm", sample_rate: 16000, word_timestamp_enabled: true },
    },
  });
  expect(commands[0]?.payload.parameters).not.toHaveProperty("voice");
  expect(textsOf(driven.frames("spoken"))[0]?.words).toEqual([{ text: "你", startSample: 0, endSample: 640 }]);
});

describe("formats", () => {
  /** The gateway's encoder is made in time that is not the clock's. */
  const UNHURRIED = { answerMs: 0, link: { openMs: 0, silentMs: 0, idleMs: 0 } };

  test.each([
    ["wav", 8000],
    ["opus", 24_000],
    ["pcm", 48_000],
  ])("%s of %i Hz becomes audio", async (format, sampleRateHz) => {
    covers("S18", "S39");
    await loadOpus();
    const { frames } = await served(tts, {
      workflow: SPEAKS,
      frames: [prompt("u1", "Hello."), prompt("u2", "Hi.")],
      config: { format, sampleRateHz, ...UNHURRIED },
    });
    const audio = audioOf(frames("audio"));
    expect(audio.every((frame) => frame.sampleRateHz === sampleRateHz)).toBe(true);
    const wanted = (900 * sampleRateHz) / 1000;
    expect(Math.abs(samplesOf(audio) - wanted)).toBeLessThan(sampleRateHz * 0.06); // a codec fills its last packet
  });

  test("mp3 is handed on as a recording of each text", async () => {
    covers("S18", "S39");
    const { frames } = await served(tts, {
      workflow: SPEAKS,
      frames: [prompt("u1", "Hello."), prompt("u2", "Hi.")],
      config: { format: "mp3", sampleRateHz: 22050, ...UNHURRIED },
    });
    const recordings = frames("recording").flatMap((frame) => (frame.kind === "recording" ? [frame] : []));
    expect(recordings.map(({ container }) => container)).toEqual(["mp3", "mp3"]);
    for (const { source } of recordings) expect("bytes" in source && source.bytes[0]).toBe(0xff);
  });

  test("a WAV of another rate than was asked for is refused", async () => {
    const wav = encodeWav(counting(800), { sampleRateHz: 8000, channels: 1 });
    const failing = against(tts, { format: "wav" }, [prompt("u1", "x")], {
      ...PLAIN,
      "continue-task": ({ connection }) => connection.send(wav),
    });
    expect(await rejectionOf(failing)).toMatchObject({ code: "AUDIO_NOT_RECOGNISED" });
  });
});

test.each([
  ["a model of another kind", { model: "tts-1" }, "model"],
  ["Sambert over HTTP", { model: "sambert-zhichu-v1", transport: "http" }, "transport"],
  ["flowing Sambert", { model: "sambert-zhichu-v1", mode: "flowing" }, "mode"],
  ["flowing SSML", { mode: "flowing", ssml: true }, "ssml"],
  ["SSML for Qwen", { model: "qwen3-tts-flash-realtime", ssml: true }, "ssml"],
  ["times of words by Qwen", { model: "qwen3-tts-flash-realtime", subtitles: true }, "subtitles"],
  ["opus at a rate that it has not", { format: "opus", sampleRateHz: 44100 }, "format"],
  ["another rate of Qwen over HTTP", { model: "qwen3-tts-flash" }, "sampleRateHz"],
  ["a speed that is too high", { speed: 3 }, "speed"],
])("%s is a finding", (_, config, field) => {
  const parsed = tts.config.safeParse({ apiKey: "k", ...config });
  expect(parsed.error?.issues.map(({ path }) => path[0])).toEqual([field]);
});
