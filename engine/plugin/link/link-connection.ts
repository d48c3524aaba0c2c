import { EngineError } from "#engine/errors";
import type { Clock } from "../clock.ts";
import type { NodeContext, NodeEvent } from "../context.ts";
import { LiveSession, type Sink } from "./live-session.ts";
import type { Connection, ConnectionEnd, Message } from "./network.ts";
import type { LinkProtocol, Peer, Wire } from "./protocol.ts";
import type { LinkSettings } from "./settings.ts";
import type { Timeline } from "./timeline.ts";
import { traceLine } from "./trace.ts";

/** Who uses a connection now: a node of a run. A pooled connection has none. */
export interface LinkUser {
  readonly tracing: boolean;
  report(event: NodeEvent): void;
}

/** One connection to a vendor, with the vendor's peer on it: reads, keeps alive, watches for silence, and tells of its end once. */
export class LinkConnection implements Wire {
  readonly connection: string;
  readonly peer: Peer;
  user: LinkUser | undefined;
  readonly #abort = new AbortController();
  readonly #expected = new Set<(reason: unknown) => void>();
  #session: LiveSession | undefined;
  #lastSentMs: number;
  #callOffBeat: (() => void) | undefined;
  #closing = false;
  #cause = "done";
  /** The reader has come to the end. */
  readonly finished: Promise<void>;

  constructor(
    readonly socket: Connection,
    readonly protocol: LinkProtocol,
    readonly settings: LinkSettings,
    readonly clock: Clock,
    readonly endpoint: string,
    user: LinkUser,
  ) {
    this.connection = socket.id;
    this.user = user;
    this.#lastSentMs = clock.nowMs();
    this.peer = protocol.connect(this);
    this.finished = this.#read();
    this.#watch();
  }

  get signal(): AbortSignal {
    return this.#abort.signal;
  }

  /** It can be used for a session. */
  get usable(): boolean {
    return !this.#closing && !this.#abort.signal.aborted;
  }

  /** Makes a session on it; the one before must be over. */
  session(ctx: NodeContext, sink: Sink, timeline: Timeline, utterance: string | undefined): LiveSession {
    const session = new LiveSession(ctx, timeline, utterance, this.clock.nowMs(), sink);
    session.peer = this.peer.session(session);
    this.#session = session;
    return session;
  }

  /** The session is over; what still comes belongs to nobody. */
  release(session: LiveSession): void {
    session.shut();
    if (this.#session === session) this.#session = undefined;
  }

  // what a peer may do

  send(message: Message): void {
    if (!this.usable) return;
    this.#lastSentMs = this.clock.nowMs();
    if (!this.protocol.traces) this.trace("out", message);
    this.socket.send(message);
  }

  ping(): void {
    this.socket.ping();
  }

  expect<T>(): PromiseWithResolvers<T> {
    const expected = Promise.withResolvers<T>();
    const { promise, reject } = expected;
    if (this.signal.aborted) reject(this.signal.reason);
    this.#expected.add(reject);
    const settle = () => void this.#expected.delete(reject);
    promise.then(settle, settle); // also where nobody waits for it any more
    return expected;
  }

  fail(error: unknown): void {
    if (this.#abort.signal.aborted) return;
    this.#cause = error instanceof EngineError ? error.code : "NODE_FAILED";
    this.#end(error);
    this.socket.destroy();
  }

  /** Ends it in order; resolves when it is over. */
  async close(cause = "done"): Promise<void> {
    if (this.usable) {
      this.#closing = true;
      this.#cause = cause;
      this.#callOffBeat?.();
      this.socket.close(1000);
    }
    await this.finished;
  }

  async #read(): Promise<void> {
    for (let message = await this.socket.receive(); message !== undefined; message = await this.socket.receive()) {
      if (this.signal.aborted) break;
      if (!this.protocol.traces) this.trace("in", message);
      try {
        this.peer.message(message);
      } catch (error) {
        this.fail(error);
        break;
      }
      if (this.#session?.isFull) await this.#session.room().catch(() => {}); // the run is over, and what follows is dropped
    }
    const end = await this.socket.closed;
    // what the last message set off, such as the end of the session, comes first
    if (this.#session && !this.signal.aborted) await this.clock.sleep(0);
    const user = this.user;
    if (!this.signal.aborted) this.#end(this.#closing ? this.#goodbye() : this.#meaningOf(end));
    user?.report({
      type: "closed",
      connection: this.connection,
      endpoint: this.endpoint,
      by: end.by,
      ...(end.code !== undefined && { code: end.code }),
      cause: this.#cause,
    });
  }

  /** The error that the far end's goodbye is; one that nobody hears where no session was open. */
  #meaningOf(end: ConnectionEnd): unknown {
    const own = this.peer.ended?.(end);
    if (own !== undefined) {
      this.#cause = own instanceof EngineError ? own.code : "NODE_FAILED";
      return own;
    }
    this.#cause = "VENDOR_LOST";
    const words = end.code === undefined ? "" : ` with code ${end.code}`;
    const who = end.by === "peer" ? "was closed by the far end" : "broke";
    return new EngineError("VENDOR_LOST", `the connection to ${this.protocol.vendor} ${who}${words}`, {
      details: { connection: this.connection, ...(end.code !== undefined && { closeCode: end.code }) },
    });
  }

  #goodbye(): EngineError {
    return new EngineError("VENDOR_LOST", `the connection to ${this.protocol.vendor} was closed by us`);
  }

  #end(reason: unknown): void {
    this.#callOffBeat?.();
    this.#abort.abort(reason);
    for (const reject of [...this.#expected]) reject(reason);
    this.#expected.clear();
  }

  get tracing(): boolean {
    return this.user?.tracing ?? false;
  }

  trace(direction: "in" | "out", message: Message): void {
    if (!this.user?.tracing) return;
    this.user.report({
      type: "wire",
      direction,
      connection: this.connection,
      message: traceLine(message, this.protocol.secrets ?? []),
    });
  }

  /** Keeps alive, and ends a connection on which nothing is heard any more although the far end was asked for a sign. */
  #watch(): void {
    const { keepAliveMs, silentMs } = this.settings;
    const canAsk = this.socket.kind === "websocket" || this.peer.keepAlive !== undefined;
    const silent = canAsk ? silentMs : 0;
    const everyMs = Math.min(keepAliveMs || Number.POSITIVE_INFINITY, silent / 2 || Number.POSITIVE_INFINITY);
    if (!Number.isFinite(everyMs)) return;
    let signs = this.socket.signs;
    let heardMs = this.clock.nowMs();
    const beat = () => {
      const now = this.clock.nowMs();
      if (this.socket.signs !== signs) {
        signs = this.socket.signs;
        heardMs = now;
      }
      if (silent > 0 && now - heardMs >= silent)
        return this.fail(
          new EngineError(
            "VENDOR_LOST",
            `nothing was heard from ${this.protocol.vendor} for ${silent} ms, not even a sign`,
          ),
        );
      const quiet = now - this.#lastSentMs >= keepAliveMs;
      if ((keepAliveMs > 0 && quiet) || (silent > 0 && now - heardMs >= silent / 2)) this.#askForSign();
      this.#callOffBeat = this.clock.after(everyMs, beat);
    };
    this.#callOffBeat = this.clock.after(everyMs, beat);
  }

  #askForSign(): void {
    if (this.peer.keepAlive) this.peer.keepAlive();
    else this.socket.ping();
  }
}
