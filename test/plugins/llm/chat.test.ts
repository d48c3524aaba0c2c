import { describe, expect, test } from "bun:test";
import type { Control, Frame, TextFrame } from "#engine/plugin";
import { driveNode } from "#engine/testing";
import { rejectionOf } from "#test/rejection";
import { chat } from "../../../plugins/llm/chat.ts";
import { ACCESS, bargeIn, openModel, question, type Scripted, textsOf } from "./service.ts";

async function ask(answers: readonly Scripted[], frames: readonly (Frame | Control)[], config: object = {}) {
  const model = await openModel(answers);
  const { clock, network } = model;
  const driven = driveNode(chat, { ...ACCESS, ...config }, { frames, clock, network });
  driven.catch(() => {}); // it is looked at below
  return { ...model, driven };
}

const finals = (frames: readonly Frame[]) =>
  textsOf(frames)
    .filter(({ final }) => final)
    .map(({ text }) => text);

describe("an answer", () => {
  test("grows by partials whose stable part is whole words, and ends in a final of the same utterance", async () => {
    const { driven } = await ask(
      [["It", " is fi", 50, "ne to", "day", ". Bye"]],
      [question("how is it", "u7", { language: "en" })],
      {
        language: "en",
      },
    );
    const texts = textsOf((await driven).frames());
    expect(texts.map(({ text, stableChars }) => [text.slice(0, stableChars), text.slice(stableChars)])).toEqual([
      ["", "It"],
      ["It is ", "fi"],
      ["It is fine ", "to"],
      ["It is fine ", "today"],
      ["It is fine today. ", "Bye"],
      ["It is fine today. Bye", ""],
    ]);
    expect(texts.map(({ revision }) => revision)).toEqual([1, 2, 3, 4, 5, 6]);
    expect(texts.at(-1)).toMatchObject({
      role: "prompt",
      utterance: "u7",
      final: true,
      language: "en",
      madeFrom: { text: "how is it", language: "en" },
    } satisfies Partial<TextFrame>);
    expect((await driven).usage).toEqual({ requests: 1, characters: 21 });
    expect((await driven).counters).toEqual({ answers: 1 });
  });

  test("begins to come before its end is made", async () => {
    const model = await openModel([["Yes. ", 5000, "No."]]);
    const atMs: number[] = [];
    const clock = model.clock;
    const driven = await driveNode(
      {
        ...chat,
        async create(config, ctx) {
          const made = await chat.create(config, ctx);
          if (!("run" in made)) throw new Error("it is a task");
          return {
            run: (input, emit, signal) =>
              made.run(
                input,
                (frame, port) => {
                  atMs.push(clock.nowMs());
                  return emit(frame, port);
                },
                signal,
              ),
          };
        },
      },
      ACCESS,
      { frames: [question("well?")], clock, network: model.network },
    );
    expect(textsOf(driven.frames())[0]).toMatchObject({ text: "Yes.", stableChars: 4, final: false });
    expect(atMs[0]).toBe(0);
    expect(atMs.at(-1)).toBe(5000);
  });

  test("that does not stream comes whole, also where streaming was asked for", async () => {
    const whole = {
      status: 200,
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ choices: [{ message: { content: " Hi. " }, finish_reason: "stop" }] }),
    };
    for (const stream of [true, false]) {
      const { driven, asked } = await ask([whole], [question("hello")], { stream });
      expect(finals((await driven).frames())).toEqual(["Hi."]);
      expect(asked[0]!.body.stream).toBe(stream);
    }
  });

  test("that does not end is cut off at the end of a word", async () => {
    const { driven, sent } = await ask([Array.from({ length: 1000 }, () => "word ")], [question("go on")], {
      maxChars: 23,
    });
    expect(finals((await driven).frames())).toEqual(["word word word word"]);
    expect((await driven).counters).toMatchObject({ cutAnswers: 1 });
    expect(sent()).toBeLessThan(1000);
  });

  test("is for finals with words alone", async () => {
    const { driven, asked } = await ask([["x"]], [{ ...question("a"), final: false }, question(" ", "u2")]);
    expect((await driven).frames()).toEqual([]);
    expect(asked).toEqual([]);
  });
});

describe("a request", () => {
  test("holds what the settings say, the key in its header alone, and nothing that was left out", async () => {
    const key = "between-us";
    const settings = {
      key,
      system: "Be brief.",
      temperature: 0.3,
      topP: 0.9,
      maxTokens: 100,
      seed: 7,
      stop: ["###"],
      extra: { think: false },
    };
    const { driven, asked } = await ask([["Yes"]], [question("hm?")], settings);
    await driven;
    expect(asked[0]).toMatchObject({ path: "/v1/chat/completions" });
    expect(asked[0]!.headers.authorization).toBe(`Bearer ${key}`);
    expect(asked[0]!.body).toEqual({
      model: "small",
      messages: [
        { role: "system", content: "Be brief." },
        { role: "user", content: "hm?" },
      ],
      stream: true,
      temperature: 0.3,
      top_p: 0.9,
      max_tokens: 100,
      seed: 7,
      stop: ["###"],
      think: false,
    });
    const bare = await ask([["Yes"]], [question("hm?")]);
    await bare.driven;
    expect(Object.keys(bare.asked[0]!.body)).toEqual(["model", "messages", "stream"]);
    expect(bare.asked[0]!.headers.authorization).toBeUndefined();
  });

  test.each([
    [{}, ["q0", "a", "q1", "a", "q2", "a", "q3"]],
    [{ historyTurns: 1 }, ["q2", "a", "q3"]],
    [{ historyTurns: 0 }, ["q3"]],
    [{ historyChars: 7 }, ["q1", "a", "q2", "a", "q3"]],
    [{ historyChars: 2 }, ["q3"]],
  ])("holds what was said before, as far as %j allows", async (config, wanted) => {
    const questions = [0, 1, 2, 3].map((i) => question(`q${i}`));
    const { driven, asked } = await ask([["a"]], questions, config);
    await driven;
    expect(asked.at(-1)!.body.messages.map(({ content }) => content)).toEqual(wanted);
  });
});

const events = (...raw: string[]): Scripted => raw.map((data) => ({ raw: data }));

describe("what goes wrong has a code", () => {
  test.each([
    ["an answer that is no JSON", events("<html>"), "VENDOR_PROTOCOL"],
    ["JSON of another kind", events('{"choices":"none"}'), "VENDOR_PROTOCOL"],
    ["an answer without choices", events("{}"), "VENDOR_PROTOCOL"],
    ["an answer without words", [" ", "\n"], "VENDOR_PROTOCOL"],
    ["a page in place of an answer", { status: 200, body: "<html>hello" }, "VENDOR_PROTOCOL"],
    [
      "an answer that is kept back",
      events('{"choices":[{"delta":{},"finish_reason":"content_filter"}]}'),
      "VENDOR_REFUSED",
    ],
    ["an answer that breaks off", ["It is", { ends: "cut" }], "VENDOR_LOST"],
    [
      "a failure in the midst of an answer",
      ["It", { raw: '{"error":{"message":"secret words","type":"server_error"}}' }],
      "VENDOR_FAILED",
    ],
    ["a limit in the midst of an answer", ["It", { raw: '{"error":{"code":429}}' }], "VENDOR_RATE_LIMITED"],
    ["silence", [{ ends: "hang" }], "RESULT_LATE"],
    ["silence in the midst of an answer", ["It is", { ends: "hang" }], "RESULT_LATE"],
    ["a key that is refused", { status: 401, body: '{"error":{"code":"invalid_api_key"}}' }, "VENDOR_KEY_REFUSED"],
    [
      "an account that is empty",
      { status: 429, body: '{"error":{"code":"insufficient_quota"}}' },
      "VENDOR_QUOTA_EXHAUSTED",
    ],
    ["too many requests", { status: 429, body: "secret words" }, "VENDOR_RATE_LIMITED"],
    ["a model that is not there", { status: 404, body: "{}" }, "VENDOR_REFUSED"],
    ["a service that is down", { status: 503 }, "VENDOR_FAILED"],
  ] as [string, Scripted, string][])("%s", async (_, answer, code) => {
    const { driven } = await ask([answer], [question("well?")]);
    expect(await rejectionOf(driven)).toMatchObject({ code, message: expect.not.stringContaining("secret words") });
  });

  test("nobody there", async () => {
    const model = await openModel([]);
    const driven = driveNode(
      chat,
      { ...ACCESS, url: "http://nobody.example/v1" },
      { frames: [question("a")], ...model },
    );
    expect(await rejectionOf(driven)).toMatchObject({ code: "VENDOR_UNREACHABLE" });
  });

  test("silence is as long as the settings say, counted from the last piece", async () => {
    const { driven, clock } = await ask([["It", 2500, " is", 2500, " so", { ends: "hang" }]], [question("a")], {
      answerMs: 3000,
    });
    expect(await rejectionOf(driven)).toMatchObject({ code: "RESULT_LATE" });
    expect(clock.nowMs()).toBe(8000);
  });

  test("and with sorry that is said instead, behind what may have been spoken; the node goes on", async () => {
    const answers: Scripted[] = [{ status: 503 }, ["It is ", { ends: "hang" }], ["Yes."]];
    const { driven, asked } = await ask(
      answers,
      ["a", "b", "c"].map((text) => question(text)),
      { sorry: "I am lost." },
    );
    const { frames, events: told, counters } = await driven;
    expect(finals(frames())).toEqual(["I am lost.", "It is I am lost.", "Yes."]);
    expect(told).toEqual([
      { type: "sorry", utterance: "a", code: "VENDOR_FAILED" },
      { type: "sorry", utterance: "b", code: "RESULT_LATE" },
    ]);
    expect(counters).toEqual({ sorry: 2, answers: 3 });
    // roles take turns, whatever failed
    expect(asked.at(-1)!.body.messages.map(({ role }) => role)).toEqual(["user", "assistant", "user"]);
  });
});

test("a barge-in gives up questions that waited, and what barged in is answered", async () => {
  const { driven, asked } = await ask([["Yes."]], [bargeIn("u2"), question("one", "u1"), question("two", "u2")]);
  const { frames, counters } = await driven;
  expect(textsOf(frames()).map(({ utterance }) => utterance)).toEqual(["u2", "u2"]);
  expect(counters).toMatchObject({ bargedTexts: 1, answers: 1 });
  expect(asked).toHaveLength(1);
});

test.each([
  ["an address that is none", { url: "model" }],
  ["a key over two lines", { key: "a\nb" }],
  ["a temperature that is none", { temperature: 3 }],
  ["a setting that is not known", { tempo: 3 }],
])("%s is found before the run", (_, config) => {
  expect(chat.config.safeParse({ ...ACCESS, ...config }).success).toBe(false);
});
