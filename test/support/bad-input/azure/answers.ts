import type { Message } from "#engine/plugin";
import { decodeMessage } from "../../../../plugins/azure/wire.ts";
import { half, moreThanIsHeld, noise, ONCE, onEachConnection, tooMany } from "../connection-faults.ts";
import { talkFile } from "../samples.ts";
import { answering, answeringEach } from "../scripted-answers.ts";
import { type BadInput, failing, type Instead } from "../table.ts";

/** Listens in place of the gateway; told each message by its path and its turn. */
const saying = answeringEach((message) => {
  const { path, requestId } = decodeMessage(message);
  return { name: path, id: requestId };
});

const text = (path: string, turn: string, body: unknown): Message =>
  `X-RequestId:${turn}\r\nPath:${path}\r\nContent-Type:application/json\r\n\r\n${typeof body === "string" ? body : JSON.stringify(body)}`;

/** Answers the first audio, or the text to be spoken, with this. */
const first = (answer: (turn: string) => Message): Instead => {
  const told = new Set<string>();
  return saying((path, turn, connection) => {
    if ((path !== "audio" && path !== "ssml") || told.has(turn)) return;
    told.add(turn);
    connection.send(answer(turn));
  });
};

const nonsense: BadInput[] = [
  ...failing({ found: "run", code: "VENDOR_PROTOCOL" }, [
    {
      what: "words in place of a message",
      node: "azure.asr",
      with: ONCE,
      instead: first(() => "hello"),
      says: /empty line/,
    },
    {
      what: "a message of nothing",
      node: "azure.asr",
      with: ONCE,
      instead: first((turn) => `X-RequestId:${turn}\r\n\r\n{}`),
      says: /no Path/,
    },
    {
      what: "bytes whose headers are longer than they are",
      node: "azure.asr",
      with: ONCE,
      instead: first(() => new Uint8Array([255, 255, 1])),
      says: /headers/,
    },
    {
      what: "a phrase that is no JSON",
      node: "azure.asr",
      with: ONCE,
      instead: first((turn) => text("speech.phrase", turn, "{")),
      says: /no JSON/,
    },
    {
      what: "a phrase of another form",
      node: "azure.asr",
      with: ONCE,
      instead: first((turn) =>
        text("speech.phrase", turn, {
          RecognitionStatus: "Success",
          Offset: "soon",
          Duration: 1,
          DisplayText: "a secret thing that was said",
        }),
      ),
      says: /speech\.phrase.*Offset/,
    },
    {
      what: "translations that are no list",
      node: "azure.interpret",
      with: ONCE,
      instead: first((turn) =>
        text("translation.phrase", turn, { Text: "x", Offset: 0, Duration: 1, Translation: { Translations: "none" } }),
      ),
      says: /translation\.phrase/,
    },
    {
      what: "a page in place of a transcription",
      node: "azure.file-asr",
      instead: answering(200, "<html>Welcome</html>"),
      says: "Azure",
    },
  ]),
  noise({ what: "noise in place of a message", node: "azure.asr", says: "Speech protocol" }),
  half({ what: "half a message", node: "azure.tts", says: "Speech protocol" }),
];

const limits: BadInput[] = [
  tooMany("more streams than the resource may have", "azure.asr", /too many requests.*concurrency/, ONCE),
  ...(
    [
      ["Error", "VENDOR_FAILED", /an error of its own/],
      ["TooManyRequests", "VENDOR_RATE_LIMITED", /concurrency/],
      ["BadRequest", "VENDOR_REFUSED", /look at the node's settings/],
      ["Forbidden", "VENDOR_QUOTA_EXHAUSTED", /quota/],
    ] as const
  ).map(
    ([vendorError, code, says]): BadInput => ({
      what: `the status ${vendorError} in the midst of speech`,
      node: "azure.asr",
      faults: onEachConnection(8, { vendorError }),
      found: "run",
      code,
      says,
    }),
  ),
  {
    what: "a socket that is closed for bad data",
    node: "azure.asr",
    with: ONCE,
    faults: [{ on: "connection", after: { received: 8 }, do: { close: 1007 } }],
    found: "run",
    code: "VENDOR_REFUSED",
    says: /1007/,
  },
  {
    what: "a socket that is closed in the midst of a sentence",
    node: "azure.asr",
    with: ONCE,
    faults: onEachConnection(8, { close: 1011 }),
    found: "run",
    code: "VENDOR_LOST",
    says: /1011/,
  },
  moreThanIsHeld("azure.asr"),
  {
    what: "a short recording of more than 60 s",
    node: "azure.file-asr",
    with: { api: "short" },
    frames: [talkFile(new Int16Array(16_000 * 61))],
    found: "run",
    code: "AUDIO_TOO_LONG",
    says: /60 s/,
    fallback: false,
  },
];

/** What the nodes of Azure are answered and cannot work with. */
export const badAnswers: readonly BadInput[] = [...nonsense, ...limits];
