import { moreThanIsHeld, ONCE, tooMany } from "../connection-faults.ts";
import { inHeader, noEvents } from "../headed-events.ts";
import { prompt, silent } from "../samples.ts";
import { answeringEach } from "../scripted-answers.ts";
import { type BadInput, failing } from "../table.ts";
import { spokenByVoice } from "../voice.ts";

const WHOLE = { mode: "sentence", sentences: "whole" };

/** Answers each directive with this. */
const saying = answeringEach(inHeader("name"));

const event = (name: string, task_id: string, payload?: unknown) =>
  JSON.stringify({ header: { name, task_id, status: 20_000_000, namespace: "x" }, payload });

/** Starts what is to be started, and then says something else. */
const after = (words: (taskId: string) => string | Uint8Array) =>
  saying((name, taskId, connection) => {
    if (name === "StartTranscription") connection.send(event("TranscriptionStarted", taskId));
    if (name === "StartSynthesis") connection.send(words(taskId));
    if (name === "StopTranscription") connection.send(words(taskId));
  });

const nonsense: BadInput[] = [
  ...noEvents("aliyun.asr", "Aliyun"),
  ...failing({ found: "run", code: "VENDOR_PROTOCOL", with: ONCE }, [
    {
      what: "a sentence whose number is a word",
      node: "aliyun.asr",
      instead: after((id) => event("SentenceEnd", id, { index: "one", result: "a secret thing that was said" })),
      says: /SentenceEnd.*index/,
    },
    {
      what: "audio for a recogniser",
      node: "aliyun.asr",
      instead: after(() => new Uint8Array(10)),
      says: "10 bytes of audio",
    },
    {
      what: "subtitles of another form",
      node: "aliyun.tts",
      with: { subtitles: true },
      instead: after((id) => event("MetaInfo", id, { subtitles: "none" })),
      says: /MetaInfo.*subtitles/,
    },
  ]),
  {
    what: "no answer to the start",
    node: "aliyun.asr",
    with: ONCE,
    instead: saying(() => {}),
    found: "run",
    code: "VENDOR_UNREACHABLE",
    says: "10000 ms",
  },
  {
    what: "a task that ends at once, without a word",
    node: "aliyun.tts",
    with: ONCE,
    instead: saying((_, taskId, connection) => connection.send(event("SynthesisCompleted", taskId))),
    found: "borne",
    result: [],
  },
  {
    what: "a socket that is closed in the midst of a sentence",
    node: "aliyun.asr",
    with: ONCE,
    faults: [{ on: "connection", after: { received: 8 }, do: { close: 1000 } }],
    found: "run",
    code: "VENDOR_LOST",
    says: "closed in the midst of a task, with code 1000",
  },
];

const LONG_SSML = `<speak>${"so ".repeat(120)}</speak>`;

const tooMuch: BadInput[] = [
  {
    what: "a sentence of more than 60 s",
    node: "aliyun.asr",
    with: WHOLE,
    frames: silent(62_000),
    found: "run",
    code: "AUDIO_TOO_LONG",
    says: /41010104.*mode: continuous/,
    result: [],
  },
  tooMany("more tasks than the account may have", "aliyun.asr", /40000005.*concurrency/, ONCE),
  {
    what: "an account whose trial is over",
    node: "aliyun.asr",
    faults: [{ on: "connection", after: { received: 8 }, do: { vendorError: 40_000_010 } }],
    found: "run",
    code: "VENDOR_QUOTA_EXHAUSTED",
    says: /40000010.*console/,
  },
  {
    what: "SSML that is longer than the service speaks",
    node: "aliyun.tts",
    with: { ssml: true },
    frames: [prompt(LONG_SSML)],
    found: "run",
    code: "VENDOR_REFUSED",
    says: /359 characters.*300.*mode: long/,
    ...spokenByVoice(LONG_SSML),
  },
  moreThanIsHeld("aliyun.asr"),
];

/** What `aliyun.asr` and `aliyun.tts` are answered and cannot work with. */
export const badAnswers: readonly BadInput[] = [...nonsense, ...tooMuch];
