import type { Caller, GatewayHost, Incoming, Outgoing } from "#engine/plugin";
import type { GatewaySettings } from "./settings.ts";
import {
  checkSpeech,
  type SpeechInterface,
  SpeechRefusal,
  type SpeechRequest,
  speechRefusalOf,
} from "./speech-request.ts";
import { Voice } from "./voice.ts";

const HTTP: SpeechInterface = {
  action: "TextToStreamAudio",
  method: "POST",
  place: "tts.cloud.tencent.com/stream",
  hasText: true,
};

/** Synthesis in the answer to a request: `POST /stream`. */
export class SpeechDesk {
  readonly #stop = new AbortController();

  constructor(
    readonly host: GatewayHost,
    readonly settings: GatewaySettings,
  ) {}

  close(): void {
    this.#stop.abort();
  }

  async answer(request: Incoming, caller: Caller): Promise<Outgoing> {
    try {
      const parameters = bodyParameters(request.body);
      const call = { request, caller, parameters, signature: (request.headers.authorization ?? "").trim() };
      const asked = await checkSpeech(HTTP, call, this.host, this.settings.clockToleranceS);
      return await this.#speak(asked);
    } catch (error) {
      const { named, message } = speechRefusalOf(error);
      const Response = { Error: { Code: named, Message: message }, RequestId: this.host.newId() };
      return { status: 200, headers: { "content-type": "application/json" }, body: JSON.stringify({ Response }) };
    }
  }

  /** The answer begins with the first audio; a failure before it is an answer, too. */
  async #speak(asked: SpeechRequest): Promise<Outgoing> {
    const queue = new ByteQueue();
    const voice = await Voice.start({
      ...asked,
      host: this.host,
      signal: this.#stop.signal,
      onAudio: (bytes) => queue.push(bytes),
      onSubtitles: () => {},
    });
    await voice.say(asked.text);
    const spoken = voice.finish().then(
      () => queue.end(),
      (error) => queue.end(error),
    );
    void spoken;
    await queue.begun();
    return { status: 200, headers: { "content-type": "application/octet-stream" }, body: queue };
  }
}

/** Parameters of a body as they are signed: numbers as they were written, since `1.0` is signed as `1.0`. */
function bodyParameters(body: Uint8Array): Record<string, string> {
  let value: unknown;
  try {
    const asWritten = (_name: string, item: unknown, context?: { readonly source?: string }) =>
      typeof item === "number" ? (context?.source ?? `${item}`) : item;
    value = JSON.parse(new TextDecoder().decode(body), asWritten);
  } catch {
    throw new SpeechRefusal(10_001, "the body is no JSON");
  }
  if (typeof value !== "object" || value === null || Array.isArray(value))
    throw new SpeechRefusal(10_001, "the body is no object");
  const asSigned = (item: unknown) => (item === true ? "True" : item === false ? "False" : String(item)); // as Python writes them
  return Object.fromEntries(Object.entries(value).map(([name, item]) => [name, asSigned(item)]));
}

/** Bytes that are made and taken at different times. */
class ByteQueue implements AsyncIterable<Uint8Array> {
  readonly #parts: Uint8Array[] = [];
  #ended = false;
  #error: unknown;
  #wake: () => void = () => {};

  push(bytes: Uint8Array): void {
    this.#parts.push(bytes);
    this.#wake();
  }

  end(error?: unknown): void {
    this.#ended = true;
    this.#error = error;
    this.#wake();
  }

  /** Resolves with the first bytes or the end. @throws what it ended with before any bytes. */
  async begun(): Promise<void> {
    while (this.#parts.length === 0 && !this.#ended) await this.#change();
    if (this.#parts.length === 0 && this.#error !== undefined) throw this.#error;
  }

  async *[Symbol.asyncIterator](): AsyncIterator<Uint8Array> {
    for (;;) {
      const part = this.#parts.shift();
      if (part) yield part;
      else if (!this.#ended) await this.#change();
      else if (this.#error !== undefined) throw this.#error;
      else return;
    }
  }

  #change(): Promise<void> {
    return new Promise((resolve) => {
      this.#wake = resolve;
    });
  }
}
