import { expect, test } from "bun:test";
import { fieldFacts } from "#engine/plugin";
import { covers } from "#test/covers";
import { socketUrl } from "../../../../plugins/modelstudio/access.ts";
import { asr } from "../../../../plugins/modelstudio/asr.ts";
import { PARAFORMER, REALTIME_URL, TASKS_URL } from "../service.ts";

test.each([
  ["a model of another kind", { model: "whisper-1" }, "model"],
  ["a rate that the model does not take", { ...PARAFORMER, model: "paraformer-realtime-8k-v2" }, "sampleRateHz"],
  ["a rate too low for Gummy", { sampleRateHz: 8000 }, "sampleRateHz"],
  ["a language that the model does not know", { language: "fi" }, "language"],
  ["another language that the model does not know", { ...PARAFORMER, otherLanguages: ["it"] }, "otherLanguages"],
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
