import type { Connection, DialRequest, HttpRequest, HttpResponse, Message } from "#engine/plugin";
import { traceLine } from "#engine/plugin";
import { type ClockedNetwork, StreamedResponse } from "#engine/runtime";

/** One message of a vendor's, as a fixture keeps it. */
export interface RecordedMessage {
  /** Counts the connections and HTTP exchanges of the recording from 1. */
  readonly connection: number;
  readonly direction: "in" | "out";
  /** Of an HTTP request: its method and path. Queries and heads hold signatures. */
  readonly http?: string;
  /** Of an HTTP answer. */
  readonly status?: number;
  /** Of text, scrubbed; of bytes that came and hold no secret, and are few. */
  readonly text?: string;
  readonly base64?: string;
  /** Of bytes. */
  readonly bytes?: number;
}

export interface Recorder {
  /** Values that are blotted out wherever they stand, as they are, percent-encoded, escaped or in base64. */
  readonly secrets: readonly string[];
  record(message: RecordedMessage): void;
}

/** Names of query parameters and heads that carry what nobody else may have. */
const CREDENTIAL = /token|secret|signature|password|authorization|key/iu;
/** Shorter words are no credentials: `Bearer`, numbers. */
const LEAST_CREDENTIAL = 8;

/** Bytes beyond it are audio, of which the length is enough. */
const KEPT_BYTES = 2048;

/** A network that notes what travels on its sockets and in the bodies of HTTP, without secrets. */
export class RecordingNetwork implements ClockedNetwork {
  readonly virtual: boolean;
  #connections = 0;
  readonly #secrets: readonly string[];
  /** What was sent as a token, key or signature, and may have come in an answer before, under any name. */
  readonly #shown = new Set<string>();

  constructor(
    readonly network: ClockedNetwork,
    readonly recorder: Recorder,
  ) {
    this.virtual = network.virtual;
    this.#secrets = recorder.secrets.filter(Boolean).flatMap(formsOf);
  }

  async dial(request: DialRequest): Promise<Connection> {
    this.#learn(request);
    const connection = await this.network.dial(request);
    const number = ++this.#connections;
    return noted(connection, (direction, message) =>
      this.recorder.record({ connection: number, direction, ...this.#scrubbed(direction, message) }),
    );
  }

  async fetch(request: HttpRequest): Promise<HttpResponse> {
    this.#learn(request);
    const number = ++this.#connections;
    const { method = "GET", url, body = "" } = request;
    const path = this.#scrub(new URL(url).pathname);
    const { record } = this.recorder;
    record({ connection: number, direction: "out", http: `${method} ${path}`, ...this.#scrubbed("out", body) });
    const response = await this.network.fetch(request);
    const { status, headers } = response;
    const tell = (answer: Uint8Array) =>
      record({ connection: number, direction: "in", status, ...this.#scrubbed("in", textOr(answer)) });
    return new StreamedResponse(status, headers, told(response.chunks(), tell), path);
  }

  release(connection: Connection): void {
    this.network.release(connection);
  }

  #scrubbed(direction: "in" | "out", message: Message): Omit<RecordedMessage, "connection" | "direction"> {
    const secrets = this.#secrets;
    if (typeof message === "string") return message === "" ? {} : { text: this.#scrub(message) };
    const bytes = message.length;
    const held = Buffer.from(message);
    const secret = secrets.some((value) => held.includes(value));
    return direction === "in" && bytes <= KEPT_BYTES && !secret
      ? { bytes, base64: held.toString("base64") }
      : { bytes };
  }

  /** A text of the recording without what turned out to be a credential only after it was noted. To be asked when all is over. */
  blotted(text: string): string {
    let clean = text;
    // a credential may hold a secret, which was blotted out of it already
    const shown = [...this.#shown].flatMap((each) => [...formsOf(each), this.#scrub(each)]);
    for (const form of shown) clean = clean.replaceAll(form, "…");
    return clean;
  }

  #learn({ url, headers = {} }: Pick<DialRequest, "url" | "headers">): void {
    const { searchParams } = new URL(url);
    for (const [name, value] of [...searchParams, ...Object.entries(headers)])
      if (CREDENTIAL.test(name))
        for (const word of value.split(/[\s,;=]+/)) if (word.length >= LEAST_CREDENTIAL) this.#shown.add(word);
  }

  #scrub(text: string): string {
    return traceLine(text, this.#secrets, Number.POSITIVE_INFINITY);
  }
}

/** A secret as it may stand in a message; the longer forms first, since one may hold another. */
function formsOf(secret: string): string[] {
  const escaped = JSON.stringify(secret).slice(1, -1);
  const base64 = Buffer.from(secret).toString("base64");
  const forms = new Set([secret, escaped, encodeURIComponent(secret), base64, base64.replace(/=+$/, "")]);
  return [...forms].sort((a, b) => b.length - a.length);
}

/** Bytes that are text are kept as such. */
function textOr(bytes: Uint8Array): Message {
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    return bytes;
  }
}

/** The pieces themselves; when all have come, they are told as one. */
async function* told(chunks: AsyncIterable<Uint8Array>, tell: (all: Uint8Array) => void): AsyncIterable<Uint8Array> {
  const kept: Uint8Array[] = [];
  for await (const chunk of chunks) {
    kept.push(chunk);
    yield chunk;
  }
  tell(new Uint8Array(Buffer.concat(kept)));
}

/** The connection itself, with its messages told as they pass. */
function noted(connection: Connection, tell: (direction: "in" | "out", message: Message) => void): Connection {
  const send = connection.send.bind(connection);
  const receive = connection.receive.bind(connection);
  connection.send = (message) => {
    tell("out", message);
    send(message);
  };
  connection.receive = async () => {
    const message = await receive();
    if (message !== undefined) tell("in", message);
    return message;
  };
  connection[Symbol.asyncIterator] = async function* () {
    for (let message = await connection.receive(); message !== undefined; message = await connection.receive())
      yield message;
  };
  return connection;
}
