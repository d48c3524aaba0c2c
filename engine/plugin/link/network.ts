/**
 * What a node may reach outside the process: sockets and HTTP, behind one interface over the machine's own network and over one in
 * memory that shares the run's clock. A vendor's code cannot tell which of them it works on.
 */
export interface Network {
  /**
   * Opens a connection; resolves when it can be written to.
   * @throws EngineError VENDOR_UNREACHABLE when nobody answers, or the far end refuses, then with `details.status` of its HTTP answer;
   *   HOST_FORBIDDEN, EFFECT_FORBIDDEN, CLOCK_REFUSES; the signal's reason when it aborts first.
   */
  dial(request: DialRequest): Promise<Connection>;
  /**
   * One HTTP exchange; resolves with the head of the answer, of whatever status. Redirects are answers like others and not followed.
   * @throws as `dial`.
   */
  fetch(request: HttpRequest): Promise<HttpResponse>;
  /** The connection does not end with the node that dialled it: a pool keeps it. */
  release(connection: Connection): void;
}

/** What came or goes in one piece: of a WebSocket a message, text as string; of TCP a chunk of any length. */
export type Message = string | Uint8Array;

export interface DialRequest {
  /** `tcp://host:port`, `tls://host:port`, `ws://…` or `wss://…`. */
  readonly url: string;
  /** Of a WebSocket's upgrade request. */
  readonly headers?: Readonly<Record<string, string>>;
  /** Sub-protocols of a WebSocket. */
  readonly protocols?: readonly string[];
  readonly signal?: AbortSignal;
}

/** Why a connection is over. */
export interface ConnectionEnd {
  /** `network`: it broke, without a goodbye of either side. */
  readonly by: "us" | "peer" | "network";
  /** Of a WebSocket's close frame; 1006 where none came. */
  readonly code?: number;
  /** The far end's own words: not for messages and logs. */
  readonly reason?: string;
}

/** A connection with one reader. Text can be sent and comes on WebSockets only. */
export interface Connection extends AsyncIterable<Message> {
  /** Unique in the process. */
  readonly id: string;
  readonly kind: "tcp" | "websocket";
  /** Takes one message; the bytes are the caller's again when it returns. After the end nothing happens. */
  send(message: Message): void;
  /** Bytes that were taken and did not leave yet. */
  readonly bufferedBytes: number;
  /** Resolves when few enough bytes wait to send more, or the connection is over. */
  drained(): Promise<void>;
  /** The next message, in order; undefined when the connection is over and all that came was taken. */
  receive(): Promise<Message | undefined>;
  /** Rises with everything that is heard from the far end, pongs included: a watch for silence compares it. */
  readonly signs: number;
  /** Sends a WebSocket ping; nothing happens on TCP. */
  ping(): void;
  /** Says goodbye after what was sent so far. Once is enough. */
  close(code?: number, reason?: string): void;
  /** Ends at once, without a goodbye; what is buffered is lost. */
  destroy(): void;
  /** Of networks in memory: the line goes dead in both directions, pongs included, and nobody is told. */
  freeze?(): void;
  /** Never rejects. */
  readonly closed: Promise<ConnectionEnd>;
}

export interface HttpRequest {
  readonly url: string;
  /** Default GET. */
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | Uint8Array;
  readonly signal?: AbortSignal;
  /** Of the run's clock, until the head of the answer is there. Default 30,000; 0 is off. */
  readonly timeoutMs?: number;
}

/** The answer to a request. Its body is read once, by one of the functions. */
export interface HttpResponse {
  readonly status: number;
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string>>;
  /** The body as it comes, in pieces of any length. Throws VENDOR_LOST when it breaks off. */
  chunks(): AsyncIterable<Uint8Array>;
  bytes(): Promise<Uint8Array>;
  text(): Promise<string>;
  /** Throws VENDOR_PROTOCOL when it is no JSON. */
  json(): Promise<unknown>;
}
