import type { RtcConnection, RtcService } from "./connection.ts";

/** So many connections wait to be used again. */
const MOST_IDLE = 32;

/**
 * Connections outlive the users they were made for, as the vendor advises for many users in a process: making one is dear, joining another
 * channel with it is not. One that failed is not used again.
 */
export class ConnectionPool {
  readonly #idle = new Map<number, RtcConnection[]>();
  readonly #used = new Map<RtcConnection, number>();

  constructor(private readonly service: Pick<RtcService, "connection">) {}

  get size(): { readonly used: number; readonly idle: number } {
    return { used: this.#used.size, idle: [...this.#idle.values()].reduce((sum, { length }) => sum + length, 0) };
  }

  /** @param volumeMs between two reports of volumes; it belongs to a connection for good. */
  take(volumeMs: number): RtcConnection {
    const connection = this.#idle.get(volumeMs)?.pop() ?? this.service.connection(volumeMs);
    this.#used.set(connection, volumeMs);
    return connection;
  }

  /** @param sound false where it failed. */
  give(connection: RtcConnection, sound: boolean): void {
    const volumeMs = this.#used.get(connection);
    if (volumeMs === undefined) return;
    this.#used.delete(connection);
    if (!sound || this.size.idle >= MOST_IDLE) return connection.close();
    this.#idle.set(volumeMs, [...(this.#idle.get(volumeMs) ?? []), connection]);
  }

  close(): void {
    for (const connection of [...this.#used.keys()]) connection.close();
    for (const connection of [...this.#idle.values()].flat()) connection.close();
    this.#used.clear();
    this.#idle.clear();
  }
}
