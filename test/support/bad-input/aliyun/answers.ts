import type { Connection } from "#engine/plugin";
import { prompt, silent } from "../samples.ts";
import type { BadInput } from "../table.ts";

const ONCE = { link: { attempts: 1 } };
const WHOLE = { mode: "sentence", sentences: "whole" };

/** Answers each directive with this. */
const saying =
  (answer: (name: string, taskId: string, connection: Connection) => void): NonNullable<BadInput["instead"]> =>
  (network, { web }) =>
    network.listen(web, {
      upgrade: async () => ({
        async serve(connection) {
          for await (const message of connection) {
            if (typeof message !== "string") continue;
            const { header } = JSON.parse(message);
            answer(header.name, header.task_id, connection);
          }
        },
      }),
    });

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
  {
    what: "words in place of an event",
    node: "aliyun.asr",
    with: ONCE,
    instead: saying((_, __, connection) => connection.send("hello")),
    found: "run",
    code: "VENDOR_PROTOCOL",
    says: "Aliyun",
  },
  {
    what: "an event without a name",
    node: "aliyun.asr",
    with: ONCE,
    instead: saying((_, __, connection) => connection.send('{"header":{}}')),
    found: "run",
    code: "VENDOR_PROTOCOL",
    says: "Aliyun",
  },
  {
    what: "a sentence whose number is a word",
    node: "aliyun.asr",
    with: ONCE,
    instead: after((id) => event("SentenceEnd", id, { index: "one", result: "a secret thing that was said" })),
    found: "run",
    code: "VENDOR_PROTOCOL",
    says: /SentenceEnd.*index/,
  },
  {
    what: "audio for a recogniser",
    node: "aliyun.asr",
    with: ONCE,
    instead: after(() => new Uint8Array(10)),
    found: "run",
    code: "VENDOR_PROTOCOL",
    says: "10 bytes of audio",
  },
  {
    what: "subtitles of another form",
    node: "aliyun.tts",
    with: { ...ONCE, subtitles: true },
    instead: after((id) => event("MetaInfo", id, { subtitles: "none" })),
    found: "run",
    code: "VENDOR_PROTOCOL",
    says: /MetaInfo.*subtitles/,
  },
  {
    what: "noise in place of a result",
    node: "aliyun.asr",
    with: ONCE,
    faults: [{ on: "connection", after: { sent: 1 }, do: { garbage: true } }],
    found: "run",
    code: "VENDOR_PROTOCOL",
    says: "Aliyun",
  },
  {
    what: "half an event",
    node: "aliyun.asr",
    with: ONCE,
    faults: [{ on: "connection", after: { sent: 1 }, do: { half: true } }],
    found: "run",
    code: "VENDOR_PROTOCOL",
    says: "Aliyun",
  },
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
  {
    what: "more tasks than the account may have",
    node: "aliyun.asr",
    with: ONCE,
    faults: [{ on: "handshake", do: { rateLimit: true } }],
    found: "run",
    code: "VENDOR_RATE_LIMITED",
    says: /40000005.*concurrency/,
  },
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
    fallback: { use: "bad-input.voice" },
    result: [`${LONG_SSML.length * 320} samples`],
  },
  {
    what: "more audio than is held until the service is ready",
    node: "aliyun.asr",
    with: { link: { attempts: 1, openMs: 15_000, bufferMs: 1000 } },
    frames: silent(30_000),
    faults: [{ on: "handshake", do: { hang: true } }],
    found: "run",
    code: "VENDOR_UNREACHABLE",
    says: "15000 ms",
    drops: true,
    fallback: false,
  },
];

/** What `aliyun.asr` and `aliyun.tts` are answered and cannot work with. */
export const badAnswers: readonly BadInput[] = [...nonsense, ...tooMuch];
