import azure from "#plugins/azure";
import type { BenchVendor } from "./vendor.ts";

const KEY = "example-key";
const TEXT = new TextEncoder();

const headers = (task: string, path: string, type?: string): string =>
  `Path: ${path}\r\nX-RequestId: ${task.toUpperCase()}\r\nX-Timestamp: ${new Date().toISOString()}\r\n${type === undefined ? "" : `Content-Type: ${type}\r\n`}`;

const json = (task: string, path: string, body: object): string =>
  `${headers(task, path, "application/json")}\r\n${JSON.stringify(body)}`;

function audio(task: string, body: Uint8Array, type?: string): Uint8Array {
  const head = TEXT.encode(headers(task, "audio", type));
  const bytes = new Uint8Array(2 + head.length + body.length);
  new DataView(bytes.buffer).setUint16(0, head.length);
  bytes.set(head, 2);
  bytes.set(body, 2 + head.length);
  return bytes;
}

/** Mono, 16 kHz, of a length that is not known. */
const RIFF = Uint8Array.fromHex(
  "524946460000000057415645666d74201000000001000100803e0000007d0000020010006461746100000000",
);

const pathOf = (message: string): string => /^Path: ?(\S+)/im.exec(message)?.[1]?.toLowerCase() ?? "";

/** What comes at the end of a stream is a phrase without words. */
const isResult = (message: string): boolean =>
  /^speech\.(hypothesis|phrase)$/.test(pathOf(message)) && /"(Display)?Text"/.test(message);

export const vendor: BenchVendor = {
  plugin: azure,
  key: { id: KEY, secret: KEY, facts: {} },
  taskId: "requestId",
  secret: KEY,
  node: (url) => `use: azure.asr, with: { host: "${url}", key: "\${secret:access}", chunkMs: 100 }`,
  url: (web) => `ws://${web}`,
  resultOf: (message) => (isResult(message) ? /^X-RequestId: ?(\w+)/im.exec(message)?.[1]?.toLowerCase() : undefined),
  bare: {
    path: "/stt/speech/universal/v2?language=en-US&format=simple",
    headers: { "Ocp-Apim-Subscription-Key": KEY, "X-ConnectionId": "0".repeat(32) },
    begin: (task) => [
      json(task, "speech.config", { context: { system: { name: "bare", version: "1" } } }),
      json(task, "speech.context", { phraseDetection: { mode: "Conversation", language: "en-US" } }),
      audio(task, RIFF, "audio/x-wav"),
    ],
    audio: (task, pcm) => audio(task, pcm),
    end: (task) => audio(task, new Uint8Array(0)),
    meaning(message) {
      const path = pathOf(message);
      if (path === "turn.start") return "started";
      if (path === "turn.end") return "done";
      return isResult(message) ? "result" : "nothing";
    },
  },
};
