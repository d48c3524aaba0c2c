import { describe, expect, test } from "bun:test";
import type { Connection, Frame, NodeDefinition } from "#engine/plugin";
import { covers } from "#test/covers";
import { rejectionOf } from "#test/rejection";
import { driveAgainst, sockets } from "#test/scripted-door";
import { framesOf, silence, silentFrames } from "#test/signals";
import { prompt, textsOf } from "#test/texts";
import { asr } from "../../../plugins/modelstudio/asr.ts";
import { tts } from "../../../plugins/modelstudio/tts.ts";
import { ACCESS, HOST, hears, SPEAKS, served } from "./service.ts";

const hearing = { model: "qwen3-asr-flash-realtime" };
const speaking = { model: "qwen3-tts-flash-realtime" };
const once = { link: { attempts: 1 } };

interface ClientEvent extends Record<string, unknown> {
  readonly type: string;
  readonly event_id: string;
}
type Say = (type: string, fields?: Record<string, unknown>) => void;
type Answers = Readonly<Record<string, (say: Say, event: ClientEvent, connection: Connection) => void>>;

/** Opens a session and ends it in order. */
const PLAIN: Answers = {
  connected: (say) => say("session.created", { session: { id: "s", object: "realtime.session" } }),
  "session.update": (say) => say("session.updated", { session: {} }),
  "session.finish": (say) => say("session.finished"),
};

/** Drives a node against a real-time service that answers as it is told. */
async function against(
  definition: NodeDefinition,
  config: Record<string, unknown>,
  frames: readonly Frame[],
  answers: Answers,
) {
  const heard: ClientEvent[] = [];
  const queries: string[] = [];
  const door = sockets(async (connection, { path, query }) => {
    queries.push(`${path}?${query}`);
    const say: Say = (type, fields = {}) =>
      connection.send(JSON.stringify({ event_id: `event_${heard.length}`, type, ...fields }));
    answers.connected?.(say, { type: "connected", event_id: "" }, connection);
    for await (const message of connection) {
      const event = JSON.parse(String(message)) as ClientEvent;
      heard.push(event);
      answers[event.type]?.(say, event, connection);
    }
  });
  const driven = await driveAgainst({ host: HOST, door }, definition, { ...ACCESS, ...config }, { frames });
  return { ...driven, heard, queries };
}

const TRANSCRIPTION = "conversation.item.input_audio_transcription";

describe("recognition", () => {
  test("a session is asked for in the service's own words", async () => {
    covers("S14", "S15", "S21");
    const config = {
      ...hearing,
      language: "zh-CN",
      context: "names",
      endSilenceMs: 400,
      noiseThreshold: 0.5,
      sampleRateHz: 8000,
    };
    const { heard, queries } = await against(
      asr,
      config,
      framesOf(silence({ ms: 200, rateHz: 8000 }), { rateHz: 8000 }),
      PLAIN,
    );
    expect(queries).toEqual(["/api-ws/v1/realtime?model=qwen3-asr-flash-realtime"]);
    expect(heard.map(({ type }) => type)).toEqual([
      "session.update",
      "input_audio_buffer.append",
      "input_audio_buffer.append",
      "session.finish",
    ]);
    expect(heard[0]).toEqual({
      event_id: expect.stringMatching(/^event_[0-9a-f]{32}$/),
      type: "session.update",
      session: {
        modalities: ["text"],
        input_audio_format: "pcm",
        sample_rate: 8000,
        input_audio_transcription: { language: "zh", corpus: { text: "names" } },
        turn_detection: { type: "server_vad", threshold: 0.5, silence_duration_ms: 400 },
      },
    });
    expect(Buffer.from(String(heard[1]?.audio), "base64")).toHaveLength(1600);
  });

  test("what is settled is stable, and items lie where the service says", async () => {
    covers("S6");
    const { frames, counters } = await against(asr, hearing, silentFrames(3000), {
      ...PLAIN,
      "session.finish": (say) => {
        const item = { item_id: "item_1", content_index: 0 };
        say("input_audio_buffer.speech_started", { audio_start_ms: 200, item_id: "item_1" });
        say(`${TRANSCRIPTION}.text`, { ...item, text: "", stash: "good mor", language: "en", emotion: "neutral" });
        say(`${TRANSCRIPTION}.text`, { ...item, text: "good ", stash: "morning" });
        say("input_audio_buffer.speech_stopped", { audio_end_ms: 1500, item_id: "item_1" });
        say("input_audio_buffer.committed", { previous_item_id: null, item_id: "item_1" });
        say("conversation.item.created", { previous_item_id: null, item: { id: "item_1" } });
        say(`${TRANSCRIPTION}.completed`, { ...item, transcript: "Good morning.".toLowerCase(), language: "en" });
        say("something.new", {});
        say(`${TRANSCRIPTION}.completed`, { item_id: "item_2", transcript: "bye" });
        say("session.finished");
      },
    });
    expect(textsOf(frames("partial"))).toMatchObject([
      { text: "good mor", stableChars: 0, startSample: 3200, language: "en", vendor: { emotion: "neutral" } },
      { text: "good morning", stableChars: 5 },
    ]);
    expect(textsOf(frames("final"))).toMatchObject([
      { text: "good morning.", startSample: 3200, endSample: 24_000 },
      { text: "bye", startSample: 24_000, endSample: 48_000 },
    ]);
    expect(counters.unknownEvents).toBe(1);
  });

  test("an utterance that is marked is committed by us", async () => {
    const mark = (kind: "start" | "end", atSample: number) =>
      ({ kind: "speech", mark: kind, utterance: "u1", atSample, sampleRateHz: 16_000 }) as const;
    const frames = [mark("start", 0), ...silentFrames(300), mark("end", 4800)];
    const { heard, frames: out } = await against(asr, { ...hearing, mode: "utterance" }, frames, {
      ...PLAIN,
      "input_audio_buffer.commit": (say) => say(`${TRANSCRIPTION}.completed`, { item_id: "i", transcript: "yes" }),
    });
    expect(heard[0]).toMatchObject({ session: { turn_detection: null } });
    expect(heard.slice(-2).map(({ type }) => type)).toEqual(["input_audio_buffer.commit", "session.finish"]);
    expect(textsOf(out("final"))).toMatchObject([{ text: "yes", utterance: "u1", startSample: 0, endSample: 4800 }]);
  });

  test("single ends with the first sentence", async () => {
    covers("S20");
    const { frames } = await served(asr, {
      workflow: hears(["one two", "three"]),
      frames: silentFrames(30_000),
      config: { ...hearing, mode: "single" },
      pace: 1,
    });
    expect(textsOf(frames("final")).map(({ text }) => text)).toEqual(["one two"]);
  });
});

test("synthesis is asked for in the service's own words, and text goes while it is written", async () => {
  covers("S5", "S24", "S25");
  const config = {
    ...speaking,
    mode: "flowing",
    volume: 70,
    speed: 1.2,
    pitch: 0.8,
    instruction: "calm",
    language: "English",
    sampleRateHz: 24_000,
  };
  const partial = { ...prompt("u1", "One. Tw"), final: false, stableChars: 5 };
  const { heard, frames, counters } = await against(
    tts,
    config,
    [partial, { ...prompt("u1", "One. Two."), revision: 2 }],
    {
      ...PLAIN,
      "session.finish": (say) => {
        say("response.created", { response: { id: "r", status: "in_progress" } });
        say("response.audio.delta", { response_id: "r", delta: Buffer.alloc(480).toString("base64") });
        say("response.audio.delta", { response_id: "r", delta: Buffer.alloc(480).toString("base64") });
        say("response.done", { response: { id: "r", status: "completed", usage: { characters: 9 } } });
        say("session.finished");
      },
    },
  );
  expect(heard.map(({ type, text }) => text ?? type)).toEqual(["session.update", "One. ", "Two.", "session.finish"]);
  expect(heard[0]?.session).toEqual({
    voice: "Cherry",
    mode: "server_commit",
    response_format: "pcm",
    sample_rate: 24_000,
    language_type: "English",
    volume: 70,
    speech_rate: 1.2,
    pitch_rate: 0.8,
    instructions: "calm",
  });
  expect(frames("audio")).toHaveLength(2);
  expect(counters.billedCharacters).toBe(9);
});

test("sentences are spoken one after the other through the gateway, in another format too", async () => {
  for (const format of ["pcm", "wav"]) {
    const { frames, counters } = await served(tts, {
      workflow: SPEAKS,
      frames: [prompt("u1", "One. Two."), prompt("u2", "Bye.")],
      config: { ...speaking, sampleRateHz: 24_000, format },
    });
    const samples = frames("audio").reduce((sum, frame) => sum + (frame.kind === "audio" ? frame.pcm.length : 0), 0);
    expect(samples).toBe(12 * 2400 + 2400); // "One." with "Two." after its blank, and "Bye."
    expect(counters.billedCharacters).toBe(13);
  }
});

describe("failures", () => {
  const error = (fields: Record<string, unknown>) => (say: Say) => say("error", { error: fields });

  test.each([
    [{ type: "invalid_request_error", code: "invalid_value", message: "x", param: "session.voice" }, "VENDOR_REFUSED"],
    [{ type: "invalid_request_error", code: "ModelNotFound", message: "x" }, "VENDOR_REFUSED"],
    [{ type: "invalid_request_error", code: "InvalidApiKey", message: "x" }, "VENDOR_KEY_REFUSED"],
    [{ type: "server_error", code: "never_heard_of", message: "x" }, "VENDOR_FAILED"],
    [{ type: "server_error", code: null, message: "x" }, "VENDOR_FAILED"],
    [{ code: "Throttling.RateQuota" }, "VENDOR_RATE_LIMITED"],
    [{}, "VENDOR_REFUSED"],
  ])("an error of %j is %s", async (fields, code) => {
    covers("S11");
    const failing = against(asr, { ...hearing, ...once }, silentFrames(100), {
      ...PLAIN,
      "session.update": error(fields),
    });
    expect(await rejectionOf(failing)).toMatchObject({ code });
  });

  test("a sentence that could not be recognised is a failure", async () => {
    const failing = against(asr, { ...hearing, ...once }, silentFrames(100), {
      ...PLAIN,
      "session.finish": (say) => say(`${TRANSCRIPTION}.failed`, { item_id: "i", error: { code: "InternalError" } }),
    });
    expect(await rejectionOf(failing)).toMatchObject({ code: "VENDOR_FAILED" });
  });

  test("a session without a greeting is not waited for for ever", async () => {
    const failing = against(asr, { ...hearing, ...once }, silentFrames(100), {});
    expect(await rejectionOf(failing)).toMatchObject({ code: "VENDOR_UNREACHABLE" });
  });

  test.each([
    ["binary", new Uint8Array(4)],
    ["no JSON", "{"],
    ["no event", "{}"],
  ])("a message that is %s is said to be garbled", async (_, message) => {
    const failing = against(asr, { ...hearing, ...once }, silentFrames(100), {
      ...PLAIN,
      "input_audio_buffer.append": (_say, _event, connection) => connection.send(message),
    });
    expect(await rejectionOf(failing)).toMatchObject({ code: "VENDOR_PROTOCOL" });
  });

  test("a socket that is closed before all was said is lost", async () => {
    const failing = against(asr, { ...hearing, ...once }, silentFrames(100), {
      ...PLAIN,
      "session.finish": (_say, _event, connection) => connection.close(1000),
    });
    expect(await rejectionOf(failing)).toMatchObject({ code: "VENDOR_LOST" });
  });

  test("a response that failed is a failure of the text", async () => {
    const failing = against(tts, { ...speaking, ...once }, [prompt("u1", "x")], {
      ...PLAIN,
      "session.finish": (say) => say("response.done", { response: { id: "r", status: "failed" } }),
    });
    expect(await rejectionOf(failing)).toMatchObject({ code: "VENDOR_FAILED" });
  });
});
