import type { Connection, DialRequest, HttpRequest, HttpResponse, Message } from "#engine/plugin";
import { traceLine } from "#engine/plugin";
import type { ClockedNetwork } from "#engine/runtime";

/** One message of a vendor's, as a fixture keeps it. */
export interface RecordedMessage {
  /** Counts the connections of the recording from 1. */
  readonly connection: number;
  readonly direction: "in" | "out";
  /** Of text, scrubbed; of bytes that came and hold no secret, and are few. */
  readonly text?: string;
  readonly base64?: string;
  /** Of bytes. */
  readonly bytes?: number;
}

export interface Recorder {
  /** Values that are blotted out wherever they stand. */
  readonly secrets: readonly string[];
  record(message: RecordedMessage): void;
}

/** Bytes beyond it are audio, of which the length is enough. */
const KEPT_BYTES = 2048;

/** A network that notes what travels on its sockets, without secrets. HTTP goes past it: its heads and bodies hold signatures. */
export class RecordingNetwork implements ClockedNetwork {
  readonly virtual: boolean;
  #connections = 0;

  constructor(
    readonly network: ClockedNetwork,
    readonly recorder: Recorder,
  ) {
    this.virtual = network.virtual;
  }

  async dial(request: DialRequest): Promise<Connection> {
    const connection = await this.network.dial(request);
    const number = ++this.#connections;
    return noted(connection, (direction, message) =>
      this.recorder.record({ connection: number, direction, ...this.#scrubbed(direction, message) }),
    );
  }

  fetch(request: HttpRequest): Promise<HttpResponse> {
    return this.network.fetch(request);
  }

  release(connection: Connection): void {
    this.network.release(connection);
  }

  #scrubbed(direction: "in" | "out", message: Message): Omit<RecordedMessage, "connection" | "direction"> {
    const { secrets } = this.recorder;
    if (typeof message === "string") return { text: traceLine(message, secrets) };
    const bytes = message.length;
    const held = Buffer.from(message);
    const secret = secrets.some((value) => value !== "" && held.includes(value));
    return direction === "in" && bytes <= KEPT_BYTES && !secret
      ? { bytes, base64: held.toString("base64") }
      : { bytes };
  }
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
