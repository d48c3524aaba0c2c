import { expect, test } from "bun:test";
import type { AudioFrame, Connection, Frame, NodeDefinition } from "#engine/plugin";
import { covers } from "#test/covers";
import { rejectionOf } from "#test/rejection";
import { driveAgainst, sockets } from "#test/scripted-door";
import { framesOf, silence } from "#test/signals";
import { prompt, textsOf } from "#test/texts";
import { asr } from "../../../plugins/aliyun/asr.ts";
import { tts } from "../../../plugins/aliyun/tts.ts";
import { ACCESS, HOST } from "./service.ts";

type Say = (name: string, payload?: unknown, header?: Record<string, unknown>) => void;
type Answers = Readonly<Record<string, (say: Say, connection: Connection) => void>>;

/** Drives a node against a service that answers each directive as it is told, sensible or not. */
function against(
  definition: NodeDefinition,
  config: Record<string, unknown>,
  frames: readonly Frame[],
  answers: Answers,
) {
  const serve = async (connection: Connection) => {
    for await (const message of connection) {
      if (typeof message !== "string") continue;
      const { header } = JSON.parse(message) as { header: { name: string; task_id: string } };
      const say: Say = (name, payload, more = {}) =>
        connection.send(
          JSON.stringify({
            header: { name, status: 20000000, task_id: header.task_id, namespace: "x", ...more },
            ...(payload === undefined ? {} : { payload }),
          }),
        );
      answers[header.name]?.(say, connection);
    }
  };
  return driveAgainst({ host: HOST, door: sockets(serve) }, definition, { ...ACCESS, ...config }, { frames });
}

const continuous = { mode: "continuous" };
const talk = framesOf(silence({ ms: 2000 }));

test("events that nobody knows, of another task, or without a status are borne", async () => {
  covers("A3");
  const { frames, counters } = await against(asr, continuous, talk, {
    StartTranscription: (say) => {
      say("WakeWordVerificationCompleted");
      say("SentenceBegin", { index: 7, time: 0 }, { task_id: "another" });
      say("TranscriptionStarted", null, { status: undefined, status_message: "GATEWAY|SUCCESS" });
    },
    StopTranscription: (say) => {
      say("SentenceEnd", { index: 1, time: 900, result: "meant for another" }, { task_id: "another" });
      say("SentenceSemantics", { anything: [1, 2] });
      say("SentenceEnd", { index: 1, begin_time: 0, time: 900, result: "yes", confidence: null, words: null });
      say("TranscriptionCompleted");
      say("SentenceEnd", { index: 2, begin_time: 900, time: 950, result: "too late" });
    },
  });
  expect(textsOf(frames()).map(({ text }) => text)).toEqual(["yes"]);
  expect(counters).toMatchObject({ unknownEvents: 2, strayEvents: 3 });
});

test("sentences whose times overlap are put in order, and one without an end is taken back", async () => {
  covers("A5");
  const { frames, counters } = await against(asr, continuous, talk, {
    StartTranscription: (say) => say("TranscriptionStarted"),
    StopTranscription: (say) => {
      say("SentenceEnd", { index: 1, begin_time: 100, time: 1200, result: "one", status: 51040104 });
      say("SentenceEnd", { index: 2, begin_time: 800, time: 1500, result: "two" });
      say("TranscriptionResultChanged", { index: 3, time: 1900, result: "thr" });
      say("TranscriptionCompleted");
    },
  });
  expect(textsOf(frames("final")).map(({ startSample, endSample }) => [startSample / 16, endSample / 16])).toEqual([
    [100, 1200],
    [1200, 1500],
  ]);
  expect(textsOf(frames("partial")).map(({ text }) => text)).toEqual(["thr", ""]);
  expect(counters).toMatchObject({ sentenceTimeouts: 1, emptyUtterances: 1 });
});

test("audio from a recogniser's service, and a payload of another form, are coded errors", async () => {
  covers("A9");
  const link = { attempts: 1 };
  const started = { StartTranscription: (say: Say) => say("TranscriptionStarted") };
  const wrong: Answers[] = [
    { ...started, StopTranscription: (_, connection) => connection.send(new Uint8Array(10)) },
    { ...started, StopTranscription: (say) => say("SentenceEnd", { index: "one" }) },
    { StartTranscription: (_, connection) => connection.send("{") },
  ];
  for (const answers of wrong)
    expect(await rejectionOf(against(asr, { ...continuous, link }, talk, answers))).toMatchObject({
      code: "VENDOR_PROTOCOL",
    });
});

test("a task that the service ends by itself is followed by another", async () => {
  covers("A5");
  let tasks = 0;
  const { frames } = await against(asr, { ...continuous, chunkMs: 100, link: { pace: 1, aheadMs: 0 } }, talk, {
    StartTranscription: (say) => {
      say("TranscriptionStarted");
      if (++tasks > 1) return;
      say("SentenceEnd", { index: 1, begin_time: 0, time: 10, result: "first task" });
      say("TranscriptionCompleted");
    },
    StopTranscription: (say) => {
      say("SentenceEnd", { index: 1, begin_time: 0, time: 500, result: "second task" });
      say("TranscriptionCompleted");
    },
  });
  expect(tasks).toBe(2);
  expect(textsOf(frames("final")).map(({ text }) => text)).toEqual(["first task", "second task"]);
});

test("audio in odd pieces is joined, half a sample and what comes after the end are counted", async () => {
  covers("A6");
  const { frames, counters } = await against(tts, { subtitles: true }, [prompt("u1", "Hi.")], {
    StartSynthesis: (say, connection) => {
      connection.send(Uint8Array.of(1, 0, 2));
      say("MetaInfo", { subtitles: [{ text: "Hi", begin_time: 0, end_time: 0.125, begin_index: 0, end_index: 2 }] });
      connection.send(Uint8Array.of(0, 3, 0, 9));
      say("SynthesisCompleted");
      connection.send(Uint8Array.of(7, 7, 7, 7));
    },
  });
  const audio = frames("audio").filter((frame): frame is AudioFrame => frame.kind === "audio");
  expect(audio.flatMap(({ pcm }) => [...pcm])).toEqual([1, 2, 3]);
  expect(textsOf(frames("spoken"))[0]?.words).toEqual([{ text: "Hi", startSample: 0, endSample: 2 }]);
  expect(counters.spareBytes).toBe(1);
});
