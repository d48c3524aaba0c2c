import type { Frame } from "../../frames/index.ts";
import type { NodeContext } from "../context.ts";
import type { ConnectionEnd, DialRequest, Message } from "./network.ts";
import type { Timeline } from "./timeline.ts";

/**
 * What a vendor's plugin writes; everything else is the link's. A protocol makes a peer for each connection, and a peer a session for each
 * stretch of work: a whole stream, an utterance or a single frame, as the node's `sessions` says.
 */
export interface LinkProtocol {
  /** Names the vendor in events and messages: `aliyun`. */
  readonly vendor: string;
  /** Where to dial, asked before every attempt: tokens and signatures are made fresh here. */
  dial(attempt: Attempt): DialRequest | Promise<DialRequest>;
  /** Several sessions may follow each other on one connection. Default false. */
  readonly reusable?: boolean;
  /** Audio is cut to chunks of this length before it is sent, the last of a session shorter. Default: frames as they come. */
  readonly chunkMs?: number;
  /** Values that may never stand in a trace. */
  readonly secrets?: readonly string[];
  /** Its peers tell by `Wire.trace` what was said, since messages cannot be read as they are. Default: the link shows them. */
  readonly traces?: true;
  /** What a dial means that came to nothing, such as an upgrade that was answered by `details.status`. Default: what it failed with. */
  undialled?(error: unknown): unknown;
  /** The vendor's side of one connection, as the plugin sees it. */
  connect(wire: Wire): Peer;
}

export interface Attempt {
  /** Counts from 1; begins anew after a session that opened. */
  readonly number: number;
  /** What the attempt before failed with, such as VENDOR_TOKEN_EXPIRED, which asks for a new token. */
  readonly after?: unknown;
  readonly signal: AbortSignal;
}

/** The wire of one connection, for a peer to write on. */
export interface Wire {
  readonly connection: string;
  /** Aborts when the connection is over, with the coded error that says why. */
  readonly signal: AbortSignal;
  send(message: Message): void;
  /** A WebSocket ping. */
  ping(): void;
  /** Somebody wants to see what is said. */
  readonly tracing: boolean;
  /** Of a protocol that `traces`: what was said, in one line, bytes as their length. Secrets are blotted out. */
  trace(direction: "in" | "out", line: string): void;
  /** An answer to wait for; it is rejected when the connection ends first. */
  expect<T>(): PromiseWithResolvers<T>;
  /** Ends the connection as broken; what its session has not answered is the node's failure. */
  fail(error: unknown): void;
}

export interface Peer {
  /** Logs in; once for a connection, before its first session. Messages arrive meanwhile. */
  greet?(): Promise<void>;
  /**
   * Takes one message of the vendor's; of TCP one chunk, which `StreamFraming` cuts.
   * @throws EngineError whatever it means; VENDOR_PROTOCOL for one that cannot be understood. It ends the connection.
   */
  message(message: Message): void;
  /** Called after every `keepAliveMs` without anything sent. Default: a WebSocket ping. */
  keepAlive?(): void;
  /** The far end said goodbye. Default: an error where a session is open. Return the error that it means, or undefined for none. */
  ended?(end: ConnectionEnd): unknown;
  session(session: Session): PeerSession;
}

/** One stretch of work, as the peer's own code sees it: where results go. */
export interface Session {
  /** Of the node that has the session. A reusable connection, and its peer, may serve another node later. */
  readonly ctx: NodeContext;
  /** Hands a result to the workflow. The link stops reading from the vendor while there is no room. */
  emit(frame: Frame, port?: string): void;
  /** What was sent in this session so far, and where it stood in the run: turns the vendor's times into positions. */
  readonly timeline: Timeline;
  /** Of `sessions: utterance`, `frame` and `text`: the utterance that this session is about. */
  readonly utterance: string | undefined;
  /** The vendor ended the session in order, and all its results have come: the next frame begins another one. */
  over(): void;
}

export interface PeerSession {
  /** Asks the vendor for it; resolves when the vendor takes frames. */
  open(): Promise<void>;
  /** Sends a frame: audio, encoded packets, text, a mark. Called in order, only while open. */
  send(frame: Frame): void;
  /** Finish what is open now, and go on. Default: the session is finished, and what comes next opens another. */
  flush?(): void;
  /** No more is sent: asks for what is outstanding, and resolves when all of it was emitted. */
  finish(): Promise<void>;
  /** A barge-in, or a cancel: what is under way is not wanted any more. Default: the connection is closed. */
  abandon?(): void;
}
