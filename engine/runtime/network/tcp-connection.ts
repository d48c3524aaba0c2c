import type { Socket } from "bun";
import type { Message } from "#engine/plugin";
import { QueuedConnection } from "./queued-connection.ts";

/** Waiting bytes below which more may be sent. */
const ROOM_BYTES = 256 * 1024;
/** How long a goodbye may take to leave before the socket is cut off. */
const GOODBYE_MS = 5000;

/** A TCP or TLS socket of the machine. */
export class TcpConnection extends QueuedConnection {
  readonly kind = "tcp";
  #socket: Socket<unknown> | undefined;
  #waiting: Uint8Array[] = [];
  #waitingBytes = 0;
  #closing = false;
  #goodbye: ReturnType<typeof setTimeout> | undefined;
  #room: (() => void)[] = [];

  get bufferedBytes(): number {
    return this.#waitingBytes;
  }

  send(message: Message): void {
    if (this.#closing || this.end || !this.#socket) return;
    const bytes = typeof message === "string" ? new TextEncoder().encode(message) : message;
    const written = this.#waiting.length > 0 ? 0 : Math.max(0, this.#socket.write(bytes));
    if (written >= bytes.length) return;
    this.#waiting.push(bytes.slice(written));
    this.#waitingBytes += bytes.length - written;
  }

  drained(): Promise<void> {
    if (this.#waitingBytes < ROOM_BYTES || this.end) return Promise.resolve();
    return new Promise((resolve) => this.#room.push(resolve));
  }

  ping(): void {}

  close(): void {
    if (this.#closing || this.end) return;
    this.#closing = true;
    this.#goodbye = setTimeout(() => this.destroy(), GOODBYE_MS);
    if (this.#waiting.length === 0) this.#socket?.end();
  }

  destroy(): void {
    this.#closing = true;
    this.onEnd("us");
    this.#socket?.terminate();
  }

  // what the socket tells

  onOpen(socket: Socket<unknown>): void {
    this.#socket = socket;
    socket.setNoDelay(true);
  }

  onData(bytes: Uint8Array): void {
    this.heard(bytes.slice());
  }

  onDrain(): void {
    while (this.#socket && this.#waiting.length > 0) {
      const next = this.#waiting[0]!;
      const written = Math.max(0, this.#socket.write(next));
      this.#waitingBytes -= written;
      if (written < next.length) {
        this.#waiting[0] = next.subarray(written);
        break;
      }
      this.#waiting.shift();
    }
    if (this.#waitingBytes < ROOM_BYTES) this.#giveRoom();
    if (this.#closing && this.#waiting.length === 0) this.#socket?.end();
  }

  onEnd(by: "us" | "peer" | "network"): void {
    clearTimeout(this.#goodbye);
    this.#waiting = [];
    this.#waitingBytes = 0;
    this.ended({ by: this.#closing && by === "peer" ? "us" : by });
    this.#giveRoom();
  }

  #giveRoom(): void {
    for (const resolve of this.#room.splice(0)) resolve();
  }
}

/** What Bun calls for a socket whose `data` is the connection. */
export const tcpHandlers = {
  data: (socket: Socket<{ connection: TcpConnection }>, bytes: Uint8Array) => socket.data.connection.onData(bytes),
  drain: (socket: Socket<{ connection: TcpConnection }>) => socket.data.connection.onDrain(),
  end: (socket: Socket<{ connection: TcpConnection }>) => {
    socket.data.connection.onEnd("peer");
    socket.end();
  },
  close: (socket: Socket<{ connection: TcpConnection }>, error?: Error) =>
    socket.data.connection.onEnd(error ? "network" : "peer"),
  error: (socket: Socket<{ connection: TcpConnection }>) => socket.data.connection.onEnd("network"),
};
