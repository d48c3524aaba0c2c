import type { Connection, Network } from "./network.ts";

/** A network on which somebody may also be called: what gateways stand on. */
export interface ServerNetwork extends Network {
  /**
   * @param address `host:port`; port 0 takes a free one.
   * @param tls PEM texts; networks in memory have no use for them.
   * @throws EngineError CONFIG_INVALID when the address is taken or not one's own.
   */
  listen(address: string, door: Door, tls?: TlsTexts): Promise<Listener>;
}

export interface TlsTexts {
  readonly cert: string;
  readonly key: string;
}

export interface Listener {
  /** `host:port` as callers reach it. */
  readonly address: string;
  /** Takes no new callers and ends those that are there. */
  close(): Promise<void>;
}

/** What happens to callers at one address. HTTP and WebSockets may share one; TCP has its own. */
export interface Door {
  /** One HTTP exchange. What it throws is answered with status 500. */
  request?(incoming: Incoming): Promise<Outgoing>;
  /** A WebSocket asks for entry: an answer with `status` refuses it. */
  upgrade?(incoming: Incoming): Promise<Upgrade | Outgoing>;
  /** A TCP connection that was accepted. */
  stream?(connection: Connection): void;
}

/** A request as it came. */
export interface Incoming {
  readonly method: string;
  /** As sent, percent-encoding and all; without the prefix under which a gateway is reached. */
  readonly path: string;
  /** As sent, with that prefix, where there is one: clients may have signed it. */
  readonly sentPath?: string;
  /** As sent, without the question mark; empty where there is none. Signatures are made over it, so nothing is decoded. */
  readonly query: string;
  /** Names in lower case. Of a header that came twice, both values joined with `, `. */
  readonly headers: Readonly<Record<string, string>>;
  /** Empty for an upgrade. */
  readonly body: Uint8Array;
  /** The caller's address, where it is known. */
  readonly from?: string;
}

export interface Outgoing {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | Uint8Array | AsyncIterable<Uint8Array>;
}

export interface Upgrade {
  /** Of the answer to the upgrade. */
  readonly headers?: Readonly<Record<string, string>>;
  /** The sub-protocol that was chosen of those offered. */
  readonly protocol?: string;
  serve(connection: Connection): void;
}
