import { EngineError, type HttpResponse, type NodeContext, sniffContainer, WavReader, z } from "#engine/plugin";
import { authHeaders, webHost } from "../access.ts";
import { httpFailure, phraseFailure } from "../status.ts";
import type { FileSettings } from "./config.ts";
import {
  batchResult,
  type Found,
  fastAnswer,
  fromBatch,
  fromFast,
  fromShort,
  readAnswer,
  shortAnswer,
} from "./phrases.ts";

const VERSION = "api-version=2024-11-15";
const CALL_MS = 30_000;

const task = z.looseObject({
  self: z.string(),
  links: z.looseObject({ files: z.string().optional() }).optional(),
  status: z.enum(["NotStarted", "Running", "Succeeded", "Failed"]),
  properties: z.looseObject({ error: z.looseObject({ code: z.string().optional() }).optional() }).optional(),
});

export type BatchTask = z.output<typeof task>;

const files = z.looseObject({
  values: z.array(z.looseObject({ kind: z.string(), links: z.looseObject({ contentUrl: z.string() }) })),
});

/** A file's bytes as they are. */
export interface Upload {
  readonly bytes: Uint8Array;
  readonly name: string;
}

/** Calls of the service's HTTP interfaces for recordings. */
export class FileCalls {
  constructor(
    private readonly ctx: NodeContext,
    private readonly settings: FileSettings,
    private readonly signal: AbortSignal,
  ) {}

  async fast({ bytes, name }: Upload): Promise<Found> {
    const { language, otherLanguages, speakers, channels, profanity } = this.settings;
    const definition = {
      locales: [language, ...otherLanguages],
      ...(channels.length > 0 && { channels }),
      ...(speakers > 0 && { diarization: { enabled: true, maxSpeakers: speakers } }),
      profanityFilterMode: { masked: "Masked", removed: "Removed", raw: "None" }[profanity],
    };
    const boundary = `parlando-${this.ctx.newId()}`;
    const body = multipart(boundary, bytes, name, JSON.stringify(definition));
    const url = `${webHost(this.settings, "api")}/speechtotext/transcriptions:transcribe?${VERSION}`;
    const headers = { "content-type": `multipart/form-data; boundary=${boundary}` };
    const answer = await this.#call({ url, method: "POST", headers, body }, this.settings.resultMs);
    return fromFast(readAnswer(fastAnswer, await answer.text(), "fast transcription"));
  }

  /** @throws EngineError AUDIO_TOO_LONG before anything is sent. */
  async short({ bytes, name }: Upload): Promise<Found> {
    requireShort(bytes);
    const { language, profanity, words } = this.settings;
    const query = new URLSearchParams({ language, format: words ? "detailed" : "simple", profanity });
    const path = "/speech/recognition/conversation/cognitiveservices/v1";
    const isOgg = /\.(ogg|opus)$/i.test(name);
    const headers = { accept: "application/json", "content-type": isOgg ? "audio/ogg; codecs=opus" : "audio/wav" };
    const url = `${webHost(this.settings, "stt")}${path}?${query}`;
    const answer = await this.#call({ url, method: "POST", headers, body: bytes }, this.settings.resultMs);
    const read = readAnswer(shortAnswer, await answer.text(), "short recognition");
    const failure = phraseFailure(read.RecognitionStatus);
    if (failure) throw failure;
    return fromShort(read);
  }

  async submit(contentUrl: string): Promise<BatchTask> {
    const { language, words, speakers, channels, profanity, hoursKept } = this.settings;
    const body = JSON.stringify({
      contentUrls: [contentUrl],
      locale: language,
      displayName: this.ctx.runId,
      properties: {
        timeToLiveHours: hoursKept,
        wordLevelTimestampsEnabled: words,
        profanityFilterMode: { masked: "Masked", removed: "Removed", raw: "None" }[profanity],
        ...(channels.length > 0 && { channels }),
        ...(speakers > 0 && { diarization: { enabled: true, maxSpeakers: speakers } }),
      },
    });
    const url = `${webHost(this.settings, "api")}/speechtotext/transcriptions:submit?${VERSION}`;
    const headers = { "content-type": "application/json" };
    return readAnswer(task, await (await this.#call({ url, method: "POST", headers, body })).text(), "a submission");
  }

  async ask(self: string): Promise<BatchTask> {
    return readAnswer(task, await (await this.#call({ url: self, method: "GET" })).text(), "a question for a result");
  }

  /** Of a task that has succeeded. */
  async result({ self, links }: BatchTask): Promise<Found> {
    const list = await this.#call({ url: links?.files ?? `${self}/files`, method: "GET" });
    const { values } = readAnswer(files, await list.text(), "a list of results");
    const found = values.find(({ kind }) => kind === "Transcription");
    if (!found) throw new EngineError("VENDOR_FAILED", "Azure ended a recording without a result");
    const url = found.links.contentUrl; // it lies elsewhere and needs no key
    const content = await this.ctx.network.fetch({ url, signal: this.signal, timeoutMs: CALL_MS });
    if (content.status !== 200) throw httpFailure(content.status);
    return fromBatch(readAnswer(batchResult, await content.text(), "a result"));
  }

  /** Deletes a task and its result. What goes wrong then changes nothing: the service deletes it by itself. */
  async delete(self: string): Promise<void> {
    const headers = authHeaders(this.settings);
    const answer = await this.ctx.network.fetch({ url: self, method: "DELETE", headers, timeoutMs: CALL_MS });
    await answer.bytes();
  }

  async #call(
    request: {
      readonly url: string;
      readonly method: string;
      readonly headers?: Readonly<Record<string, string>>;
      readonly body?: string | Uint8Array;
    },
    timeoutMs = CALL_MS,
  ): Promise<HttpResponse> {
    const headers = { ...authHeaders(this.settings), ...request.headers };
    const answer = await this.ctx.network.fetch({ ...request, headers, signal: this.signal, timeoutMs });
    if (answer.status >= 200 && answer.status < 300) return answer;
    await answer.bytes();
    throw httpFailure(answer.status);
  }
}

/** A form of two parts. The name of a file says nothing about where it lies. */
function multipart(boundary: string, bytes: Uint8Array, name: string, definition: string): Uint8Array {
  const plain = name.replace(/^.*[\\/]/, "").replace(/[^\w.-]/g, "_") || "audio";
  const head = `--${boundary}\r\nContent-Disposition: form-data; name="audio"; filename="${plain}"\r\nContent-Type: application/octet-stream\r\n\r\n`;
  const rest = `\r\n--${boundary}\r\nContent-Disposition: form-data; name="definition"\r\nContent-Type: application/json\r\n\r\n${definition}\r\n--${boundary}--\r\n`;
  return Buffer.concat([Buffer.from(head), bytes, Buffer.from(rest)]);
}

const SHORT_S = 60;

/** How long a WAV is can be seen; of Ogg only the service knows it. */
function requireShort(bytes: Uint8Array): void {
  if (sniffContainer(bytes.subarray(0, 4096)) !== "wav") return;
  const reader = new WavReader();
  const { length } = reader.push(bytes);
  if (!reader.info) return;
  const seconds = length / reader.info.channels / reader.info.sampleRateHz;
  if (seconds <= SHORT_S) return;
  throw new EngineError(
    "AUDIO_TOO_LONG",
    `a recording of ${Math.ceil(seconds)} s: short recognition takes ${SHORT_S} s; set api: fast`,
  );
}
