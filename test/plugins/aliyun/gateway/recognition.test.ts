import { describe, expect, test } from "bun:test";
import { encodeWav, loadOpus } from "#engine/plugin";
import { covers } from "#test/covers";
import { hears } from "#test/service-workflows";
import { silence, tone } from "#test/signals";
import { audio, hex, START, scene } from "./raw-client.ts";

describe("recognition", () => {
  test("goes as documented: started, changed, completed, each with the task's id and an id of its own", async () => {
    covers("A1", "A3");
    await scene({}, async ({ client, pass }) => {
      client.send("StartRecognition", START);
      await pass();
      for (let i = 0; i < 20; i++) client.connection.send(audio(100));
      client.send("StopRecognition");
      await pass();
      expect(client.names[0]).toBe("RecognitionStarted");
      expect(client.names.at(-1)).toBe("RecognitionCompleted");
      expect(new Set(client.names.slice(1, -1))).toEqual(new Set(["RecognitionResultChanged"]));
      const results = client.events.map(({ payload }) => payload?.result);
      expect(results).toEqual([undefined, "one", "one two", "one two three", "one two three"]);
      for (const { header } of client.events)
        expect(header).toMatchObject({ task_id: hex(999), namespace: "SpeechRecognizer", status: 20000000 });
      expect(new Set(client.events.map(({ header }) => header.message_id)).size).toBe(client.events.length);
      expect(client.events[0]?.header.status_text).toBe("Gateway:SUCCESS:Success.");
    });
  });

  test.each([
    { what: "8 kHz", payload: { sample_rate: 8000 }, bytes: () => [new Uint8Array(32_000)] },
    {
      what: "WAV",
      payload: { format: "wav" },
      bytes: () => [encodeWav(silence({ ms: 2000 }), { sampleRateHz: 16000, channels: 1 })],
    },
    { what: "odd pieces of bytes", payload: {}, bytes: () => [1, 3, 639, 641, 62_716].map((n) => new Uint8Array(n)) },
    { what: "no intermediate results", payload: { enable_intermediate_result: false }, bytes: () => [audio(2000)] },
    { what: "unknown keys", payload: { hello: 123, enable_words: true }, bytes: () => [audio(2000)] },
  ])("takes $what", async ({ payload, bytes }) => {
    covers("A2");
    await scene({}, async ({ client, pass }) => {
      client.send("StartRecognition", { ...START, ...payload });
      await pass();
      for (const piece of bytes()) client.connection.send(piece);
      client.send("StopRecognition", { whatever: true });
      await pass();
      expect(client.events.at(-1)).toMatchObject({
        header: { name: "RecognitionCompleted" },
        payload: { result: "one two three" },
      });
      if ("enable_intermediate_result" in payload) expect(client.events).toHaveLength(2);
    });
  });

  test("takes Opus in messages of one packet each", async () => {
    covers("A2");
    const encoder = (await loadOpus()).encoder({ sampleRateHz: 16000, channels: 1 });
    const pcm = tone({ hz: 300, ms: 2000 });
    await scene({}, async ({ client, pass }) => {
      client.send("StartRecognition", { ...START, format: "opus" });
      await pass();
      for (let at = 0; at < pcm.length; at += 320) client.connection.send(encoder.encode(pcm.subarray(at, at + 320)));
      client.send("StopRecognition");
      await pass();
      expect(client.events.at(-1)?.payload).toMatchObject({ result: "one two three", duration: 2000 });
    });
  });

  test.each([1, 7, 100, 5000])("takes opu in messages of %i bytes, wherever they end", async (bytes) => {
    covers("A2");
    const encoder = (await loadOpus()).encoder({ sampleRateHz: 16000, channels: 1 });
    const pcm = tone({ hz: 300, ms: 200 });
    const sent: number[] = [];
    for (let at = 0; at < pcm.length; at += 320) {
      const packet = encoder.encode(pcm.subarray(at, at + 320));
      sent.push(packet.length, ...packet);
    }
    await scene({}, async ({ client, pass }) => {
      client.send("StartRecognition", { ...START, format: "opu" });
      await pass();
      for (let at = 0; at < sent.length; at += bytes)
        client.connection.send(Uint8Array.from(sent.slice(at, at + bytes)));
      client.send("StopRecognition");
      await pass();
      expect(client.events.at(-1)?.payload).toMatchObject({ duration: 200 });
    });
  });

  test("refuses opu whose packets have no length", async () => {
    await scene({}, async ({ client, pass }) => {
      client.send("StartRecognition", { ...START, format: "opu" });
      await pass();
      client.connection.send(new Uint8Array(10));
      await pass();
      expect(client.events.at(-1)?.header).toMatchObject({ name: "TaskFailed" });
    });
  });

  test("a socket takes one task after the other, and a task that ended lets late audio pass", async () => {
    await scene({}, async ({ client, pass }) => {
      for (const task of [hex(1), hex(2)]) {
        client.send("StartRecognition", START, { task_id: task });
        await pass();
        client.connection.send(audio(1000));
        client.send("StopRecognition", undefined, { task_id: task });
        await pass();
        client.connection.send(audio(100));
        await pass();
        expect(client.events.at(-1)?.header).toMatchObject({ name: "RecognitionCompleted", task_id: task });
      }
    });
  });

  test("with voice detection, silence at the start fails and the end of a sentence completes", async () => {
    await scene({ workflow: hears("") }, async ({ client, pass }) => {
      client.send("StartRecognition", { ...START, enable_voice_detection: true, max_start_silence: 500 });
      await pass();
      for (let i = 0; i < 6; i++) client.connection.send(audio(100));
      await pass();
      expect(client.events.at(-1)?.header).toMatchObject({ name: "TaskFailed", status: 40270002 });
    });
    await scene({}, async ({ client, pass }) => {
      client.send("StartRecognition", { ...START, enable_voice_detection: true, max_end_silence: 500 });
      await pass();
      for (let i = 0; i < 11; i++) client.connection.send(audio(100));
      await pass();
      expect(client.events.at(-1)).toMatchObject({
        header: { name: "RecognitionCompleted" },
        payload: { result: "one two" },
      });
      client.send("StopRecognition");
      await pass();
      expect(client.names).not.toContain("TaskFailed");
    });
  });
});
