import { EngineError } from "#engine/errors";
import type {
  Connection,
  ConnectionEnd,
  DialRequest,
  HttpRequest,
  HttpResponse,
  Message,
  Network,
} from "#engine/plugin";
import type { Asked, AskName, AskOf, ConnectionAct } from "./messages.ts";

/** Asks the other side and waits; with a signal, the wait and the work there end together. */
export type AskIt = <Name extends AskName>(ask: AskOf<Name>, signal?: AbortSignal) => Promise<Asked[Name]["answer"]>;

/** The connections of one child, by the number that the other side gave them. */
export type InsideConnections = Map<number, InsideConnection>;

/** The network as an isolated node sees it. Sockets and what guards them stay on the other side. */
export class InsideNetwork implements Network {
  constructor(
    private readonly ask: AskIt,
    private readonly connections: InsideConnections,
    private readonly act: (connection: number, act: ConnectionAct) => void,
  ) {}

  async dial({ url, headers, protocols, signal }: DialRequest): Promise<Connection> {
    const opened = await this.ask(
      { what: "dial", url, ...(headers && { headers }), ...(protocols && { protocols }) },
      signal,
    );
    const { connection, id, kind } = opened;
    const inside = new InsideConnection(
      { id, kind },
      {
        act: (act) => this.act(connection, act),
        drained: () => this.ask({ what: "drained", connection }),
      },
    );
    this.connections.set(connection, inside);
    void inside.closed.then(() => this.connections.delete(connection));
    return inside;
  }

  async fetch({ signal, ...request }: HttpRequest): Promise<HttpResponse> {
    const { status, headers, body } = await this.ask({ what: "fetch", request }, signal);
    const ask = this.ask;
    return new InsideResponse(status, headers, async function* () {
      for (;;) {
        const chunk = await ask({ what: "chunk", body }, signal);
        if (!chunk) return;
        yield chunk;
      }
    });
  }

  release(connection: Connection): void {
    if (connection instanceof InsideConnection) connection.line.act({ do: "release" });
  }
}

class InsideResponse implements HttpResponse {
  constructor(
    readonly status: number,
    readonly headers: Readonly<Record<string, string>>,
    readonly chunks: () => AsyncIterable<Uint8Array>,
  ) {}

  async bytes(): Promise<Uint8Array> {
    const chunks: Uint8Array[] = [];
    for await (const chunk of this.chunks()) chunks.push(chunk);
    return new Uint8Array(Buffer.concat(chunks));
  }

  async text(): Promise<string> {
    return new TextDecoder().decode(await this.bytes());
  }

  async json(): Promise<unknown> {
    const text = await this.text();
    try {
      return JSON.parse(text);
    } catch {
      throw new EngineError("VENDOR_PROTOCOL", `an answer of ${text.length} characters is no JSON`);
    }
  }
}

interface ConnectionLine {
  act(act: ConnectionAct): void;
  drained(): Promise<undefined>;
}

/** A connection whose socket is on the other side. */
export class InsideConnection implements Connection {
  readonly id: string;
  readonly kind: "tcp" | "websocket";
  signs = 0;
  bufferedBytes = 0;
  readonly closed: Promise<ConnectionEnd>;
  readonly #messages: Message[] = [];
  #over: ConnectionEnd | undefined;
  #resolveClosed!: (end: ConnectionEnd) => void;
  #reader: ((message: Message | undefined) => void) | undefined;

  constructor(
    of: { readonly id: string; readonly kind: "tcp" | "websocket" },
    readonly line: ConnectionLine,
  ) {
    this.id = of.id;
    this.kind = of.kind;
    this.closed = new Promise((resolve) => {
      this.#resolveClosed = resolve;
    });
  }

  send(message: Message): void {
    if (this.#over) return;
    this.bufferedBytes += message.length;
    this.line.act({ do: "send", message: typeof message === "string" ? message : message.slice() });
  }

  async drained(): Promise<void> {
    if (this.#over) return;
    const before = this.bufferedBytes;
    await this.line.drained();
    this.bufferedBytes = Math.max(0, this.bufferedBytes - before);
  }

  receive(): Promise<Message | undefined> {
    const message = this.#messages.shift();
    if (message === undefined && !this.#over)
      return new Promise((resolve) => {
        this.#reader = resolve;
      });
    if (message !== undefined) this.line.act({ do: "took", messages: 1 });
    return Promise.resolve(message);
  }

  async *[Symbol.asyncIterator](): AsyncIterator<Message> {
    for (let message = await this.receive(); message !== undefined; message = await this.receive()) yield message;
  }

  ping(): void {
    if (!this.#over) this.line.act({ do: "ping" });
  }

  close(code?: number, reason?: string): void {
    if (!this.#over)
      this.line.act({ do: "close", ...(code !== undefined && { code }), ...(reason !== undefined && { reason }) });
  }

  destroy(): void {
    if (!this.#over) this.line.act({ do: "destroy" });
  }

  /** The other side has news. */
  heard(message: Message, signs: number): void {
    this.signs = signs;
    const reader = this.#reader;
    this.#reader = undefined;
    if (!reader) return void this.#messages.push(message);
    this.line.act({ do: "took", messages: 1 });
    reader(message);
  }

  over(end: ConnectionEnd): void {
    this.#over = end;
    this.#reader?.(undefined);
    this.#reader = undefined;
    this.#resolveClosed(end);
  }
}
