import { encodeWav } from "#engine/audio";
import { LETTERS } from "../spoken-letters.ts";
import { bytesOf, ECHOED, NUMBERS, RATE_HZ, spoken } from "../spoken-numbers.ts";

const LIVE = { live: { encoding: "s16le", sampleRateHz: RATE_HZ, channels: 1 } };
const RUN = { workflow: "numbers", inputs: { talk: LIVE }, params: { delayMs: 1 }, labels: { customer: "7" } };

/** Names that stand for what the server gave out before; the next request gets a real one in their place. */
export const STANDS_FOR = { run: "RUN-ID", upload: "UPLOAD-ID", job: "JOB-ID", webhook: "WEBHOOK-ID" } as const;

/** Bodies that programs send, by method and path of the document. */
export const GOOD_BODIES: Readonly<Record<string, readonly unknown[]>> = {
  "POST /v1/runs": [
    RUN,
    { workflow: "numbers", inputs: { talk: { upload: STANDS_FOR.upload } } },
    { workflow: { text: ECHOED }, inputs: { talk: LIVE }, secrets: { key: "only here" }, keep: "text" },
    { workflow: "letters", inputs: { words: { live: { kind: "text" } } } },
    { workflow: "numbers", inputs: { talk: { url: "http://127.0.0.1:1/recording.wav" } } },
  ],
  "PATCH /v1/runs/{id}/nodes/{node}": [{ factor: 3 }, { delayMs: 2 }],
  "PUT /v1/workflows/{name}": [{ text: NUMBERS }, { text: LETTERS }],
  "POST /v1/lint": [{ text: ECHOED }],
  "POST /v1/plan": [{ workflow: "numbers" }, { workflow: { text: ECHOED }, params: { delayMs: 3 } }],
  "POST /v1/jobs": [
    { workflow: "numbers", items: [{ upload: STANDS_FOR.upload }], concurrency: 2 },
    { workflow: "numbers", items: [{ url: "http://10.0.0.1/a.wav" }], retry: { attempts: 1 } },
  ],
  "POST /v1/webhooks": [{ url: "https://example.invalid/hook", events: ["run.ended"] }],
  "POST /v1/tokens": [{ for: { run: STANDS_FOR.run }, seconds: 60 }, { for: { workflow: "numbers" } }],
  "POST /v1/transcribe": [{ url: "http://127.0.0.1:1/recording.wav" }],
  "POST /v1/speak": [{ text: "abc" }],
};

/** Two numbers, as a recording. */
export const WAV = encodeWav(spoken([1, 2]), { sampleRateHz: RATE_HZ, channels: 1 });

/** What a client says first on a socket that starts a run. */
export const GOOD_HELLO = {
  type: "start",
  run: RUN,
  sends: true,
  outputs: ["words"],
  after: 0,
};

/** Messages that may follow. */
export const GOOD_MESSAGES: readonly object[] = [
  { type: "audio", track: "talk", startSample: 0, bytes: "AQABAAEAAQABAA==" },
  { type: "text", track: "words", text: "abc", language: "en" },
  { type: "flush" },
  { type: "mute", track: "talk", muted: true },
  { type: "end", track: "talk" },
  { type: "update", node: "asr", fields: { delayMs: 3 }, ref: "u1" },
  { type: "ping", ref: 7 },
  { type: "attach", sends: true, after: 0 },
];

/** A binary message: its header of 24 bytes, then audio. @param startSample all ones where left out: follows what came before. */
export function audioMessage(pcm: Int16Array, track = 0, startSample?: number): Uint8Array<ArrayBuffer> {
  const message = new Uint8Array(24 + pcm.byteLength);
  message[0] = 1;
  message[1] = track;
  message[3] = 1;
  const view = new DataView(message.buffer);
  view.setUint32(4, RATE_HZ, true);
  view.setBigUint64(8, startSample === undefined ? 2n ** 64n - 1n : BigInt(startSample), true);
  message.set(bytesOf(pcm), 24);
  return message;
}
