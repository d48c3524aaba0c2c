import { describe, expect, test } from "bun:test";
import type { Control, DataFrame, Frame, Incoming, Outgoing } from "#engine/plugin";
import { MemoryNetwork, VirtualClock } from "#engine/runtime";
import { driveNode } from "#engine/testing";
import { rejectionOf } from "#test/rejection";
import { http } from "../../../../plugins/core/dialog/http.ts";
import { textFrame } from "../texts.ts";

const url = "http://answers.example:80/ask?v=1";
const said = textFrame({ text: "how warm is it", utterance: "u3", atMs: [500, 1500] });
const volume: DataFrame = {
  kind: "data",
  topic: "volume",
  value: { db: -3, who: ["ann"] },
  atSample: 8,
  sampleRateHz: 8000,
};

interface Call {
  readonly method: string;
  readonly query: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

type Answer = (call: Call, clock: VirtualClock) => Outgoing | Promise<Outgoing>;

const json = (value: unknown): Outgoing => ({ status: 200, body: JSON.stringify(value) });

async function asked(config: object, frames: readonly (Frame | Control)[], answer: Answer = () => json("fine")) {
  const clock = new VirtualClock();
  const network = new MemoryNetwork(clock);
  const calls: Call[] = [];
  await network.listen("answers.example:80", {
    async request({ method, query, headers, body }: Incoming) {
      calls.push({ method, query, headers, body: new TextDecoder().decode(body) });
      return answer(calls.at(-1)!, clock);
    },
  });
  const driven = driveNode(http, { url, ...config }, { frames, clock, network });
  driven.catch(() => {}); // it is looked at below
  return { calls, driven, clock };
}

test("a text is sent with its facts, and the answer belongs to the same utterance", async () => {
  const { calls, driven } = await asked({ field: "result.0.degrees", language: "en" }, [said], () =>
    json({ result: [{ degrees: 21.5 }] }),
  );
  expect((await driven).frames()).toMatchObject([
    {
      kind: "text",
      role: "prompt",
      text: "21.5",
      utterance: "u3",
      final: true,
      language: "en",
      madeFrom: { text: "how warm is it" },
    },
  ]);
  expect(calls).toHaveLength(1);
  expect(calls[0]).toMatchObject({ method: "POST" });
  expect(calls[0]!.headers["content-type"]).toBe("application/json");
  expect(JSON.parse(calls[0]!.body)).toEqual({
    text: "how warm is it",
    utterance: "u3",
    language: "en",
    startMs: 500,
    endMs: 1500,
  });
  expect((await driven).usage).toEqual({ requests: 1 });
});

test("request and address are made by template, and what is said stays a value", async () => {
  const { calls, driven } = await asked(
    {
      query: { q: "{text}?" },
      body: { ask: ["{text}", 7, { deep: "a {utterance} {{b}} {unknown}." }] },
      authorization: "Token between-us",
      headers: { "x-mine": "1" },
    },
    [{ ...said, text: '{utterance} & "x"' }],
  );
  await driven;
  expect(new URLSearchParams(calls[0]!.query).get("q")).toBe(`{utterance} & "x"?`);
  expect(new URLSearchParams(calls[0]!.query).get("v")).toBe("1");
  expect(JSON.parse(calls[0]!.body)).toEqual({ ask: ['{utterance} & "x"', 7, { deep: "a u3 {b} ." }] });
  expect(calls[0]!.headers).toMatchObject({ authorization: "Token between-us", "x-mine": "1" });
});

test("data is asked about, too, and an answer may be data", async () => {
  const { calls, driven } = await asked(
    { as: "data", topic: "loud", body: { db: "{value.db}", who: "{value.who.0}" } },
    [volume],
    () => json({ ok: [1] }),
  );
  expect((await driven).frames()).toEqual([
    { kind: "data", topic: "loud", value: { ok: [1] }, atSample: 8, sampleRateHz: 8000 },
  ]);
  expect(JSON.parse(calls[0]!.body)).toEqual({ db: -3, who: "ann" });
});

test("without a field the whole answer is the text; partials are not asked about", async () => {
  const partial = { ...said, final: false };
  const { calls, driven } = await asked({ method: "GET" }, [partial, said, volume], () => ({
    status: 200,
    body: "plain",
  }));
  expect((await driven).frames()).toMatchObject([
    { text: "plain", utterance: "u3" },
    { text: "plain", utterance: "node-1" },
  ]);
  expect(calls.map(({ method, body }) => method + body)).toEqual(["GET", "GET"]);
});

describe("what goes wrong has a code", () => {
  test.each([
    ["no JSON", { field: "a" }, { status: 200, body: "<html>" }, "VENDOR_PROTOCOL"],
    ["no such field", { field: "a.b" }, json({ a: {} }), "VENDOR_PROTOCOL"],
    ["a field of another kind", { field: "a" }, json({ a: [] }), "VENDOR_PROTOCOL"],
    ["a field of every object", { field: "constructor.name" }, json({}), "VENDOR_PROTOCOL"],
    ["too much", { maxAnswerBytes: 10 }, { status: 200, body: "x".repeat(11) }, "VENDOR_PROTOCOL"],
    ["a refusal", {}, { status: 404 }, "VENDOR_REFUSED"],
    ["a redirect", {}, { status: 302, headers: { location: "http://127.0.0.1/" } }, "VENDOR_REFUSED"],
    ["a key that is refused", {}, { status: 401 }, "VENDOR_KEY_REFUSED"],
    ["too many requests", {}, { status: 429 }, "VENDOR_RATE_LIMITED"],
    ["a failure", {}, { status: 503, body: "secret words" }, "VENDOR_FAILED"],
  ] as [string, object, Outgoing, string][])("%s", async (_, config, answer, code) => {
    const { driven } = await asked(config, [said], () => answer);
    expect(await rejectionOf(driven)).toMatchObject({ code, message: expect.not.stringContaining("secret words") });
  });

  test("nobody there", async () => {
    const clock = new VirtualClock();
    const driven = driveNode(http, { url }, { frames: [said], clock, network: new MemoryNetwork(clock) });
    expect(await rejectionOf(driven)).toMatchObject({ code: "VENDOR_UNREACHABLE" });
  });

  test("an answer that never comes", async () => {
    const { driven, clock } = await asked({ timeoutMs: 3000 }, [said], () => new Promise<Outgoing>(() => {}));
    expect(await rejectionOf(driven)).toMatchObject({ code: "RESULT_LATE" });
    expect(clock.nowMs()).toBe(3000);
  });

  test("an answer that stops half way", async () => {
    const half = async function* () {
      yield new TextEncoder().encode('{"a":');
      await new Promise(() => {});
    };
    const { driven } = await asked({ field: "a", timeoutMs: 3000 }, [said], () => ({ status: 200, body: half() }));
    expect(await rejectionOf(driven)).toMatchObject({ code: "RESULT_LATE" });
  });
});

describe("a barge-in", () => {
  const bargeIn: Control = { kind: "barge-in", utterance: "u4" };
  const mine = { ...said, utterance: "u4" };
  const kept = { ...said, utterance: "u2", protected: true as const };
  test("gives up texts that waited, and neither protected ones, data, nor the one that barged in", async () => {
    const { driven } = await asked({}, [bargeIn, said, kept, volume, mine]);
    const { frames, counters } = await driven;
    expect(frames().map((frame) => frame.kind === "text" && frame.utterance)).toEqual(["u2", "node-1", "u4"]);
    expect(counters).toEqual({ bargedTexts: 1, answers: 3 });
  });
});

test.each([
  ["an address that is none", { url: "answers" }],
  ["another protocol", { url: "file:///etc/passwd" }],
  ["a body of GET", { url, method: "GET", body: {} }],
  ["a header over two lines", { url, headers: { a: "b\r\nc: d" } }],
])("%s is found before the run", (_, config) => {
  expect(http.config.safeParse(config).success).toBe(false);
});
