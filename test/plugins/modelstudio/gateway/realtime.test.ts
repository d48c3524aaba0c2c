import { describe, expect, test } from "bun:test";
import { encodeS16le } from "#engine/plugin";
import { covers } from "#test/covers";
import { silence } from "#test/signals";
import { hears, REALTIME_URL, SPEAKS, withService } from "../service.ts";
import { dial, told } from "./task-client.ts";

describe("the real-time protocol", () => {
  const event = (type: string, fields: object = {}) => JSON.stringify({ event_id: "event_7", type, ...fields });
  const typesOf = (heard: readonly unknown[]) => heard.map((one) => (one as { type: string }).type);

  test("audio that comes before the session is ready waits for it", async () => {
    await withService({ workflow: hears(["one two"]) }, async (service) => {
      const connection = await dial(service, `${REALTIME_URL}?model=qwen3-asr-flash-realtime`);
      const audio = Buffer.from(encodeS16le(silence({ ms: 1000 }))).toString("base64");
      const messages = [
        event("session.update", { session: { sample_rate: 16000, turn_detection: { type: "server_vad" } } }),
        event("input_audio_buffer.append", { audio }),
        event("session.finish"),
      ];
      const heard = await told(connection, messages, /session.finished/);
      expect(typesOf(heard)).toEqual([
        "session.created",
        "session.updated",
        "input_audio_buffer.speech_started",
        "conversation.item.input_audio_transcription.text",
        "conversation.item.input_audio_transcription.text",
        "input_audio_buffer.speech_stopped",
        "input_audio_buffer.committed",
        "conversation.item.created",
        "conversation.item.input_audio_transcription.completed",
        "session.finished",
      ]);
      expect(heard.at(-2)).toMatchObject({ transcript: "one two", content_index: 0 });
      connection.close();
    });
  });

  test("a response has its events in order, and a commit is awaited where the client commits", async () => {
    covers("S9");
    await withService({ workflow: SPEAKS }, async (service) => {
      const connection = await dial(service, `${REALTIME_URL}?model=qwen3-tts-flash-realtime`);
      const session = { voice: "Cherry", mode: "commit", response_format: "pcm", sample_rate: 24000 };
      const messages = [
        event("session.update", { session }),
        event("input_text_buffer.append", { text: "Never spoken." }),
        event("input_text_buffer.clear"),
        event("input_text_buffer.append", { text: "Hi" }),
        event("input_text_buffer.commit"),
        event("session.finish"),
      ];
      const heard = await told(connection, messages, /session.finished/);
      const types = typesOf(heard).filter((type, i, all) => type !== all[i - 1]);
      expect(types).toEqual([
        "session.created",
        "session.updated",
        "input_text_buffer.cleared",
        "input_text_buffer.committed",
        "response.created",
        "response.output_item.added",
        "response.content_part.added",
        "response.audio.delta",
        "response.audio.done",
        "response.content_part.done",
        "response.output_item.done",
        "response.done",
        "session.finished",
      ]);
      const bytes = heard
        .flatMap((one) => (one as { delta?: string }).delta ?? [])
        .map((delta) => Buffer.from(delta, "base64").length);
      expect(bytes.reduce((sum, length) => sum + length, 0)).toBe(2 * 2400 * 2);
      expect(heard.at(-2)).toMatchObject({
        response: { status: "completed", voice: "Cherry", usage: { characters: 2 } },
      });
      connection.close();
    });
  });

  test.each([
    ["no event", "{}", "qwen-asr", "invalid_value"],
    ["no JSON", "{", "qwen-asr", "invalid_value"],
    ["an unknown model", event("session.update", { session: {} }), "qwen-omni", "ModelNotFound"],
    ["an unknown type", event("dance"), "qwen-asr", "invalid_value"],
    ["audio before the session", event("input_audio_buffer.append", { audio: "AAAA" }), "qwen-asr", "invalid_value"],
    ["a rate that is not taken", event("session.update", { session: { sample_rate: 1 } }), "qwen-asr", "invalid_value"],
    ["no voice", event("session.update", { session: {} }), "qwen-tts", "invalid_value"],
    [
      "a format that is not written",
      event("session.update", { session: { voice: "v", response_format: "aac" } }),
      "qwen-tts",
      "invalid_value",
    ],
    [
      "a speed out of range",
      event("session.update", { session: { voice: "v", speech_rate: 9 } }),
      "qwen-tts",
      "invalid_value",
    ],
    ["text before the session", event("input_text_buffer.append", { text: "x" }), "qwen-tts", "invalid_value"],
  ])("%s is answered with an error", async (_, message, model, code) => {
    await withService({ workflow: SPEAKS }, async (service) => {
      const connection = await dial(service, `${REALTIME_URL}?model=${model}`);
      const heard = await told(connection, [message], /"type":"error"/);
      expect(heard.at(-1)).toMatchObject({ error: { code } });
      connection.close();
    });
  });
});
