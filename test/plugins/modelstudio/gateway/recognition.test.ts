import { describe, expect, test } from "bun:test";
import { encodeS16le, openEncoder } from "#engine/plugin";
import { covers } from "#test/covers";
import { silence } from "#test/signals";
import { hears, SPEAKS } from "../service.ts";
import {
  ASR,
  command,
  conversing,
  eventsOf,
  FINISH,
  listening,
  PCM,
  saying,
  speaking,
  TASK,
  told,
} from "./task-client.ts";

describe("recognition", () => {
  test("has the shape that the vendor's library wants", async () => {
    covers("S6", "S7");
    await conversing({}, async (_, connection) => {
      const [started] = eventsOf(await told(connection, [listening()], /task-started/));
      expect(started).toEqual({
        header: { task_id: TASK, event: "task-started", attributes: {} },
        payload: {},
      } as never);
      const heard = eventsOf(await told(connection, [encodeS16le(silence({ ms: 1000 })), FINISH]));
      const [partial] = heard;
      expect(partial?.payload).toEqual({
        output: {
          sentence: {
            begin_time: 0,
            end_time: null,
            text: "one",
            words: [{ begin_time: 0, end_time: expect.any(Number), text: "one", punctuation: "" }],
            heartbeat: false,
            sentence_end: false,
          },
        },
        usage: null,
      });
      expect(heard.at(-2)?.payload).toMatchObject({
        output: { sentence: { end_time: 1000, text: "one two", sentence_end: true } },
        usage: { duration: 1 },
      });
      expect(heard.at(-1)?.payload).toEqual({ output: {}, usage: null });
    });
  });

  test("a client need not wait until its task has started", async () => {
    await conversing({}, async (_, connection) => {
      const heard = eventsOf(await told(connection, [listening(), encodeS16le(silence({ ms: 1000 })), FINISH]));
      expect(heard[0]?.header.event).toBe("task-started");
      expect(heard.at(-2)?.payload).toMatchObject({ output: { sentence: { text: "one two", sentence_end: true } } });
      expect(heard.at(-1)?.header.event).toBe("task-finished");
    });
    await conversing({ workflow: SPEAKS }, async (_, connection) => {
      const parameters = { voice: "v", format: "pcm", sample_rate: 16000 };
      const begin = speaking(parameters);
      const text = saying("Hi.");
      const heard = await told(connection, [begin, text, FINISH]);
      expect([eventsOf(heard)[0]?.header.event, eventsOf(heard).at(-1)?.header.event]).toEqual([
        "task-started",
        "task-finished",
      ]);
      expect(heard.some((one) => typeof one === "number")).toBe(true);
    });
  });

  test("a socket takes one task after the other, and late audio is let pass", async () => {
    covers("S31");
    await conversing({}, async (_, connection) => {
      for (const id of [TASK, "a-b-c"]) {
        await told(connection, [command("run-task", { ...ASR, parameters: PCM, input: {} }, id)], /task-started/);
        connection.send(encodeS16le(silence({ ms: 500 })));
        const finish = command("finish-task", { input: {} }, id);
        const heard = await told(connection, [finish, new Uint8Array(320), finish]);
        expect(eventsOf(heard).at(-1)?.header).toMatchObject({ event: "task-finished", task_id: id });
      }
    });
  });

  test("a task that begins while one is running breaks that off", async () => {
    await conversing({}, async ({ emulator, clock }, connection) => {
      await told(connection, [listening()], /task-started/);
      const second = command("run-task", { ...ASR, parameters: PCM, input: {} }, "second");
      await told(connection, [second], /task-started/);
      await clock.sleep(100);
      expect(emulator.host.running).toBe(1);
      const heard = await told(connection, [FINISH, command("finish-task", { input: {} }, "second")]);
      expect(eventsOf(heard).map(({ header }) => header.task_id)).toEqual(["second"]);
    });
  });

  test("Fun-ASR's sentences have numbers, Gummy's have translations", async () => {
    covers("S23");
    await conversing({ workflow: hears(["one", "two"], "es") }, async (_, connection) => {
      const sound = encodeS16le(silence({ ms: 2000 }));
      await told(connection, [listening({ model: "fun-asr-realtime" })], /task-started/);
      const numbered = eventsOf(await told(connection, [sound, FINISH]));
      const numbers = numbered.flatMap(({ payload }) => {
        const { sentence } = (payload.output ?? {}) as { sentence?: { sentence_id: number; sentence_end: boolean } };
        return sentence?.sentence_end ? [sentence.sentence_id] : [];
      });
      expect(numbers).toEqual([1, 2]);
      const parameters = { ...PCM, translation_enabled: true, translation_target_languages: ["es"] };
      await told(connection, [listening({ model: "gummy-realtime-v1", parameters })], /task-started/);
      const translated = eventsOf(await told(connection, [sound, FINISH]));
      expect(JSON.stringify(translated)).toContain('"lang":"es"');
      expect(translated.filter(({ payload }) => JSON.stringify(payload).includes('"ONE"'))).toHaveLength(1);
    });
  });
});

test("MP3 that comes in is decoded", async () => {
  covers("S17", "S39");
  const encoder = await openEncoder("mp3", { sampleRateHz: 16_000, channels: 1 });
  const mp3 = Buffer.concat([encoder.encode(silence({ ms: 2000 })), encoder.end()]);
  encoder.close();
  // the gateway's decoder is made in time that is not the clock's
  const gatewayConfig = { idleMs: 0, socketIdleMs: 0 };
  await conversing({ gatewayConfig, workflow: hears(["one two"]) }, async (_, connection) => {
    await told(connection, [listening({ parameters: { format: "mp3", sample_rate: 16000 } })], /task-started/);
    const heard = eventsOf(await told(connection, [mp3.subarray(0, 1000), mp3.subarray(1000), FINISH]));
    expect(heard.at(-2)?.payload).toMatchObject({ output: { sentence: { text: "one two" } } });
  });
});
