import { encodeWav, type Message } from "#engine/plugin";
import { decodeMessage, encodeMessage, waveHeader } from "../../../../plugins/azure/wire.ts";
import { open, posting } from "../clients.ts";
import { SPEAKS } from "../samples.ts";
import type { BadCall, CalledService } from "../table.ts";
import { SECRETS } from "./account.ts";

const TURN = "0123456789ABCDEF0123456789ABCDEF";
const TIME = "2026-01-01T00:00:00.000Z";
const LISTEN = "/stt/speech/universal/v2?language=en-US&format=simple";
const SPEAK = "/tts/cognitiveservices/websocket/v1";
const KEY = { "Ocp-Apim-Subscription-Key": SECRETS.key };

const json = (path: string, body: object): Message =>
  encodeMessage({
    path,
    requestId: TURN,
    timestamp: TIME,
    contentType: "application/json",
    body: JSON.stringify(body),
  });
const bytes = (body: Uint8Array): Message => encodeMessage({ path: "audio", requestId: TURN, timestamp: TIME, body });
const ssml = (body: string): Message =>
  encodeMessage({ path: "ssml", requestId: TURN, timestamp: TIME, contentType: "application/ssml+xml", body });
const context = (outputFormat: string): Message =>
  json("synthesis.context", { synthesis: { audio: { outputFormat } } });

/** Opens a socket and says this; the paths of what it was told, and how it was closed. */
const saying =
  (path: string, messages: readonly Message[], headers: Readonly<Record<string, string>> = KEY) =>
  async (service: CalledService): Promise<string> => {
    const connection = await open(service, path, headers);
    if (typeof connection === "string") return connection;
    for (const message of messages) connection.send(message);
    const told: string[] = [];
    for await (const message of connection) told.push(decodeMessage(message).path);
    const { code } = await connection.closed;
    return `${told.join(", ")}; closed with ${code}`;
  };

/** With a good key, unless another is given. */
const asking = (path: string, body: Uint8Array | string, headers: Readonly<Record<string, string>> = {}) =>
  posting(path, body, { ...KEY, ...headers });

const SHORT = "/speech/recognition/conversation/cognitiveservices/v1";
const FILES = "/speechtotext/transcriptions";

/** What the gateway is asked for and does not give. */
export const calls: readonly BadCall[] = [
  { what: "a socket without a key", told: "status 401", call: saying(LISTEN, [], {}) },
  {
    what: "a socket with a wrong key",
    told: "status 401",
    call: saying(LISTEN, [], { "Ocp-Apim-Subscription-Key": SECRETS.other }),
  },
  { what: "an address that it has not", told: "status 404", call: saying("/tea", []) },
  { what: "something that is no message", told: /^; closed with 1007/, call: saying(LISTEN, ["hello"]) },
  {
    what: "a message without its path",
    told: /^; closed with 1002/,
    call: saying(LISTEN, [`X-RequestId: ${TURN}\r\n\r\n{}`]),
  },
  {
    what: "a message whose turn has no id",
    told: /^; closed with 1002/,
    call: saying(LISTEN, ["Path: speech.context\r\n\r\n{}"]),
  },
  {
    what: "audio that is no WAV",
    told: /^turn\.start; closed with 1007/,
    call: saying(LISTEN, [bytes(new Uint8Array(3200).fill(7))]),
  },
  {
    what: "audio that is text",
    told: /closed with 1007/,
    call: saying(LISTEN, [
      bytes(waveHeader(16_000)),
      encodeMessage({ path: "audio", requestId: TURN, timestamp: TIME, body: "hello" }),
    ]),
    runs: 1,
  },
  {
    what: "speech of a context that cannot be read",
    told: /^; closed with 1007/,
    service: SPEAKS,
    call: saying(SPEAK, [json("synthesis.context", { tea: 1 })]),
  },
  {
    what: "speech in a form that it has not",
    told: /^; closed with 1007/,
    service: SPEAKS,
    call: saying(SPEAK, [context("amr-wb-16000hz"), ssml("<speak>Hi</speak>")]),
  },
  {
    what: "SSML that is not well formed",
    told: /^; closed with 1007/,
    service: SPEAKS,
    call: saying(SPEAK, [context("raw-16khz-16bit-mono-pcm"), ssml("<speak><voice>Hi</speak>")]),
  },
  {
    what: "SSML that leaves its element",
    told: /^; closed with 1007/,
    service: SPEAKS,
    call: saying(SPEAK, [context("raw-16khz-16bit-mono-pcm"), ssml("<speak>Hi</speak><audio src='file:///x'/>")]),
  },
  {
    what: "a token with a wrong key",
    told: /^401/,
    call: asking("/sts/v1.0/issueToken", "", { "Ocp-Apim-Subscription-Key": SECRETS.other }),
  },
  {
    what: "a short recording in no language",
    told: /^400.*language/,
    call: asking(SHORT, encodeWav(new Int16Array(16_000), { sampleRateHz: 16_000, channels: 1 })),
  },
  {
    what: "a short recording that is none",
    told: /^400.*AUDIO_/,
    call: asking(`${SHORT}?language=en-US`, new Uint8Array(100)),
  },
  { what: "a transcription without a form", told: /^400/, call: asking(`${FILES}:transcribe`, "hello") },
  { what: "a batch of nothing", told: /^400/, call: asking(`${FILES}:submit`, "{}") },
];
