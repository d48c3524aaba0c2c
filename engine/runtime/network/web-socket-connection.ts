import { EngineError } from "#engine/errors";
import type { DialRequest, Message } from "#engine/plugin";
import { endpointOf } from "./endpoint.ts";
import { pinned } from "./pinned.ts";
import { QueuedConnection } from "./queued-connection.ts";

/** Waiting bytes below which more may be sent. */
const ROOM_BYTES = 256 * 1024;
/** How often a full socket is looked at: it does not tell when it has room. */
const LOOK_MS = 5;
/** How long the far end has to answer a goodbye. */
const GOODBYE_MS = 5000;

/** The runtime's WebSocket takes headers; the type that other libraries declare for it does not know. */
const Socket = WebSocket as unknown as new (
  url: string,
  options: {
    readonly headers: Record<string, string>;
    readonly protocols: string[];
    readonly tls?: { readonly serverName: string };
  },
) => WebSocket;

/** The client's side of a WebSocket of the machine. */
export class WebSocketConnection extends QueuedConnection {
  readonly kind = "websocket";
  readonly #socket: WebSocket;
  #byUs = false;

  private constructor(socket: WebSocket) {
    super();
    this.#socket = socket;
    socket.onmessage = ({ data }) => this.heard(typeof data === "string" ? data : new Uint8Array(data));
    socket.onclose = ({ code, reason }) => {
      const by = this.#byUs ? "us" : code === 1006 ? "network" : "peer";
      this.ended({ by, code, ...(reason && { reason }) });
    };
    const onSign = () => this.heardSign();
    socket.addEventListener("ping", onSign);
    socket.addEventListener("pong", onSign);
  }

  /** @throws EngineError VENDOR_UNREACHABLE, with `details.status` where the upgrade was answered by something else; the signal's reason. */
  static open(request: DialRequest, only?: readonly string[]): Promise<WebSocketConnection> {
    const { url, headers, protocols, signal } = request;
    const there = only ? pinned(url, headers, only) : { url, headers };
    return new Promise((resolve, reject) => {
      const socket = new Socket(there.url, {
        headers: { ...there.headers },
        protocols: [...(protocols ?? [])],
        ...("tls" in there && url.startsWith("wss:") && { tls: there.tls }),
      });
      socket.binaryType = "arraybuffer";
      const onAbort = () => {
        socket.terminate();
        reject(signal?.reason);
      };
      const refused = (event: Event) => {
        signal?.removeEventListener("abort", onAbort);
        reject(refusal(url, "message" in event ? String(event.message) : ""));
      };
      signal?.addEventListener("abort", onAbort, { once: true });
      socket.onerror = refused;
      socket.onclose = refused;
      socket.onopen = () => {
        signal?.removeEventListener("abort", onAbort);
        socket.onopen = socket.onerror = socket.onclose = null; // what opening needed is not held as long as the connection
        resolve(new WebSocketConnection(socket));
      };
    });
  }

  get bufferedBytes(): number {
    return this.#socket.bufferedAmount;
  }

  send(message: Message): void {
    if (this.#socket.readyState === WebSocket.OPEN) this.#socket.send(message);
  }

  async drained(): Promise<void> {
    while (this.#socket.bufferedAmount >= ROOM_BYTES && !this.end)
      await new Promise<void>((resolve) => setTimeout(resolve, LOOK_MS));
  }

  ping(): void {
    if (this.#socket.readyState === WebSocket.OPEN) this.#socket.ping();
  }

  close(code = 1000, reason = ""): void {
    if (this.#byUs || this.end) return;
    this.#byUs = true;
    this.#socket.close(code, reason);
    const timer = setTimeout(() => this.destroy(), GOODBYE_MS);
    void this.closed.then(() => clearTimeout(timer));
  }

  destroy(): void {
    this.#byUs = true;
    this.#socket.terminate();
    this.ended({ by: "us", code: 1006 });
  }
}

/** The runtime puts the status of a refused upgrade into its message, and nowhere else. */
function refusal(url: string, words: string): EngineError {
  const status = /status code: (\d{3})/u.exec(words)?.[1];
  if (status === undefined) return new EngineError("VENDOR_UNREACHABLE", `${endpointOf(url)} did not answer`);
  return new EngineError("VENDOR_UNREACHABLE", `${endpointOf(url)} refused the WebSocket with status ${status}`, {
    details: { status: Number(status) },
  });
}
