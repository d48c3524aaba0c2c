import type { Clock, Message } from "#engine/plugin";
import { QueuedConnection } from "./queued-connection.ts";

/** How much may lie unread at the far end before the sender feels it. */
const WINDOW_BYTES = 256 * 1024;

/** How a connection in memory carries what is sent on it. */
export interface Carriage {
  /** Of the clock, one way. */
  readonly latencyMs: number;
  /** How TCP cuts bytes up; the pieces joined are the bytes. Default: as they were sent. */
  readonly cut?: (bytes: Uint8Array) => readonly Uint8Array[];
}

/** One end of a connection in memory. Everything arrives by the clock, in the order it was sent. */
export class MemoryConnection extends QueuedConnection {
  #other!: MemoryConnection;
  #inFlight = 0;
  #frozen = false;
  #byUs = false;
  readonly #room: (() => void)[] = [];

  private constructor(
    readonly kind: "tcp" | "websocket",
    readonly clock: Clock,
    readonly carriage: Carriage,
  ) {
    super();
  }

  static pair(kind: "tcp" | "websocket", clock: Clock, carriage: Carriage): [MemoryConnection, MemoryConnection] {
    const one = new MemoryConnection(kind, clock, carriage);
    const other = new MemoryConnection(kind, clock, carriage);
    one.#other = other;
    other.#other = one;
    return [one, other];
  }

  get bufferedBytes(): number {
    return this.#inFlight + Math.max(0, this.#other.queuedBytes - WINDOW_BYTES);
  }

  send(message: Message): void {
    if (this.#byUs || this.end) return;
    if (this.kind === "websocket") return this.#carry(typeof message === "string" ? message : message.slice());
    const bytes = typeof message === "string" ? new TextEncoder().encode(message) : message.slice();
    for (const piece of this.carriage.cut?.(bytes) ?? [bytes]) this.#carry(piece);
  }

  drained(): Promise<void> {
    if (this.bufferedBytes < WINDOW_BYTES || this.end) return Promise.resolve();
    return new Promise((resolve) => this.#room.push(resolve));
  }

  ping(): void {
    if (this.kind === "tcp") return;
    this.#arrive(() => {
      this.#other.heardSign();
      this.#other.#arrive(() => this.heardSign());
    });
  }

  close(code = 1000, reason = ""): void {
    if (this.#byUs || this.end) return;
    this.#byUs = true;
    const words = this.kind === "websocket" ? { code, ...(reason && { reason }) } : {};
    this.#arrive(() => {
      this.#other.finish({ by: "peer", ...words });
      this.finish({ by: "us", ...words });
    });
  }

  destroy(): void {
    const words = this.kind === "websocket" ? { code: 1006 } : {};
    this.#byUs = true;
    this.#arrive(() => this.#other.finish({ by: "network", ...words }));
    this.finish({ by: "us", ...words });
  }

  /** The line goes dead in both directions, pongs included, and neither end is told. */
  freeze(): void {
    this.#frozen = true;
    this.#other.#frozen = true;
  }

  protected override taken(): void {
    this.#other.#giveRoom();
  }

  #carry(message: Message): void {
    this.#inFlight += message.length;
    this.#arrive(() => {
      this.#inFlight -= message.length;
      this.#other.heard(message);
      this.#giveRoom();
    });
  }

  #arrive(what: () => void): void {
    this.clock.after(this.carriage.latencyMs, () => {
      if (!this.#frozen) what();
    });
  }

  #giveRoom(): void {
    if (this.bufferedBytes >= WINDOW_BYTES && !this.end) return;
    for (const resolve of this.#room.splice(0)) resolve();
  }

  private finish(end: Parameters<MemoryConnection["ended"]>[0]): void {
    this.ended(end);
    this.#giveRoom();
  }
}
