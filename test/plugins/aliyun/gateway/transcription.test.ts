import { expect, test } from "bun:test";
import type { Client, Frame, GatewayHost, GatewayStart, TextFrame } from "#engine/plugin";
import { covers } from "#test/covers";
import { text as textFrame } from "#test/doubles";
import { Outlet } from "../../../../plugins/aliyun/gateway/outlet.ts";
import { gatewaySettings } from "../../../../plugins/aliyun/gateway/settings.ts";
import type { TaskPlace } from "../../../../plugins/aliyun/gateway/task.ts";
import { TranscriptionTask } from "../../../../plugins/aliyun/gateway/transcription.ts";
import { audio, START, scene } from "./raw-client.ts";

test.each(["ControlTranscriber", "ControlTranscription"])(
  "transcription takes %s and answers nothing to it",
  async (control) => {
    covers("A5");
    await scene({ namespace: "SpeechTranscriber" }, async ({ client, pass }) => {
      client.send("StartTranscription", { ...START, enable_intermediate_result: false });
      await pass();
      client.send(control, { ex: { max_sentence_silence: 400 } });
      client.connection.send(audio(2000));
      client.send("StopTranscription");
      await pass();
      expect(client.names).toEqual([
        "TranscriptionStarted",
        "SentenceBegin",
        "SentenceEnd",
        "SentenceBegin",
        "SentenceEnd",
        "TranscriptionCompleted",
      ]);
      expect(client.events[2]?.payload).toMatchObject({
        index: 1,
        begin_time: 0,
        time: 1000,
        result: "one two",
        confidence: 0.9,
        words: [],
      });
    });
  },
);

/** A transcription whose workflow says what the test wants. */
async function transcribing(settings: Record<string, unknown> = {}) {
  const told: string[] = [];
  let request: GatewayStart | undefined;
  let finish = () => {};
  const run = {
    id: "run",
    push: () => undefined,
    flush() {},
    end: () => finish(),
    cancel() {},
    done: new Promise<{ state: "done" }>((resolve) => {
      finish = () => resolve({ state: "done" });
    }),
  };
  const host = {
    newId: () => crypto.randomUUID(),
    start: async (start: GatewayStart) => {
      request = start;
      return run;
    },
  } as unknown as GatewayHost;
  const connection = {
    send: (message: string) => {
      const { header, payload = {} } = JSON.parse(message) as {
        header: { name: string };
        payload?: Record<string, unknown>;
      };
      told.push([header.name, payload.index, payload.result].filter((part) => part !== undefined).join(" "));
    },
    close() {},
  };
  const all = gatewaySettings.parse(settings);
  const place: TaskPlace = {
    id: "t",
    namespace: "SpeechTranscriber",
    appkey: "k",
    key: { id: "k", secret: "s", facts: {} },
    outlet: new Outlet({ connection } as unknown as Client, host, all),
    host,
    settings: all,
    fail: ({ status }) => void told.push(`failed ${status}`),
  };
  const task = new TranscriptionTask(place);
  task.start({ enable_intermediate_result: true });
  await Promise.resolve();
  await Promise.resolve();
  return {
    told,
    say: (frame: Frame) => request?.onOutput(frame, "texts"),
    async stop() {
      task.directive("StopTranscription");
      await run.done;
      await Promise.resolve();
    },
  };
}

const text = (utterance: string, words: string, final: boolean, role: TextFrame["role"] = "transcript") =>
  textFrame(words, 0, { utterance, final, role, endSample: 16_000 });

test("sentences do not overlap, whatever order the workflow tells its utterances in", async () => {
  covers("A5");
  const { told, say, stop } = await transcribing();
  say(text("u1", "on", false));
  say(text("u2", "tw", false)); // the first sentence is still open
  say(text("u2", "two", true)); // now the first can have no end of its own
  say(text("u1", "one", true)); // too late
  say(text("u3", "", false)); // nothing was said
  say(text("u4", "fo", false));
  say(text("u4", "", false)); // taken back
  await stop();
  expect(told).toEqual([
    "TranscriptionStarted",
    "SentenceBegin 1",
    "TranscriptionResultChanged 1 on",
    "SentenceEnd 1 ",
    "SentenceBegin 2",
    "SentenceEnd 2 two",
    "SentenceBegin 3",
    "TranscriptionResultChanged 3 fo",
    "TranscriptionResultChanged 3 ",
    "SentenceEnd 3 ",
    "TranscriptionCompleted",
  ]);
});

test("the result may be the workflow's translation", async () => {
  const { told, say, stop } = await transcribing({ result: "translation" });
  say(text("u1", "one", true));
  say(text("u1", "uno", true, "translation"));
  await stop();
  expect(told).toContain("SentenceEnd 1 uno");
  expect(told).not.toContain("SentenceEnd 1 one");
});
