import type { Server, ServerWebSocket } from "bun";
import { EngineError } from "#engine/errors";
import type { Connection, Door, Incoming, Listener, Message, Outgoing, TlsTexts, Upgrade } from "#engine/plugin";
import { listenFailure } from "./listen-failure.ts";
import { QueuedConnection } from "./queued-connection.ts";
import { TcpConnection, tcpHandlers } from "./tcp-connection.ts";

/** The largest body that is taken: some vendors' clients send whole recordings. */
const MOST_BODY_BYTES = 128 * 2 ** 20;
const MOST_MESSAGE_BYTES = 16 * 2 ** 20;
const ROOM_BYTES = 256 * 1024;

/** Listens on an address of the machine: for TCP where the door has `stream`, else for HTTP and WebSockets. */
export async function listenOnMachine(address: string, door: Door, tls?: TlsTexts): Promise<Listener> {
  const colon = address.lastIndexOf(":");
  const hostname = address.slice(0, colon);
  const port = Number(address.slice(colon + 1));
  if (colon <= 0 || !Number.isInteger(port))
    throw new EngineError("CONFIG_INVALID", `${address} is no address: host:port was wanted`);
  try {
    const place = { hostname, port, ...(tls && { tls: { ...tls } }) };
    return door.stream ? listenTcp(place, door.stream.bind(door)) : listenWeb(place, door);
  } catch (error) {
    throw listenFailure(address, error);
  }
}

interface Place {
  readonly hostname: string;
  readonly port: number;
  readonly tls?: { cert: string; key: string };
}

function listenTcp(place: Place, serve: (connection: Connection) => void): Listener {
  const open = new Set<Connection>();
  const server = Bun.listen<{ connection: TcpConnection }>({
    ...place,
    socket: {
      ...tcpHandlers,
      open(socket) {
        const connection = new TcpConnection();
        socket.data = { connection };
        connection.onOpen(socket);
        open.add(connection);
        void connection.closed.then(() => open.delete(connection));
        serve(connection);
      },
    },
  });
  return {
    address: `${place.hostname}:${server.port}`,
    async close() {
      server.stop();
      for (const connection of open) connection.destroy();
    },
  };
}

/** What Bun's socket carries along. */
export interface ServedSocket {
  readonly upgrade: Upgrade;
  connection?: ServedConnection;
}

function listenWeb(place: Place, door: Door): Listener {
  const server = Bun.serve<ServedSocket>({
    ...place,
    // without it a server that is not for development shares its port in silence with any other that asks for it
    reusePort: false,
    idleTimeout: 0,
    maxRequestBodySize: MOST_BODY_BYTES,
    fetch: (request, server) => answerWeb(request, server, door),
    websocket: webSocketHandlers,
  });
  return {
    address: `${place.hostname}:${server.port}`,
    close: () => server.stop(true),
  };
}

/** Answers one request of Bun's server by a door; undefined where it became a WebSocket, as Bun wants it. */
export async function answerWeb(
  request: Request,
  server: Pick<Server<ServedSocket>, "requestIP" | "upgrade">,
  door: Door,
): Promise<Response | undefined> {
  const from = server.requestIP(request)?.address;
  try {
    if (request.headers.get("upgrade")?.toLowerCase() !== "websocket") {
      const body = await bodyOf(request);
      if (!body) return new Response("too large", { status: 413 });
      const incoming = incomingOf(request, body, from);
      return responseOf((await door.request?.(incoming)) ?? { status: 404 });
    }
    const entry = (await door.upgrade?.(incomingOf(request, new Uint8Array(), from))) ?? { status: 404 };
    if ("status" in entry) return responseOf(entry);
    onlyOnce(request);
    const headers = { ...entry.headers, ...(entry.protocol && { "sec-websocket-protocol": entry.protocol }) };
    if (server.upgrade(request, { data: { upgrade: entry }, headers })) return undefined;
    return new Response("a WebSocket was expected", { status: 400 });
  } catch {
    return new Response("the gateway failed", { status: 500 });
  }
}

/** Undefined where it is too long. */
async function bodyOf(request: Request): Promise<Uint8Array | undefined> {
  if (Number(request.headers.get("content-length") ?? 0) > MOST_BODY_BYTES) return undefined;
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of request.body ?? []) {
    bytes += chunk.length;
    if (bytes > MOST_BODY_BYTES) return undefined;
    chunks.push(chunk);
  }
  return new Uint8Array(Buffer.concat(chunks));
}

/** Some vendors' clients write headers of the upgrade twice, and count on the first of each. */
function onlyOnce(request: Request): void {
  for (const name of ["sec-websocket-key", "sec-websocket-version"]) {
    const value = request.headers.get(name);
    if (value?.includes(",")) request.headers.set(name, value.slice(0, value.indexOf(",")).trim());
  }
}

function incomingOf(request: Request, body: Uint8Array, from: string | undefined): Incoming {
  const afterHost = request.url.slice(request.url.indexOf("/", request.url.indexOf("//") + 2));
  const mark = afterHost.indexOf("?");
  return {
    method: request.method,
    path: mark < 0 ? afterHost : afterHost.slice(0, mark),
    query: mark < 0 ? "" : afterHost.slice(mark + 1),
    headers: Object.fromEntries(request.headers),
    body,
    ...(from !== undefined && { from }),
  };
}

function responseOf({ status, headers, body }: Outgoing): Response {
  const init = { status, ...(headers && { headers }) };
  if (body === undefined || typeof body === "string") return new Response(body, init);
  return new Response(body instanceof Uint8Array ? (body as Uint8Array<ArrayBuffer>) : streamOf(body), init);
}

function streamOf(pieces: AsyncIterable<Uint8Array>): ReadableStream<Uint8Array> {
  const iterator = pieces[Symbol.asyncIterator]();
  return new ReadableStream({
    async pull(controller) {
      const { done, value } = await iterator.next();
      if (done) controller.close();
      else controller.enqueue(value);
    },
    async cancel() {
      await iterator.return?.();
    },
  });
}

/** The server's side of a WebSocket of the machine. */
class ServedConnection extends QueuedConnection {
  readonly kind = "websocket";
  #byUs = false;
  #room: (() => void)[] = [];

  constructor(readonly socket: ServerWebSocket<ServedSocket>) {
    super();
  }

  get bufferedBytes(): number {
    return this.end ? 0 : this.socket.getBufferedAmount();
  }

  send(message: Message): void {
    if (this.end) return;
    // what did not fit is lost, and so is a conversation that misses a message
    if (this.socket.send(message) === 0 && message.length > 0) this.destroy();
  }

  drained(): Promise<void> {
    if (this.end || this.bufferedBytes < ROOM_BYTES) return Promise.resolve();
    return new Promise((resolve) => this.#room.push(resolve));
  }

  ping(): void {
    if (!this.end) this.socket.ping();
  }

  close(code = 1000, reason = ""): void {
    if (this.#byUs || this.end) return;
    this.#byUs = true;
    this.socket.close(code, reason);
  }

  destroy(): void {
    this.#byUs = true;
    this.socket.terminate();
    this.onClose(1006, "");
  }

  onMessage(message: string | Uint8Array): void {
    this.heard(typeof message === "string" ? message : message.slice());
  }

  onSign(): void {
    this.heardSign();
  }

  onDrain(): void {
    for (const resolve of this.#room.splice(0)) resolve();
  }

  onClose(code: number, reason: string): void {
    this.ended({ by: this.#byUs ? "us" : code === 1006 ? "network" : "peer", code, ...(reason && { reason }) });
    this.onDrain();
  }
}

export const webSocketHandlers = {
  maxPayloadLength: MOST_MESSAGE_BYTES,
  backpressureLimit: 64 * 2 ** 20,
  closeOnBackpressureLimit: true,
  idleTimeout: 0,
  perMessageDeflate: false,
  open(socket: ServerWebSocket<ServedSocket>) {
    socket.data.connection = new ServedConnection(socket);
    socket.data.upgrade.serve(socket.data.connection);
  },
  message: (socket: ServerWebSocket<ServedSocket>, message: string | Buffer) =>
    socket.data.connection?.onMessage(message),
  drain: (socket: ServerWebSocket<ServedSocket>) => socket.data.connection?.onDrain(),
  ping: (socket: ServerWebSocket<ServedSocket>) => socket.data.connection?.onSign(),
  pong: (socket: ServerWebSocket<ServedSocket>) => socket.data.connection?.onSign(),
  close: (socket: ServerWebSocket<ServedSocket>, code: number, reason: string) =>
    socket.data.connection?.onClose(code, reason),
} as const;
