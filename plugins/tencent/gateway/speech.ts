import type { Caller, Client, GatewayHost, Incoming, Message, Outgoing } from "#engine/plugin";
import { readQuery } from "../signatures.ts";
import { flowingRequest, type Subtitle } from "../wire/spoken.ts";
import { readJson } from "../wire.ts";
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
const SOCKET: SpeechInterface = {
  action: "TextToStreamAudioWS",
  method: "GET",
  place: "tts.cloud.tencent.com/stream_ws",
  hasText: true,
};
const FLOWING: SpeechInterface = {
  action: "TextToStreamAudioWSv2",
  method: "GET",
  place: "tts.cloud.tencent.com/stream_wsv2",
  hasText: false,
};

/** Characters that one session of flowing text takes. */
const MOST_CHARACTERS = 10_000;
/** Without text for so long, what is there is finished and the session ends. */
const IDLE_MS = 600_000;
/** Without text for so long, the run is ended, and the next text starts another: a run in which nothing happens would fail. */
const PAUSE_MS = 20_000;
const QUIET = Symbol("the client says nothing");

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

/** Synthesis over a socket: `/stream_ws`, whose address holds the text, and `/stream_wsv2`, which is given it piece by piece. */
export class SpeechSession {
  #sessionId = "";
  #requestId: string;
  #messages = 0;
  /** Text that is no whole sentence yet. */
  #rest = "";
  #characters = 0;
  /** What was asked for and did not come yet: one question is open at a time. */
  #receiving: Promise<Message | undefined> | undefined;
  readonly #refused = Promise.withResolvers<never>();

  constructor(
    readonly client: Client,
    readonly host: GatewayHost,
    readonly settings: GatewaySettings,
    readonly flowing: boolean,
  ) {
    this.#requestId = host.newId();
    this.#refused.promise.catch(() => {});
  }

  async serve(): Promise<void> {
    const { client, flowing } = this;
    client.onVendorError((code) => this.#refused.reject(new SpeechRefusal(Number(code))));
    let voice: Voice | undefined;
    try {
      const asked = await this.#check();
      const start = () => this.#start(asked);
      voice = await start();
      const speaking = flowing ? this.#converse(voice, start) : this.#speak(voice, asked.text);
      await Promise.race([speaking, this.#refused.promise]);
      this.#say({ final: 1 });
    } catch (error) {
      voice?.run.cancel("the session has ended");
      const { code, message } = speechRefusalOf(error);
      this.#say({ code, message, final: 0 });
    }
  }

  async #check(): Promise<SpeechRequest> {
    const { client, host, settings, flowing } = this;
    const { request } = client;
    const query = request ? readQuery(request.query) : undefined;
    if (!request || !query) throw new SpeechRefusal(10_001, "the query cannot be read");
    const { Signature: signature = "", ...parameters } = query;
    this.#sessionId = (parameters.SessionId ?? "").slice(0, 128);
    const call = { request, caller: client, parameters, signature };
    return checkSpeech(flowing ? FLOWING : SOCKET, call, host, settings.clockToleranceS);
  }

  #start(asked: SpeechRequest): Promise<Voice> {
    const { client, host } = this;
    return Voice.start({
      ...asked,
      host,
      signal: client.signal,
      onAudio: (bytes) => client.connection.send(bytes),
      onSubtitles: (subtitles) => asked.subtitles && this.#say({ result: { subtitles } }),
    });
  }

  async #speak(voice: Voice, text: string): Promise<void> {
    await voice.say(text);
    await voice.finish();
  }

  /** Sentences are spoken as soon as they are whole. */
  async #converse(first: Voice, start: () => Promise<Voice>): Promise<void> {
    let voice: Voice | undefined = first;
    const say = async (text: string) => {
      if (text.trim() === "") return;
      voice ??= await start();
      await voice.say(text);
    };
    this.#say({ ready: 1 });
    for (let quietMs = 0; quietMs < IDLE_MS; ) {
      const message = await this.#next(Math.min(PAUSE_MS, IDLE_MS - quietMs));
      if (message === QUIET) {
        quietMs += PAUSE_MS;
        await voice?.finish();
        voice = undefined;
        continue;
      }
      quietMs = 0;
      if (!message || message.action === "ACTION_COMPLETE") break;
      if (message.action === "ACTION_RESET") {
        this.#rest = "";
        voice?.run.cancel("the client wants to begin anew");
        voice = undefined;
        this.#say({ reset: 1 });
      } else for (const sentence of this.#sentencesWith(message.data)) await say(sentence);
    }
    await say(this.#rest);
    await voice?.finish();
  }

  /** Whole sentences of what was held and what came now; the rest is held. */
  #sentencesWith(text: string): string[] {
    this.#characters += [...text].length;
    if (this.#characters > MOST_CHARACTERS) throw new SpeechRefusal(10_002);
    const sentences = `${this.#rest}${text}`.split(/(?<=[.!?;…]["')\]]?\s|[。！？；…]["’”」』）]?|\n)/u);
    this.#rest = sentences.pop() ?? "";
    return sentences;
  }

  /** What the client says next; undefined when it has gone. */
  async #next(patienceMs: number) {
    const { clock } = this.host;
    this.#receiving ??= this.client.connection.receive();
    const quiet = Promise.withResolvers<typeof QUIET>();
    const callOff = clock.after(patienceMs, () => quiet.resolve(QUIET));
    try {
      const message = await Promise.race([this.#receiving, quiet.promise]);
      if (message === QUIET) return QUIET;
      this.#receiving = undefined;
      return message === undefined ? undefined : readFlowing(message);
    } finally {
      callOff();
    }
  }

  #say(message: {
    readonly result?: { readonly subtitles: readonly Subtitle[] };
    readonly [field: string]: unknown;
  }): void {
    this.client.connection.send(
      JSON.stringify({
        code: 0,
        message: "success",
        session_id: this.#sessionId,
        request_id: this.#requestId,
        message_id: `${this.#sessionId}_${this.#messages++}`,
        final: 0,
        ...(this.flowing && { ready: 0, heartbeat: 0, reset: 0 }),
        ...message,
      }),
    );
  }
}

function readFlowing(message: string | Uint8Array) {
  try {
    return readJson(flowingRequest, message, "synthesis");
  } catch {
    throw new SpeechRefusal(10_001, "a message that is not understood");
  }
}
