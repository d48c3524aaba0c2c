import {
  type Attempt,
  type ConnectionEnd,
  type DialRequest,
  EngineError,
  type LinkProtocol,
  type Message,
  type NodeContext,
  type Peer,
  type PeerSession,
  type Session,
  type Wire,
} from "#engine/plugin";
import type { Access } from "../access.ts";
import { vendorFailure } from "../status.ts";
import { type RealtimeEvent, readRealtime } from "../wire/realtime.ts";

/** A session of the real-time protocol, of a connection of its own. */
export interface RealtimeSession extends PeerSession {
  /** Every event but errors, and the greeting. */
  event(event: RealtimeEvent): void;
  /** All was said: the far end may close. */
  readonly isOver: boolean;
}

export interface RealtimeOptions {
  readonly ctx: NodeContext;
  readonly access: Access;
  readonly url: string;
  readonly chunkMs?: number;
  readonly make: (session: Session, wire: Wire) => RealtimeSession;
}

/** The real-time protocol as a link needs it: a connection for each session. */
export class RealtimeProtocol implements LinkProtocol {
  readonly vendor = "modelstudio";
  readonly chunkMs?: number;

  constructor(readonly options: RealtimeOptions) {
    if (options.chunkMs !== undefined) this.chunkMs = options.chunkMs;
  }

  get secrets(): readonly string[] {
    return this.options.access.secrets;
  }

  dial(attempt: Attempt): Promise<DialRequest> {
    return this.options.access.request(this.options.url, attempt);
  }

  undialled(error: unknown): unknown {
    return this.options.access.undialled(error);
  }

  connect(wire: Wire): Peer {
    return new RealtimePeer(this.options, wire);
  }
}

class RealtimePeer implements Peer {
  readonly #created: PromiseWithResolvers<void>;
  #session: RealtimeSession | undefined;

  constructor(
    readonly options: RealtimeOptions,
    readonly wire: Wire,
  ) {
    this.#created = wire.expect();
  }

  /** The service speaks first. */
  greet(): Promise<void> {
    return this.#created.promise;
  }

  message(message: Message): void {
    if (typeof message !== "string")
      throw new EngineError("VENDOR_PROTOCOL", `Model Studio sent ${message.length} bytes where events were wanted`);
    const event = readRealtime(message);
    if (event.type === "error") throw this.#failure(event);
    if (event.type === "session.created") return this.#created.resolve();
    if (this.#session) this.#session.event(event);
    else this.options.ctx.count("strayEvents");
  }

  /** A socket that is closed in the midst of a session leaves it without an answer. */
  ended(end: ConnectionEnd): unknown {
    if (!this.#session || this.#session.isOver) return undefined;
    return new EngineError(
      "VENDOR_LOST",
      `Model Studio's socket was closed in the midst of a session, with code ${end.code ?? "none"}`,
      { details: { ...(end.code !== undefined && { closeCode: end.code }) } },
    );
  }

  session(session: Session): PeerSession {
    this.#session = this.options.make(session, this.wire);
    return this.#session;
  }

  #failure({ error }: RealtimeEvent): EngineError {
    const { access, ctx } = this.options;
    const failure = {
      code: `${error?.code ?? error?.type ?? "unnamed"}`,
      kind: error?.type ?? undefined,
      words: error?.message ?? undefined,
    };
    const failed = vendorFailure(failure, "a session", access.canRenew);
    if (failed.code === "VENDOR_TOKEN_EXPIRED") access.drop();
    ctx.report({ type: "failed", code: failed.code, vendorCode: failed.details.vendorCode });
    return failed;
  }
}
