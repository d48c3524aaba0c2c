import { asEngineError, EngineError } from "#engine/errors";
import type { NodeContext } from "../context.ts";
import { bounded } from "./bounded.ts";
import type { CredentialLimits } from "./limits.ts";
import { LinkConnection } from "./link-connection.ts";
import type { LiveSession, Sink } from "./live-session.ts";
import type { LinkPool } from "./pool.ts";
import type { LinkProtocol } from "./protocol.ts";
import type { LinkSettings } from "./settings.ts";
import { Timeline } from "./timeline.ts";

/** What opening needs to know. */
export interface OpenerOptions {
  readonly ctx: NodeContext;
  readonly protocol: LinkProtocol;
  readonly settings: LinkSettings;
  readonly limits?: CredentialLimits;
  readonly pool?: LinkPool;
  readonly sink: Sink;
}

/** A session that takes frames, and what it holds on to. */
export interface Opened {
  readonly connection: LinkConnection;
  readonly session: LiveSession;
  /** Gives back its place within the credential's limits. */
  readonly leave: () => void;
}

/** Opens sessions: finds or makes a connection, logs in, asks for the session, and tries again as far as that may help. */
export class Opener {
  /** A connection of this node's own that waits for its next session. */
  #spare: Promise<LinkConnection> | undefined;
  #openedBefore = false;

  constructor(readonly options: OpenerOptions) {}

  /**
   * Dials and logs in before a session is wanted.
   * @param onHopeless is told of a failure that no other attempt can mend; of others nobody is: opening tries again and tells then.
   */
  early(signal: AbortSignal, onHopeless: (error: EngineError) => void): void {
    if (this.#spare) return;
    const spare = this.#connect(1, undefined, signal);
    this.#spare = spare;
    spare.catch((error) => {
      if (this.#spare === spare) this.#spare = undefined;
      if (!signal.aborted && error instanceof EngineError && !error.traits.usable) onHopeless(error);
    });
  }

  /**
   * @throws the last attempt's error: VENDOR_UNREACHABLE, VENDOR_KEY_REFUSED, …
   */
  async open(sampleRateHz: number, utterance: string | undefined, signal: AbortSignal): Promise<Opened> {
    const { ctx, settings, limits } = this.options;
    const leave = (await limits?.enter(ctx.clock, signal)) ?? (() => {});
    try {
      for (let attempt = 1, after: unknown; ; attempt++)
        try {
          const { connection, session } = await this.#attempt(attempt, after, { sampleRateHz, utterance, signal });
          ctx.usage("requests", 1);
          return { connection, session, leave };
        } catch (error) {
          signal.throwIfAborted();
          if (!worthAnother(error) || attempt >= settings.attempts) throw error;
          after = error;
          ctx.count("reopened");
          await ctx.clock.sleep(backoffMs(settings, attempt, ctx.random()), signal);
        }
    } catch (error) {
      leave();
      throw error;
    }
  }

  /** A session is over and its connection is good for another: it waits here, or in the pool when the node ends. */
  keep(connection: LinkConnection): void {
    this.#spare = Promise.resolve(connection);
  }

  /** Nothing more is opened: what waits goes to the pool or is closed. */
  async dispose(): Promise<void> {
    const spare = this.#spare;
    this.#spare = undefined;
    const connection = await spare?.catch(() => undefined);
    if (connection) await this.letGo(connection);
  }

  /** A connection that this node needs no more. */
  async letGo(connection: LinkConnection): Promise<void> {
    const { pool, settings, protocol, ctx } = this.options;
    if (pool && protocol.reusable && settings.poolMs > 0 && connection.usable) {
      ctx.network.release(connection.socket);
      pool.put(connection);
      return;
    }
    await connection.close();
  }

  async #attempt(
    attempt: number,
    after: unknown,
    of: { readonly sampleRateHz: number; readonly utterance: string | undefined; readonly signal: AbortSignal },
  ): Promise<{ readonly connection: LinkConnection; readonly session: LiveSession }> {
    const { ctx, protocol, settings, sink } = this.options;
    const stop = new AbortController();
    const signal = AbortSignal.any([of.signal, stop.signal]);
    let connection: LinkConnection | undefined;
    const work = async () => {
      connection = await this.#connection(attempt, after, signal);
      if (signal.aborted) throw signal.reason;
      const session = connection.session(ctx, sink, new Timeline(of.sampleRateHz), of.utterance);
      const { promise: lost, reject } = Promise.withResolvers<never>();
      lost.catch(() => {});
      const made = connection;
      const onLost = () => reject(made.signal.reason);
      if (made.signal.aborted) onLost();
      made.signal.addEventListener("abort", onLost, { once: true });
      await Promise.race([session.peer.open(), lost]);
      made.signal.removeEventListener("abort", onLost);
      return { connection, session };
    };
    const late = () =>
      new EngineError("VENDOR_UNREACHABLE", `${protocol.vendor} was not ready within ${settings.openMs} ms`);
    try {
      return await bounded(work(), ctx.clock, settings.openMs, late, of.signal);
    } catch (error) {
      stop.abort(error);
      connection?.fail(error);
      throw asEngineError(error, "NODE_FAILED", protocol.vendor);
    }
  }

  /** The one that waits, one of the pool, or a new one. */
  async #connection(attempt: number, after: unknown, signal: AbortSignal): Promise<LinkConnection> {
    const { ctx, pool } = this.options;
    const spare = this.#spare;
    this.#spare = undefined;
    const waiting = await spare?.catch(() => undefined);
    if (waiting?.usable) return waiting;
    const pooled = pool?.take();
    if (!pooled) return this.#connect(attempt, after, signal);
    pooled.user = ctx;
    ctx.report({ type: "opened", connection: pooled.connection, endpoint: pooled.endpoint, attempt, cause: "pool" });
    return pooled;
  }

  async #connect(attempt: number, after: unknown, signal: AbortSignal): Promise<LinkConnection> {
    const { ctx, protocol, settings } = this.options;
    const request = await protocol.dial({ number: attempt, signal, ...(after !== undefined && { after }) });
    const endpoint = endpointOf(request.url);
    const beganMs = ctx.clock.nowMs();
    const socket = await ctx.network.dial({ ...request, signal }).catch((error) => {
      throw protocol.undialled?.(error) ?? error;
    });
    const connection = new LinkConnection(socket, protocol, settings, ctx.clock, endpoint, ctx);
    const cause = after instanceof EngineError ? after.code : this.#openedBefore ? "again" : "first";
    this.#openedBefore = true;
    const tookMs = Math.round(ctx.clock.nowMs() - beganMs);
    ctx.report({ type: "opened", connection: connection.connection, endpoint, attempt, cause, tookMs });
    try {
      await greeted(connection, signal);
    } catch (error) {
      connection.fail(error);
      throw error;
    }
    return connection;
  }
}

/** The greeting, or the reason why the connection or the attempt ended meanwhile. */
async function greeted(connection: LinkConnection, signal: AbortSignal): Promise<void> {
  if (!connection.peer.greet) return;
  const either = AbortSignal.any([connection.signal, signal]);
  const { promise, reject } = Promise.withResolvers<never>();
  promise.catch(() => {});
  const onAbort = () => reject(either.reason);
  either.addEventListener("abort", onAbort, { once: true });
  if (either.aborted) onAbort();
  try {
    await Promise.race([connection.peer.greet(), promise]);
  } finally {
    either.removeEventListener("abort", onAbort);
  }
}

const worthAnother = (error: unknown): boolean =>
  error instanceof EngineError && error.traits.retryable && error.traits.usable;

/** Doubles from attempt to attempt; half of it is at random. */
export const backoffMs = (
  { backoffMs: first, backoffMaxMs: most }: LinkSettings,
  attempt: number,
  random: number,
): number => Math.min(most || Number.POSITIVE_INFINITY, first * 2 ** (attempt - 1)) * (0.5 + random / 2);

/** Without query and user, where keys may stand. */
function endpointOf(url: string): string {
  if (!URL.canParse(url)) return "an address that is no URL";
  const { protocol, host, pathname } = new URL(url);
  return `${protocol}//${host}${pathname}`;
}
