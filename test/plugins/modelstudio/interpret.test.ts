import { expect, test } from "bun:test";
import { covers } from "#test/covers";
import { silentFrames } from "#test/signals";
import { textsOf } from "#test/texts";
import { interpret } from "../../../plugins/modelstudio/interpret.ts";
import { against, commandsOf, PLAIN } from "./scripted.ts";
import { hears, served } from "./service.ts";

const target = { target: "es" };

test("each sentence is heard and translated, and the translation says what it was made from", async () => {
  covers("S7", "S23");
  const { frames, emitted } = await served(interpret, {
    workflow: hears(["go forward", "ten"], "es"),
    frames: silentFrames(2000),
    config: { ...target, language: "en" },
  });
  expect(textsOf(frames("transcript")).map(({ text, language }) => [text, language])).toEqual([
    ["go forward", "en"],
    ["ten", "en"],
  ]);
  const translations = textsOf(frames("translation"));
  expect(translations.map(({ text, language, madeFrom }) => [text, language, madeFrom])).toEqual([
    ["GO FORWARD", "es", { text: "go forward", language: "en" }],
    ["TEN", "es", { text: "ten", language: "en" }],
  ]);
  expect(translations.map(({ utterance }) => utterance)).toEqual(
    textsOf(frames("transcript")).map(({ utterance }) => utterance),
  );
  const finals = emitted.filter(({ frame }) => frame.kind === "text" && frame.final).map(({ port }) => port);
  expect(finals).toEqual(["transcript", "translation", "transcript", "translation"]);
});

test("Gummy is asked for the translation in its own words", async () => {
  covers("S23");
  const config = { target: "en-US", language: "zh-TW", endSilenceMs: 600, vocabularyId: "v1", transcripts: false };
  const [run] = commandsOf(await against(interpret, config, silentFrames(100), PLAIN));
  expect(run?.payload).toMatchObject({
    task_group: "audio",
    task: "asr",
    function: "recognition",
    model: "gummy-realtime-v1",
    parameters: {
      format: "pcm",
      sample_rate: 16000,
      source_language: "zh",
      transcription_enabled: false,
      translation_enabled: true,
      translation_target_languages: ["en"],
      max_end_silence: 600,
      vocabulary_id: "v1",
    },
    input: {},
  });
});

/** The document's own example, in the order that the service is free to choose. */
const WORD = (text: string, punctuation: string) => ({
  begin_time: 100,
  end_time: 800,
  text,
  punctuation,
  fixed: true,
  speaker_id: null,
});
const TRANSLATION = {
  sentence_id: 0,
  begin_time: 100,
  end_time: 1500,
  text: "Hello, world.",
  lang: "en",
  words: [WORD("Hello", ",")],
  sentence_end: true,
};
const TRANSCRIPTION = {
  sentence_id: 0,
  begin_time: 100,
  end_time: 1500,
  current_time: 1500,
  text: "你好，世界。",
  words: [WORD("你好", "，")],
  stash: null,
  sentence_end: true,
  vad_pre_end: false,
  pre_end_failed: false,
  pre_end_start_time: null,
  pre_end_end_time: null,
};

test.each([
  ["together", [{ translations: [TRANSLATION], transcription: TRANSCRIPTION }]],
  ["the translation first", [{ translations: [TRANSLATION] }, { transcription: TRANSCRIPTION }]],
  ["twice", [{ transcription: TRANSCRIPTION }, { translations: [TRANSLATION], transcription: TRANSCRIPTION }]],
])("transcript and translation that come %s go out in order, once", async (_, outputs) => {
  const { emitted } = await against(interpret, { target: "en" }, silentFrames(2000), {
    ...PLAIN,
    "finish-task": ({ say }) => {
      for (const output of outputs) say("result-generated", { output, usage: { duration: 2 } });
      say("task-finished", { output: {}, usage: null });
    },
  });
  expect(emitted.map(({ port, frame }) => [port, frame])).toMatchObject([
    ["transcript", { text: "你好，世界。", startSample: 1600, endSample: 24_000 }],
    ["translation", { text: "Hello, world.", language: "en", madeFrom: { text: "你好，世界。" } }],
  ]);
  expect(emitted).toHaveLength(2);
});

test("a translation whose transcript never comes is not lost; a partial without its end is taken back", async () => {
  const open = { ...TRANSLATION, sentence_id: 1, end_time: null, current_time: 1800, sentence_end: false };
  const { emitted } = await against(interpret, { target: "en" }, silentFrames(2000), {
    ...PLAIN,
    "finish-task": ({ say }) => {
      say("result-generated", { output: { translations: [TRANSLATION] } });
      say("result-generated", { output: { translations: [open] } });
      say("task-finished", {});
    },
  });
  const told = emitted.map(({ port, frame }) => [port, frame.kind === "text" && frame.text]);
  expect(told).toEqual([
    ["translationPartial", "Hello, world."],
    ["translation", "Hello, world."],
    ["translationPartial", ""],
  ]);
});

test("without transcripts only translations come", async () => {
  const { emitted } = await served(interpret, {
    workflow: hears(["one"], "es"),
    frames: silentFrames(1000),
    config: { ...target, transcripts: false },
  });
  expect([...new Set(emitted.map(({ port }) => port))]).toEqual(["translation"]);
});

test("an utterance of several sentences is one transcript and one translation", async () => {
  const mark = (kind: "start" | "end", atSample: number) =>
    ({ kind: "speech", mark: kind, utterance: "u1", atSample, sampleRateHz: 16_000 }) as const;
  const { frames } = await served(interpret, {
    workflow: hears(["one", "two"], "es"),
    frames: [mark("start", 0), ...silentFrames(2000), mark("end", 32_000)],
    config: { ...target, mode: "utterance" },
  });
  expect(textsOf(frames("transcript"))).toMatchObject([{ text: "one two", utterance: "u1" }]);
  expect(textsOf(frames("translation"))).toMatchObject([
    { text: "ONE TWO", utterance: "u1", madeFrom: { text: "one two" } },
  ]);
});

test.each([
  ["a model that does not translate", { model: "paraformer-realtime-v2", target: "en" }, "model"],
  ["a language that it does not translate into", { target: "fi" }, "target"],
  ["a language that it does not hear", { language: "fi" }, "language"],
])("%s is a finding", (_, config, field) => {
  const parsed = interpret.config.safeParse({ apiKey: "k", ...target, ...config });
  expect(parsed.error?.issues.map(({ path }) => path[0])).toEqual([field]);
});
