import { describe, expect, test } from "bun:test";
import { covers } from "#test/covers";
import { silentFrames } from "#test/signals";
import { textsOf } from "#test/texts";
import { asr } from "../../../../plugins/modelstudio/asr.ts";
import { type Answers, against, commandsOf, PLAIN } from "../scripted.ts";
import { hears, PARAFORMER, served } from "../service.ts";

describe("a task for the whole stream", () => {
  test("Gummy's sentences become utterances, with times of words, partials and events", async () => {
    covers("S1", "S6", "S7", "S10");
    const { frames, events, usage } = await served(asr, {
      workflow: hears(["go forward", "ten meters"]),
      frames: silentFrames(2000),
      config: { language: "en-US" },
    });
    const finals = textsOf(frames("final"));
    expect(finals.map(({ text, startSample, endSample }) => [text, startSample, endSample])).toEqual([
      ["go forward", 0, 16_000],
      ["ten meters", 16_000, 32_000],
    ]);
    expect(finals[1]).toMatchObject({ language: "en-US", vendor: { sentence: 1 } });
    expect(finals[0]?.words?.map(({ text }) => text)).toEqual(["go", "forward"]);
    expect(textsOf(frames("partial")).map(({ text }) => text)).toEqual(["go", "go forward", "ten", "ten meters"]);
    // the socket is kept for others, so nobody is told that it closes
    const order = events.map(({ type }) => type).filter((type) => type !== "changed");
    expect(order).toEqual(["opened", "started", "completed"]);
    expect(usage).toMatchObject({ requests: 1 });
    expect(usage.audioSeconds).toBeCloseTo(2);
  });

  test("Paraformer is asked in its own words", async () => {
    covers("S14", "S15", "S21", "S22", "S26");
    const config = {
      ...PARAFORMER,
      language: "zh-CN",
      otherLanguages: ["en", "zh-HK"],
      removeFillers: true,
      endSilenceMs: 500,
      multiThreshold: true,
      punctuation: false,
      inverseTextNormalization: false,
      vocabularyId: "vocab-example",
      extra: { special_word_filter: "x" },
    };
    const driven = await against(asr, config, silentFrames(250), PLAIN);
    const [run, finish] = commandsOf(driven);
    expect(run).toEqual({
      header: { action: "run-task", task_id: expect.stringMatching(/^[0-9a-f]{32}$/), streaming: "duplex" },
      payload: {
        task_group: "audio",
        task: "asr",
        function: "recognition",
        model: "paraformer-realtime-v2",
        parameters: {
          format: "pcm",
          sample_rate: 16000,
          language_hints: ["zh", "en", "yue"],
          disfluency_removal_enabled: true,
          semantic_punctuation_enabled: false,
          max_sentence_silence: 500,
          multi_threshold_mode_enabled: true,
          punctuation_prediction_enabled: false,
          inverse_text_normalization_enabled: false,
          heartbeat: true,
          vocabulary_id: "vocab-example",
          special_word_filter: "x",
        },
        input: {},
      },
    });
    expect(finish).toMatchObject({ header: { action: "finish-task" }, payload: { input: {} } });
    expect(driven.heard.filter((one) => typeof one === "number")).toEqual([3200, 3200, 1600]);
  });

  test("Gummy is asked in its own words, by the vendor's defaults", async () => {
    covers("S14", "S15");
    const [run] = commandsOf(await against(asr, { semanticSentences: false }, silentFrames(100), PLAIN));
    expect(run?.payload).toMatchObject({
      model: "gummy-realtime-v1",
      parameters: {
        format: "pcm",
        sample_rate: 16000,
        transcription_enabled: true,
        translation_enabled: false,
        max_end_silence: 800,
      },
    });
  });

  test("key, workspace, inspection and the client's name stand in the upgrade", async () => {
    covers("S16", "S36");
    const config = { workspace: "ws-1", dataInspection: true, userAgent: "example/2" };
    const { upgrades, paths } = await against(asr, config, silentFrames(100), PLAIN);
    expect(upgrades[0]).toMatchObject({
      authorization: "Bearer example-key.example-secret",
      "user-agent": "example/2",
      "x-dashscope-workspace": "ws-1",
      "x-dashscope-datainspection": "enable",
    });
    expect(paths).toEqual(["/api-ws/v1/inference"]);
  });

  test("what a sentence is told by: heartbeats, times without flags, numbers, moods", async () => {
    covers("S7");
    const sentence = (fields: Record<string, unknown>) => ({ output: { sentence: { words: [], ...fields } } });
    const { frames, counters } = await against(asr, { model: "fun-asr-realtime" }, silentFrames(3000), {
      ...PLAIN,
      "finish-task": ({ say }) => {
        say("result-generated", sentence({ heartbeat: true, text: "never", begin_time: 0, end_time: null }));
        say("result-generated", sentence({ text: "good mor", begin_time: 170, end_time: null, sentence_end: false }));
        say("result-generated", sentence({ text: "good morning", begin_time: 170, end_time: 900 }));
        say("result-generated", {
          ...sentence({ text: "bye", begin_time: 1000, end_time: 1500, sentence_end: true, emo_tag: "happy" }),
          usage: { duration: 3 },
        });
        say("result-generated", { output: {} });
        say("something-new", {});
        say("result-generated", sentence({ text: "another's" }), { task_id: "another" });
        say("task-finished");
        say("result-generated", sentence({ text: "too late", begin_time: 0, end_time: 1 }));
      },
    });
    expect(textsOf(frames()).map(({ text, final, startSample }) => [text, final, startSample])).toEqual([
      ["good mor", false, 2720],
      ["good morning", true, 2720],
      ["bye", true, 16_000],
    ]);
    expect(textsOf(frames("final"))[1]?.vendor).toMatchObject({ emotion: "happy" });
    expect(counters).toMatchObject({ unknownEvents: 1, strayEvents: 2 });
  });

  test("the beginning that Gummy has fixed is stable, and a speaker of all words is the sentence's", async () => {
    covers("S27");
    const word = (text: string, at: number, fixed: boolean, punctuation = "") => ({
      text,
      begin_time: at,
      end_time: at + 100,
      fixed,
      punctuation,
      speaker_id: "3",
    });
    const said = (text: string, words: unknown[], more = {}) => ({
      output: {
        transcription: { sentence_id: 0, begin_time: 100, end_time: null, current_time: 500, text, words, ...more },
      },
    });
    const { frames } = await against(asr, {}, silentFrames(1000), {
      ...PLAIN,
      "finish-task": ({ say }) => {
        say("result-generated", said("Hello, wor", [word("Hello", 100, true, ","), word("wor", 300, false)]));
        const words = [word("Hello", 100, true, ","), word("world", 300, true, ".")];
        say("result-generated", said("Hello, world.", words, { end_time: 600, sentence_end: true }));
        say("task-finished");
      },
    });
    const [partial, final] = textsOf(frames());
    expect(partial).toMatchObject({ stableChars: "Hello,".length, speaker: "3" });
    expect(final).toMatchObject({ final: true, text: "Hello, world.", endSample: 9600 });
    expect(final?.words).toEqual([
      { text: "Hello", startSample: 1600, endSample: 3200 },
      { text: "world", startSample: 4800, endSample: 6400 },
    ]);
  });

  test.each([
    ["nothing", undefined],
    ["an empty payload", {}],
    ["an empty output", { output: {} }],
    ["no usage", { output: {}, usage: null }],
    ["a sentence", { output: { sentence: { begin_time: 0, end_time: 10, words: [] } }, usage: { characters: 3 } }],
  ])("a task that finishes with %s has finished", async (_, payload) => {
    const finish: Answers = {
      ...PLAIN,
      "finish-task": ({ say, connection, command }) =>
        payload === undefined
          ? connection.send(JSON.stringify({ header: { task_id: command.header.task_id, event: "task-finished" } }))
          : say("task-finished", payload),
    };
    const { events } = await against(asr, {}, silentFrames(100), finish);
    expect(events.some(({ type }) => type === "completed")).toBe(true);
  });

  test("a sentence that never gets its end is taken back", async () => {
    const open = { sentence_id: 0, begin_time: 0, end_time: null, current_time: 90, text: "hm", words: [] };
    const { frames, counters } = await against(asr, {}, silentFrames(100), {
      ...PLAIN,
      "finish-task": ({ say }) => {
        say("result-generated", { output: { transcription: open } });
        say("task-finished", {});
      },
    });
    expect(textsOf(frames()).map(({ text, revision }) => [text, revision])).toEqual([
      ["hm", 1],
      ["", 2],
    ]);
    expect(counters.emptyUtterances).toBeUndefined();
  });

  test("that nothing was said is an answer", async () => {
    const failed = { error_code: "NO_VALID_AUDIO_ERROR", error_message: "no valid audio" };
    const { frames, events } = await against(asr, {}, silentFrames(100), {
      ...PLAIN,
      "finish-task": ({ say }) => say("task-failed", {}, failed),
    });
    expect(frames()).toEqual([]);
    expect(events.some(({ type }) => type === "completed")).toBe(true);
  });
});
