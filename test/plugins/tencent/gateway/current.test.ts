import { describe, expect, test } from "bun:test";
import { covers } from "#test/covers";
import type { Service } from "#test/vendor-service";
import { tc3Authorization } from "../../../../plugins/tencent/signatures.ts";
import { ACCESS, hearing, tencent } from "../service.ts";
import { nowS } from "./signed-values.ts";

describe("the current interface for recordings", () => {
  interface Calling {
    readonly action?: string;
    readonly signed?: readonly string[];
    readonly contentType?: string;
    readonly secret?: string;
    readonly skewS?: number;
    /** As clients name it that take it from an address. */
    readonly signedFor?: string;
  }
  interface Answered {
    readonly Error?: { readonly Code: string };
    readonly Data?: { readonly TaskId: number };
    readonly [field: string]: unknown;
  }
  async function answerTo(service: Service, body: unknown, calling: Calling = {}): Promise<Answered> {
    const {
      action = "CreateRecTask",
      signed = ["content-type", "host"],
      secret = ACCESS.secretKey,
      skewS = 0,
      signedFor = "asr",
    } = calling;
    const headers = {
      "content-type": calling.contentType ?? "application/json",
      host: "tencent.test",
      "x-tc-action": action,
    };
    const text = typeof body === "string" ? body : JSON.stringify(body);
    const timestampS = nowS(service) + skewS;
    const signing = { timestampS, service: signedFor, headers, signed, body: text };
    const authorization = tc3Authorization(signing, ACCESS.secretId, secret);
    const answer = await service.network.fetch({
      url: "http://tencent.test/",
      method: "POST",
      headers: { ...headers, "x-tc-timestamp": `${timestampS}`, "x-tc-version": "2019-06-14", authorization },
      body: text,
    });
    expect(answer.status).toBe(200);
    return ((await answer.json()) as { Response: Answered }).Response;
  }
  async function call(...asked: Parameters<typeof answerTo>): Promise<string> {
    const { Error: error, Data } = await answerTo(...asked);
    return error?.Code ?? (Data?.TaskId ? "taken" : "nothing");
  }
  const task = {
    EngineModelType: "16k_zh",
    ChannelNum: 1,
    ResTextFormat: 0,
    SourceType: 1,
    Data: Buffer.from("abcd").toString("base64"),
    DataLen: 4,
  };

  const calls: [answer: string, body: unknown, calling?: Calling][] = [
    ["taken", task],
    [
      "taken",
      task,
      { signed: ["content-type", "host", "x-tc-action"], contentType: "application/json; charset=utf-8" },
    ],
    ["taken", task, { signedFor: "127" }],
    ["AuthFailure.SignatureFailure", task, { secret: "other" }],
    ["AuthFailure.SignatureExpire", task, { skewS: -301 }],
    ["AuthFailure.InvalidAuthorization", task, { signed: ["content-type"] }],
    ["InvalidAction", task, { action: "MakeCoffee" }],
    ["InvalidParameter", "no json"],
    ["MissingParameter", { ...task, EngineModelType: undefined }],
    ["InvalidParameterValue", { ...task, ChannelNum: 2 }],
    ["InvalidParameterValue", { ...task, DataLen: 5 }],
    ["MissingParameter", { ...task, SourceType: 0 }],
    ["MissingParameter", { ...task, Data: undefined }],
    ["FailedOperation.NoSuchTask", { TaskId: 77 }, { action: "DescribeTaskStatus" }],
    ["MissingParameter", {}, { action: "DescribeTaskStatus" }],
  ];
  test.each(calls.map(([answer, body, calling = {}]) => ({ answer, body, calling })))(
    "answers $answer (case %#)",
    async ({ answer, body, calling }) => {
      covers("T8");
      await using service = await tencent();
      expect(await call(service, body, calling)).toBe(answer);
    },
  );

  describe("a recording of a minute at most is recognised in the answer", () => {
    const pcm = (seconds: number) => new Uint8Array(32_000 * seconds);
    const sentence = (bytes: Uint8Array) => ({
      EngSerViceType: "16k_zh",
      SourceType: 1,
      VoiceFormat: "pcm",
      WordInfo: 1,
      Data: Buffer.from(bytes).toString("base64"),
      DataLen: bytes.length,
    });
    const calling = { action: "SentenceRecognition" };

    test("with its text, its words and its length", async () => {
      covers("T8");
      await using service = await tencent({
        workflow: hearing([
          { text: "one two", words: "auto", fromMs: 0, untilMs: 1000 },
          { text: "three", words: "auto", fromMs: 1000, untilMs: 2000 },
        ]),
      });
      const heard = await answerTo(service, sentence(pcm(3)), calling);
      expect(heard).toMatchObject({ Result: "one two three", AudioDuration: 3000, WordSize: 3 });
      expect(heard.WordList).toMatchObject([{ Word: "one", StartTime: 0 }, { Word: "two", EndTime: 1000 }, {}]);
      const wordless = await answerTo(service, { ...sentence(pcm(3)), WordInfo: 0 }, calling);
      expect(wordless).toMatchObject({ Result: "one two three", WordSize: 0, WordList: [] });
    });

    test.each([
      { what: "no format", body: { ...sentence(pcm(1)), VoiceFormat: undefined }, code: "MissingParameter" },
      { what: "no samples", body: sentence(new Uint8Array(0)), code: "InvalidParameterValue" },
      {
        what: "what is no recording",
        body: { ...sentence(new Uint8Array(100)), VoiceFormat: "wav" },
        code: "FailedOperation.ErrorRecognize",
      },
      { what: "61 s", body: sentence(pcm(61)), code: "InvalidParameterValue.ErrorVoicedataTooLong" },
    ])("$what is answered with $code", async ({ body, code }) => {
      covers("T6", "T8");
      await using service = await tencent();
      expect(await call(service, body, calling)).toBe(code);
    });
  });
});
