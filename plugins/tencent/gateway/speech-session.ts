import { type Client, type GatewayHost, type Message, SentenceCutter } from "#engine/plugin";
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
/** How long a client has time to close the line that it was told is done with. */
const PARTING_MS = 5000;
const QUIET = Symbol("the client says nothing");

/** Synthesis over a socket: `/stream_ws`, whose address holds the text, and `/stream_wsv2`, which is given it piece by piece. */
export class SpeechSession {
  #sessionId = "";
  #requestId: string;
  #messages = 0;
  #cutter = new SentenceCutter();
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
      this.#say(flowing ? { ready: 1 } : {});
      const speaking = flowing ? this.#converse(voice, start) : this.#speak(voice, asked.text);
      await Promise.race([speaking, this.#refused.promise]);
      this.#say({ final: 1 });
      await this.#parting();
    } catch (error) {
      voice?.cancel("the session has ended");
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

  /** After the last message it is the client who closes: the vendor's for Java fails where it finds the line closed when it comes to stop. */
  async #parting(): Promise<void> {
    const { clock } = this.host;
    const untilMs = clock.nowMs() + PARTING_MS;
    for (let leftMs = PARTING_MS; leftMs > 0; leftMs = untilMs - clock.nowMs()) {
      const message = await this.#receive(leftMs);
      if (message === undefined || message === QUIET) return;
    }
  }

  /** Sentences are spoken as soon as they are whole. */
  async #converse(first: Voice, start: () => Promise<Voice>): Promise<void> {
    let voice: Voice | undefined = first;
    const say = async (text: string) => {
      voice ??= await start();
      await voice.say(text);
    };
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
        this.#cutter = new SentenceCutter();
        voice?.cancel("the client wants to begin anew");
        voice = undefined;
        this.#say({ reset: 1 });
      } else for (const sentence of this.#sentencesWith(message.data)) await say(sentence);
    }
    for (const rest of this.#cutter.rest()) await say(rest);
    await voice?.finish();
  }

  /** Whole sentences of what was held and what came now; the rest is held. */
  #sentencesWith(text: string): string[] {
    this.#characters += [...text].length;
    if (this.#characters > MOST_CHARACTERS) throw new SpeechRefusal(10_002);
    return this.#cutter.push(text);
  }

  /** What the client says next; undefined when it has gone. */
  async #next(patienceMs: number) {
    const message = await this.#receive(patienceMs);
    return message === undefined || message === QUIET ? message : readFlowing(message);
  }

  async #receive(patienceMs: number): Promise<Message | typeof QUIET | undefined> {
    const { clock } = this.host;
    this.#receiving ??= this.client.connection.receive();
    const quiet = Promise.withResolvers<typeof QUIET>();
    const callOff = clock.after(patienceMs, () => quiet.resolve(QUIET));
    try {
      const message = await Promise.race([this.#receiving, quiet.promise]);
      if (message !== QUIET) this.#receiving = undefined;
      return message;
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
