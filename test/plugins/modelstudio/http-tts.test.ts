import { describe, expect, test } from "bun:test";
import {
  type AudioFrame,
  encodeS16le,
  encodeWav,
  type Frame,
  type Incoming,
  type Outgoing,
  type TextFrame,
} from "#engine/plugin";
import { registerContract, synthesiserContract } from "#engine/testing";
import { covers } from "#test/covers";
import { rejectionOf } from "#test/rejection";
import { driveAgainst } from "#test/scripted-door";
import { counting } from "#test/signals";
import { prompt } from "#test/texts";
import { tts } from "../../../plugins/modelstudio/tts.ts";
import { ACCESS, HOST, HTTP_URL, openService, SPEAKS, served } from "./service.ts";

const { url: _, ...CALLS } = ACCESS;
const http = { transport: "http" };
const qwen = { model: "qwen3-tts-flash", sampleRateHz: 24_000 };
const SOUND = encodeS16le(counting(1600));
const base64 = (bytes: Uint8Array) => Buffer.from(bytes).toString("base64");

const audioOf = (frames: readonly Frame[]): AudioFrame[] =>
  frames.filter((frame): frame is AudioFrame => frame.kind === "audio");
const samplesOf = (frames: readonly Frame[]): number => audioOf(frames).reduce((sum, { pcm }) => sum + pcm.length, 0);

registerContract(
  synthesiserContract("modelstudio.tts over HTTP", () => ({
    definition: tts,
    config: { ...ACCESS, ...http, answerMs: 5000 },
    frames: [prompt("u1", "Hello."), prompt("u2", "Bye.")],
    open: () => openService({ workflow: SPEAKS }),
  })),
  test,
);

test("texts are spoken in events, one call for each piece that the service takes", async () => {
  covers("S5", "S18");
  const long = "A sentence of words. ".repeat(30).trim();
  const { frames, usage } = await served(tts, {
    workflow: SPEAKS,
    frames: [prompt("u1", long), prompt("u2", "Bye.")],
    config: http,
  });
  const audio = audioOf(frames("audio"));
  expect([...new Set(audio.map(({ utterance }) => utterance))]).toEqual(["u1", "u2"]);
  expect(samplesOf(audio)).toBe((long.length + 4) * 1600);
  expect(usage).toEqual({ requests: 3, characters: long.length + 4 });
});

test("Qwen speaks at its own rate", async () => {
  const { frames } = await served(tts, { workflow: SPEAKS, frames: [prompt("u1", "Hi.")], config: qwen });
  expect(samplesOf(frames("audio"))).toBe(3 * 2400);
  expect(audioOf(frames("audio"))[0]?.sampleRateHz).toBe(24_000);
});

/** Drives the node against a service that answers calls as it is told. */
async function against(
  config: Record<string, unknown>,
  answer: (request: Incoming) => Outgoing,
  frames: readonly TextFrame[] = [prompt("u1", "Hi.")],
) {
  const calls: Incoming[] = [];
  const request = async (call: Incoming) => {
    calls.push(call);
    return answer(call);
  };
  return {
    ...(await driveAgainst({ host: HOST, door: { request } }, tts, { ...CALLS, ...config }, { frames })),
    calls,
  };
}

const events = (...data: readonly unknown[]): Outgoing => ({
  status: 200,
  headers: { "content-type": "text/event-stream" },
  body: data.map((each, i) => `id:${i}\nevent:result\n:HTTP_STATUS/200\ndata:${JSON.stringify(each)}\n\n`).join(""),
});
const spoken = (bytes: Uint8Array, more = {}) => ({ output: { audio: { data: base64(bytes), ...more } } });

test("CosyVoice and Qwen are called in their own words", async () => {
  covers("S14", "S24");
  const config = { ...http, voice: "longxiaochun_v2", speed: 1.5, language: "zh", instruction: "calm" };
  const cosy = await against(config, () =>
    events(spoken(SOUND), { output: { finish_reason: "stop", audio: { data: "" } } }),
  );
  expect(cosy.calls[0]).toMatchObject({ method: "POST", path: "/api/v1/services/audio/tts/SpeechSynthesizer" });
  expect(cosy.calls[0]?.headers).toMatchObject({
    authorization: "Bearer example-key.example-secret",
    "x-dashscope-sse": "enable",
  });
  expect(JSON.parse(Buffer.from(cosy.calls[0]!.body).toString())).toEqual({
    model: "cosyvoice-v2",
    input: {
      text: "Hi.",
      voice: "longxiaochun_v2",
      format: "pcm",
      sample_rate: 16000,
      volume: 50,
      rate: 1.5,
      pitch: 1,
      seed: 0,
      instruction: "calm",
      language_hints: ["zh"],
    },
  });
  const { calls } = await against(qwen, () => events(spoken(SOUND)));
  expect(calls[0]?.path).toBe("/api/v1/services/aigc/multimodal-generation/generation");
  expect(JSON.parse(Buffer.from(calls[0]!.body).toString())).toEqual({
    model: "qwen3-tts-flash",
    input: { text: "Hi.", voice: "Cherry" },
  });
});

test("an answer that only says where the audio is, is fetched from there, without the key", async () => {
  const wav = encodeWav(counting(800), { sampleRateHz: 16_000, channels: 1 });
  const { frames, calls } = await against({ ...http, format: "wav" }, ({ path }) =>
    path.endsWith("a.wav")
      ? { status: 200, body: wav }
      : {
          status: 200,
          body: JSON.stringify({ output: { audio: { url: `${HTTP_URL}/a.wav` }, finish_reason: "stop" } }),
        },
  );
  expect(samplesOf(frames("audio"))).toBe(800);
  expect(calls[1]?.headers.authorization).toBeUndefined();
});

describe("failures", () => {
  test.each([
    ["a refusal", { status: 400, body: '{"code":"InvalidParameter","message":"x"}' }, "VENDOR_REFUSED"],
    ["a wrong key", { status: 401, body: '{"code":"InvalidApiKey","message":"x"}' }, "VENDOR_KEY_REFUSED"],
    ["throttling", { status: 429, body: '{"code":"Throttling","message":"x"}' }, "VENDOR_RATE_LIMITED"],
    ["trouble", { status: 500, body: "oops" }, "VENDOR_FAILED"],
    ["a failure among events", events(spoken(SOUND), { code: "InternalError", message: "x" }), "VENDOR_FAILED"],
    ["an event that is none", { ...events(), body: "data:{\n\n" }, "VENDOR_PROTOCOL"],
    ["an answer without audio", events({ output: { finish_reason: "stop" } }), "VENDOR_PROTOCOL"],
    ["audio that is nowhere", events({ output: { audio: { url: `${HTTP_URL}/none` } } }), "VENDOR_REFUSED"],
    ["an address that is none", events({ output: { audio: { url: "nowhere" } } }), "VENDOR_PROTOCOL"],
  ] as [string, Outgoing, string][])("%s is %s", async (_, answer, code) => {
    const failing = against(http, ({ path }) => (path.endsWith("/none") ? { status: 404 } : answer));
    expect(await rejectionOf(failing)).toMatchObject({ code });
  });

  test("a service that does not go on is given up", async () => {
    const silent = async function* () {
      yield new TextEncoder().encode("id:1\n");
      await new Promise(() => {});
    };
    const answer = { status: 200, headers: { "content-type": "text/event-stream" }, body: silent() };
    const failing = against({ ...http, answerMs: 2000 }, () => answer);
    expect(await rejectionOf(failing)).toMatchObject({ code: "RESULT_LATE" });
  });
});
