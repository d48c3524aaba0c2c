import type { Connection, Message } from "#engine/plugin";
import { decodeMessage } from "../../../../plugins/azure/wire.ts";
import { prompt, silent, talkFile } from "../samples.ts";
import type { BadInput } from "../table.ts";

const ONCE = { link: { attempts: 1 } };

/** Listens in place of the gateway; told each message by its path and its turn. */
const saying =
  (answer: (path: string, turn: string, connection: Connection) => void): NonNullable<BadInput["instead"]> =>
  (network, { web }) =>
    network.listen(web, {
      upgrade: async () => ({
        async serve(connection) {
          for await (const message of connection) {
            const { path, requestId } = decodeMessage(message);
            answer(path, requestId, connection);
          }
        },
      }),
    });

const text = (path: string, turn: string, body: unknown): Message =>
  `X-RequestId:${turn}\r\nPath:${path}\r\nContent-Type:application/json\r\n\r\n${typeof body === "string" ? body : JSON.stringify(body)}`;

/** Answers the first audio, or the text to be spoken, with this. */
const first = (answer: (turn: string) => Message): NonNullable<BadInput["instead"]> => {
  const told = new Set<string>();
  return saying((path, turn, connection) => {
    if ((path !== "audio" && path !== "ssml") || told.has(turn)) return;
    told.add(turn);
    connection.send(answer(turn));
  });
};

const refusing =
  (status: number): NonNullable<BadInput["instead"]> =>
  (network, { web }) =>
    network.listen(web, {
      upgrade: async () => ({ status, body: "no" }),
      request: async () => ({ status, body: "no" }),
    });

const credentials: BadInput[] = [
  {
    what: "neither key nor token",
    node: "azure.asr",
    with: { key: undefined },
    found: "lint",
    code: "KEY_MISSING",
    says: /set key \(or token\)/,
  },
  {
    what: "neither region nor host",
    node: "azure.tts",
    with: { host: undefined },
    found: "lint",
    code: "VALUE_INVALID",
    says: /region \(or host\)/,
  },
  {
    what: "a key that is none",
    node: "azure.asr",
    with: { key: "${secret:other}" },
    found: "run",
    code: "VENDOR_KEY_REFUSED",
    says: /refused the key or token.*set/,
  },
  {
    what: "a key that is none, to interpret",
    node: "azure.interpret",
    with: { key: "${secret:other}" },
    found: "run",
    code: "VENDOR_KEY_REFUSED",
    says: /refused the key or token.*set/,
  },
  {
    what: "a key that is none, to speak",
    node: "azure.tts",
    with: { key: "${secret:other}" },
    found: "run",
    code: "VENDOR_KEY_REFUSED",
    says: /refused the key or token.*set/,
  },
  {
    what: "a key that is none, for a recording",
    node: "azure.file-asr",
    with: { key: "${secret:other}" },
    found: "run",
    code: "VENDOR_KEY_REFUSED",
    says: /refused the key or token.*set/,
  },
  {
    what: "a token that has ended",
    node: "azure.asr",
    with: { key: undefined, token: "${secret:key}" },
    faults: [{ on: "handshake", do: { expiredToken: true } }],
    found: "run",
    code: "VENDOR_KEY_REFUSED",
    says: /refused the key or token.*set/,
  },
  {
    what: "a key of another region",
    node: "azure.asr",
    instead: refusing(403),
    found: "run",
    code: "VENDOR_KEY_REFUSED",
    says: /not for this region/,
  },
  {
    what: "an address that the service has not",
    node: "azure.asr",
    instead: refusing(404),
    found: "run",
    code: "VENDOR_REFUSED",
    says: /look at region and endpoint/,
  },
];

const settings: BadInput[] = [
  {
    what: "a language that is no locale",
    node: "azure.asr",
    with: { language: "English" },
    found: "lint",
    code: "VALUE_FORMAT",
    says: /en-US/,
  },
  {
    what: "a rate that the service has not",
    node: "azure.asr",
    with: { sampleRateHz: 44_100 },
    found: "lint",
    code: "VALUE_NOT_ALLOWED",
    says: /16000/,
  },
  {
    what: "no language to translate into",
    node: "azure.interpret",
    with: { targets: [] },
    found: "lint",
    code: "VALUE_OUT_OF_RANGE",
    says: /targets/,
  },
  {
    what: "a format that the service has not",
    node: "azure.tts",
    with: { format: "flac" },
    found: "lint",
    code: "VALUE_NOT_ALLOWED",
    says: /format/,
  },
  {
    what: "a style that no voice has more of",
    node: "azure.tts",
    with: { styleDegree: 9 },
    found: "lint",
    code: "VALUE_OUT_OF_RANGE",
    says: /styleDegree/,
  },
  {
    what: "single requests without a detector",
    node: "azure.asr",
    with: { mode: "once" },
    found: "lint",
    code: "INPUT_LACKS_KIND",
    says: /speech/,
  },
  {
    what: "speakers in several channels",
    node: "azure.file-asr",
    with: { speakers: 2, channels: [0, 1] },
    found: "lint",
    code: "VALUE_INVALID",
    says: /leave out channels/,
  },
  {
    what: "speakers in a short recording",
    node: "azure.file-asr",
    with: { api: "short", speakers: 2 },
    found: "lint",
    code: "VALUE_INVALID",
    says: /short recognition knows neither/,
  },
  {
    what: "a batch of bytes",
    node: "azure.file-asr",
    with: { api: "batch" },
    found: "run",
    code: "CONFIG_INVALID",
    says: /address/,
    fallback: false,
  },
];

const spoken: BadInput[] = (
  [
    ["is not well formed", "<speak><voice name='a'>Hi</speak></voice>", /InvalidTag/],
    ["is no speak element", "<voice name='a'>Hi</voice>", /begin with <speak>/],
    ["leaves its element", "<speak>Hi</speak><audio src='file:///x'/>", /goes on behind/],
    ["declares a document type", "<!DOCTYPE speak [<!ENTITY a 'b'>]><speak>&a;</speak>", /document type/],
    ["names an entity that it does not declare", "<speak>&a;</speak>", /an & that begins/],
  ] as const
).map(([what, document, says]) => ({
  what: `SSML that ${what}`,
  node: "azure.tts",
  with: { ssml: true },
  frames: [prompt(document)],
  found: "run",
  code: "CONFIG_INVALID",
  says,
  fallback: { use: "bad-input.voice" },
  result: [`${document.length * 320} samples`],
}));

const nonsense: BadInput[] = [
  {
    what: "words in place of a message",
    node: "azure.asr",
    with: ONCE,
    instead: first(() => "hello"),
    found: "run",
    code: "VENDOR_PROTOCOL",
    says: /empty line/,
  },
  {
    what: "a message of nothing",
    node: "azure.asr",
    with: ONCE,
    instead: first((turn) => `X-RequestId:${turn}\r\n\r\n{}`),
    found: "run",
    code: "VENDOR_PROTOCOL",
    says: /no Path/,
  },
  {
    what: "bytes whose headers are longer than they are",
    node: "azure.asr",
    with: ONCE,
    instead: first(() => new Uint8Array([255, 255, 1])),
    found: "run",
    code: "VENDOR_PROTOCOL",
    says: /headers/,
  },
  {
    what: "a phrase that is no JSON",
    node: "azure.asr",
    with: ONCE,
    instead: first((turn) => text("speech.phrase", turn, "{")),
    found: "run",
    code: "VENDOR_PROTOCOL",
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
    found: "run",
    code: "VENDOR_PROTOCOL",
    says: /speech\.phrase.*Offset/,
  },
  {
    what: "translations that are no list",
    node: "azure.interpret",
    with: ONCE,
    instead: first((turn) =>
      text("translation.phrase", turn, { Text: "x", Offset: 0, Duration: 1, Translation: { Translations: "none" } }),
    ),
    found: "run",
    code: "VENDOR_PROTOCOL",
    says: /translation\.phrase/,
  },
  {
    what: "noise in place of a message",
    node: "azure.asr",
    with: ONCE,
    faults: [{ on: "connection", after: { sent: 1 }, do: { garbage: true } }],
    found: "run",
    code: "VENDOR_PROTOCOL",
    says: "Speech protocol",
  },
  {
    what: "half a message",
    node: "azure.tts",
    with: ONCE,
    faults: [{ on: "connection", after: { sent: 1 }, do: { half: true } }],
    found: "run",
    code: "VENDOR_PROTOCOL",
    says: "Speech protocol",
  },
  {
    what: "a page in place of a transcription",
    node: "azure.file-asr",
    instead: (network, { web }) =>
      network.listen(web, { request: async () => ({ status: 200, body: "<html>Welcome</html>" }) }),
    found: "run",
    code: "VENDOR_PROTOCOL",
    says: "Azure",
  },
];

const limits: BadInput[] = [
  {
    what: "more streams than the resource may have",
    node: "azure.asr",
    with: ONCE,
    faults: [{ on: "handshake", do: { rateLimit: true } }],
    found: "run",
    code: "VENDOR_RATE_LIMITED",
    says: /too many requests.*concurrency/,
  },
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
      faults: Array.from({ length: 9 }, (_, i) => ({
        on: "connection",
        connections: i + 1,
        after: { received: 8 },
        do: { vendorError },
      })),
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
    faults: Array.from({ length: 9 }, (_, i) => ({
      on: "connection",
      connections: i + 1,
      after: { received: 8 },
      do: { close: 1011 },
    })),
    found: "run",
    code: "VENDOR_LOST",
    says: /1011/,
  },
  {
    what: "more audio than is held until the service is ready",
    node: "azure.asr",
    with: { link: { attempts: 1, openMs: 15_000, bufferMs: 1000 } },
    frames: silent(30_000),
    faults: [{ on: "handshake", do: { hang: true } }],
    found: "run",
    code: "VENDOR_UNREACHABLE",
    says: "15000 ms",
    drops: true,
    fallback: false,
  },
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

/** What the nodes of Azure are asked, or answered, and cannot work with. */
export const inputs: readonly BadInput[] = [...credentials, ...settings, ...spoken, ...nonsense, ...limits];
