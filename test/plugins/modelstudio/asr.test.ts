import { describe, expect, test } from "bun:test";
import { type EncodedFrame, fieldFacts, loadOpus } from "#engine/plugin";
import { driveNode } from "#engine/testing";
import { covers } from "#test/covers";
import { framesOf, silence, tone } from "#test/signals";
import { textsOf } from "#test/texts";
import { utterances } from "#test/utterances";
import { socketUrl } from "../../../plugins/modelstudio/access.ts";
import { asr } from "../../../plugins/modelstudio/asr.ts";
import { CODES } from "../../../plugins/modelstudio/status.ts";
import { type Answers, against, commandsOf, PLAIN } from "./scripted.ts";
import { ACCESS, hears, REALTIME_URL, served, TASKS_URL, withService } from "./service.ts";

const talk = (ms: number) => framesOf(silence({ ms }));
const paraformer = { model: "paraformer-realtime-v2" };
const once = { link: { attempts: 1 } };

describe("a task for the whole stream", () => {
  test("Gummy's sentences become utterances, with times of words, partials and events", async () => {
    covers("S1", "S6", "S7", "S10");
    const { frames, events, usage } = await served(asr, {
      workflow: hears(["go forward", "ten meters"]),
      frames: talk(2000),
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
      ...paraformer,
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
    const driven = await against(asr, config, talk(250), PLAIN);
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
    const [run] = commandsOf(await against(asr, { semanticSentences: false }, talk(100), PLAIN));
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
    const { upgrades, paths } = await against(asr, config, talk(100), PLAIN);
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
    const { frames, counters } = await against(asr, { model: "fun-asr-realtime" }, talk(3000), {
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
    const { frames } = await against(asr, {}, talk(1000), {
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
    const { events } = await against(asr, {}, talk(100), finish);
    expect(events.some(({ type }) => type === "completed")).toBe(true);
  });

  test("a sentence that never gets its end is taken back", async () => {
    const open = { sentence_id: 0, begin_time: 0, end_time: null, current_time: 90, text: "hm", words: [] };
    const { frames, counters } = await against(asr, {}, talk(100), {
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
    const { frames, events } = await against(asr, {}, talk(100), {
      ...PLAIN,
      "finish-task": ({ say }) => say("task-failed", {}, failed),
    });
    expect(frames()).toEqual([]);
    expect(events.some(({ type }) => type === "completed")).toBe(true);
  });
});

describe("a task for each utterance", () => {
  test("tasks follow each other on one socket, and keep the utterances' names and places", async () => {
    covers("S31", "S32");
    const { frames, events } = await served(asr, {
      workflow: hears(["go forward"]),
      frames: utterances(3),
      config: { ...paraformer, mode: "utterance" },
    });
    expect(textsOf(frames("final")).map(({ utterance, text, startSample }) => [utterance, text, startSample])).toEqual([
      ["u1", "go forward", 0],
      ["u2", "go forward", 32_000],
      ["u3", "go forward", 64_000],
    ]);
    expect(events.filter(({ type }) => type === "opened")).toHaveLength(1);
    expect(events.filter(({ type }) => type === "started")).toHaveLength(3);
  });

  test("sentences that the service cuts within an utterance are one text", async () => {
    const { frames } = await served(asr, {
      workflow: hears(["one two", "three"]),
      frames: utterances(1, 2000),
      config: { mode: "utterance" },
    });
    const finals = textsOf(frames("final"));
    expect(finals).toMatchObject([{ utterance: "u1", text: "one two three", startSample: 0, endSample: 32_000 }]);
    expect(finals[0]?.words).toHaveLength(3);
    expect(textsOf(frames("partial")).at(-1)?.text).toBe("one two three");
  });

  test("what the service ends by itself takes no more of the utterance", async () => {
    const { frames, counters } = await served(asr, {
      workflow: hears(["one two", "three"]),
      frames: utterances(2, 2000),
      config: { model: "gummy-chat-v1", mode: "utterance" },
      pace: 1,
    });
    expect(textsOf(frames("final")).map(({ utterance, text }) => [utterance, text])).toEqual([
      ["u1", "one two"],
      ["u2", "one two"],
    ]);
    expect(counters.unheardFrames).toBeGreaterThan(10);
  });
});

test("mode single ends with the first sentence, though more would come", async () => {
  covers("S20");
  const { frames, endedMs } = await served(asr, {
    workflow: hears(["one two", "three"]),
    frames: talk(60_000),
    config: { mode: "single" },
    pace: 1,
  });
  expect(textsOf(frames("final")).map(({ text }) => text)).toEqual(["one two"]);
  expect(endedMs).toBeLessThan(5000);
});

describe("audio", () => {
  test("is coded to Opus where it is asked for, and decoded by the gateway", async () => {
    await loadOpus();
    const { frames, events, counters } = await served(asr, {
      workflow: hears(["go"]),
      frames: framesOf(tone({ hz: 440, ms: 1010 })),
      config: { format: "opus" },
    });
    expect(textsOf(frames("final")).map(({ text }) => text)).toEqual(["go"]);
    expect(events.some(({ type }) => type === "encoding")).toBe(true);
    expect(counters.paddedSamples).toBe(160);
  });

  test("that is Opus already passes as it is, in Ogg", async () => {
    covers("S17");
    const codec = await loadOpus();
    const encoder = codec.encoder({ sampleRateHz: 16_000, channels: 1 });
    const packets = Array.from({ length: 5 }, (_, i): EncodedFrame => {
      const packet = encoder.encode(tone({ hz: 300, ms: 20 }));
      return {
        kind: "encoded",
        codec: "opus",
        packet,
        startSample: i * 320,
        sampleCount: 320,
        sampleRateHz: 16_000,
        channels: 1,
      };
    });
    encoder.close();
    const { heard } = await against(asr, { format: "opus" }, packets, PLAIN);
    expect(heard.filter((one) => typeof one === "number")).toHaveLength(packets.length);
    const wrong = packets.map((packet) => ({ ...packet, codec: "silk" }));
    const failing = against(asr, { format: "opus" }, wrong, PLAIN);
    await expect(failing).rejects.toMatchObject({ code: "CODEC_UNSUPPORTED" });
  });
});

describe("times without audio", () => {
  const gap = [...framesOf(silence({ ms: 1000 })), ...framesOf(silence({ ms: 1000 }), { startSample: 60 * 16_000 })];

  test("are bridged by a little silence now and then, and positions stay right", async () => {
    covers("S29");
    const { frames, counters, events } = await served(asr, {
      workflow: hears(["one", "two"]),
      frames: gap,
      pace: 1,
    });
    expect(events.filter(({ type }) => type === "started")).toHaveLength(1);
    expect(counters.heartbeats).toBeGreaterThanOrEqual(4);
    expect(textsOf(frames("final")).map(({ text }) => text)).toEqual(["one", "two"]);
  });

  test("move no position, though the service counts the silence like any other audio", async () => {
    const answers: Answers = {
      ...PLAIN,
      "finish-task": ({ say, audioBytes }) => {
        const endMs = audioBytes / 32;
        const sentence = { begin_time: endMs - 500, end_time: endMs, text: "late", words: [], sentence_end: true };
        say("result-generated", { output: { sentence } });
        say("task-finished", {});
      },
    };
    const { frames, counters } = await against(asr, paraformer, gap, answers, 1);
    expect(counters.heartbeats).toBeGreaterThanOrEqual(4);
    expect(textsOf(frames("final"))).toMatchObject([{ startSample: 60.5 * 16_000, endSample: 61 * 16_000 }]);
  });

  test("end the task before the service gives it up, where no heartbeat is wanted", async () => {
    const { events, counters } = await served(asr, {
      workflow: hears(["one"]),
      frames: gap,
      pace: 1,
      config: { heartbeat: false },
    });
    expect(counters.heartbeats).toBeUndefined();
    expect(events.filter(({ type }) => type === "started")).toHaveLength(2);
    expect(events.some(({ type }) => type === "failed")).toBe(false);
  });
});

describe("failures", () => {
  test.each(Object.entries(CODES).filter(([code]) => /^[A-Z]/.test(code) && code !== "NO_VALID_AUDIO_ERROR"))(
    "%s is %s",
    async (name, code) => {
      covers("S11", "S37");
      const failing = against(asr, once, talk(100), {
        "run-task": ({ say }) => say("task-failed", {}, { error_code: name, error_message: "secret words" }),
      });
      await expect(failing).rejects.toMatchObject({ code, details: { vendorCode: name, taskId: expect.any(String) } });
      await failing.catch((error) => expect(String(error)).not.toContain("secret words"));
    },
  );

  test("a key that is refused at the door is refused for good", async () => {
    const failing = served(asr, { workflow: hears(["x"]), frames: talk(100), config: { apiKey: "wrong" } });
    await expect(failing).rejects.toMatchObject({ code: "VENDOR_KEY_REFUSED" });
  });

  test.each([
    ["no JSON", "{"],
    ["no event", '{"header":{}}'],
    ["a result of another form", '{"header":{"event":"result-generated"},"payload":{"output":{"transcription":7}}}'],
  ])("%s is said to be garbled", async (_, text) => {
    const failing = against(asr, once, talk(100), {
      ...PLAIN,
      audio: ({ connection }) => connection.send(text),
    });
    await expect(failing).rejects.toMatchObject({ code: "VENDOR_PROTOCOL" });
  });

  test("audio is no answer to audio", async () => {
    const failing = against(asr, once, talk(100), {
      ...PLAIN,
      audio: ({ connection }) => connection.send(new Uint8Array(3)),
    });
    await expect(failing).rejects.toMatchObject({ code: "VENDOR_PROTOCOL" });
  });

  test("a socket that is closed in the midst of a task says which", async () => {
    const failing = against(asr, once, talk(100), { ...PLAIN, audio: ({ connection }) => connection.close(1000) });
    await expect(failing).rejects.toMatchObject({ code: "VENDOR_LOST", details: { closeCode: 1000 } });
  });
});

describe("temporary keys", () => {
  test("are made of the key, shared, and renewed when one is refused", async () => {
    const { events, emulator } = await served(asr, {
      workflow: hears(["one"]),
      frames: talk(1000),
      config: { temporaryKeys: true },
      faults: [{ on: "handshake", mount: "/api-ws/v1/inference", connections: 1, do: { expiredToken: true } }],
      tracing: true,
    });
    expect(events.filter(({ type }) => type === "opened")).toHaveLength(1);
    expect(emulator.doors.calls).toBe(4); // two keys, two upgrades
    expect(JSON.stringify(events)).not.toContain("example-secret");
  });

  test("cannot be made of a wrong one", async () => {
    const config = { temporaryKeys: true, apiKey: "example-key.wrong" };
    const failing = served(asr, { workflow: hears(["one"]), frames: talk(100), config });
    await expect(failing).rejects.toMatchObject({ code: "VENDOR_KEY_REFUSED" });
  });
});

describe("hot words", () => {
  const config = { ...paraformer, hotWords: [{ text: "Parlando", weight: 5, language: "en-GB" }, { text: "Gummy" }] };

  test("are given to the service as a list, which goes with the run", async () => {
    covers("S26");
    await withService({ workflow: hears(["one"]) }, async ({ network, clock, emulator }) => {
      const driven = await driveNode(
        asr,
        { ...ACCESS, ...config },
        { frames: talk(1000), network, clock, tracing: true },
      );
      const run = driven.events.find(({ type, message }) => type === "wire" && String(message).includes("run-task"));
      expect(String(run?.message)).toMatch(/"vocabulary_id":"vocab-parlando-[0-9a-f]+"/);
      const list = await network.fetch({
        url: `${ACCESS.httpUrl}/services/audio/asr/customization`,
        method: "POST",
        headers: { authorization: `Bearer ${ACCESS.apiKey}`, "content-type": "application/json" },
        body: JSON.stringify({ model: "speech-biasing", input: { action: "list_vocabulary" } }),
      });
      expect(await list.json()).toMatchObject({ output: { vocabulary_list: [] } });
      expect(emulator.doors.calls).toBe(4); // made, upgraded, deleted, listed
    });
  });
});

test.each([
  ["a model of another kind", { model: "whisper-1" }, "model"],
  ["a rate that the model does not take", { ...paraformer, model: "paraformer-realtime-8k-v2" }, "sampleRateHz"],
  ["a rate too low for Gummy", { sampleRateHz: 8000 }, "sampleRateHz"],
  ["a language that the model does not know", { language: "fi" }, "language"],
  ["another language that the model does not know", { ...paraformer, otherLanguages: ["it"] }, "otherLanguages"],
  ["several languages for Gummy", { otherLanguages: ["en"] }, "otherLanguages"],
  ["a context for Gummy", { context: "x" }, "context"],
  ["hot words for Qwen", { model: "qwen3-asr-flash-realtime", vocabularyId: "v" }, "vocabularyId"],
  ["two kinds of hot words", { vocabularyId: "v", hotWords: [{ text: "x" }] }, "hotWords"],
  ["opus at a rate that it has not", { format: "opus", sampleRateHz: 22050 }, "format"],
  ["a key with a line end", { apiKey: "a\nb" }, "apiKey"],
  ["an address of another kind", { url: "http://dashscope.test/" }, "url"],
])("%s is a finding", (_, config, field) => {
  const parsed = asr.config.safeParse({ apiKey: "k", ...config });
  expect(parsed.error?.issues.map(({ path }) => path[0])).toEqual([field]);
});

test("what the environment says fills the fields that declare it", () => {
  covers("S38");
  const shape = asr.config.shape as Record<string, Parameters<typeof fieldFacts>[0]>;
  const named = Object.entries(shape).flatMap(([name, field]) =>
    (fieldFacts(field).env ?? []).map((env) => [env, name]),
  );
  expect(Object.fromEntries(named)).toEqual({
    DASHSCOPE_API_KEY: "apiKey",
    DASHSCOPE_HTTP_BASE_URL: "httpUrl",
    DASHSCOPE_WEBSOCKET_BASE_URL: "url",
    ASR_LANG: "language",
    ASR_SAMPLE_RATE: "sampleRateHz",
    REALTIME_BUFFER_SIZE: "bufferSize",
  });
});

test("addresses follow region and model", () => {
  const of = (settings: Record<string, unknown>, kind: "inference" | "realtime") =>
    socketUrl({ ...asr.config.parse({ apiKey: "k" }), ...settings } as Parameters<typeof socketUrl>[0], kind, "m 1");
  expect(of({}, "inference")).toBe("wss://dashscope.aliyuncs.com/api-ws/v1/inference");
  expect(of({ region: "singapore" }, "realtime")).toBe(
    "wss://dashscope-intl.aliyuncs.com/api-ws/v1/realtime?model=m+1",
  );
  expect(of({ url: TASKS_URL }, "realtime")).toBe(`${REALTIME_URL}?model=m+1`);
  expect(of({ url: "wss://ws-1.cn-beijing.maas.aliyuncs.com/api-ws/v1/realtime/" }, "inference")).toBe(
    "wss://ws-1.cn-beijing.maas.aliyuncs.com/api-ws/v1/inference/",
  );
});
