import { type Clock, EngineError, type ErrorCode, type NodeEvent, type Resource } from "#engine/plugin";
import type { AgoraEvent, AgoraFrame } from "#native/agora";
import type { RtcConnection } from "./connection.ts";
import type { OpenRtc } from "./service.ts";

export interface ChannelSettings {
  readonly channel: string;
  readonly token: string;
  /** Decimal, of the one who joins; `0`: the server gives one. */
  readonly user: string;
  /** Between two reports of volumes; 0: none. */
  readonly volumeMs: number;
}

/** How often the connection is asked for what has come. */
export const POLL_MS = 10;

/** Reasons of a connection that failed, of the vendor's own list. */
const REASONS: Readonly<Record<number, { readonly code: ErrorCode; readonly words: string }>> = {
  3: { code: "VENDOR_REFUSED", words: "the server has banned this user" },
  4: { code: "VENDOR_UNREACHABLE", words: "the channel could not be joined" },
  6: { code: "VENDOR_KEY_REFUSED", words: "the app id is not valid" },
  7: { code: "VENDOR_REFUSED", words: "the name of the channel is not valid" },
  8: { code: "VENDOR_KEY_REFUSED", words: "the token is not valid" },
  9: { code: "VENDOR_TOKEN_EXPIRED", words: "the token has expired" },
  10: { code: "VENDOR_REFUSED", words: "the server rejected it" },
};

/** What comes out of a channel. */
export interface ChannelListener {
  frame?(frame: AgoraFrame): void;
  event?(event: AgoraEvent): void;
}

/** One membership of a channel, shared by the nodes of a run that speak and listen in it under one user. */
export class Channel {
  readonly #listeners = new Set<ChannelListener>();
  #entering: Promise<void> | undefined;
  #failure: EngineError | undefined;
  #publishes = false;
  #hears: "everybody" | "nobody" | { readonly user: string } = "nobody";
  #inside = false;

  constructor(
    private readonly connection: RtcConnection,
    private readonly settings: ChannelSettings,
  ) {}

  /** Set when it is over for good. */
  get failure(): EngineError | undefined {
    return this.#failure;
  }

  get sound(): boolean {
    return this.#failure === undefined;
  }

  get dropped(): number {
    return this.connection.dropped;
  }

  listen(listener: ChannelListener): void {
    this.#listeners.add(listener);
  }

  /**
   * Joins, once for all who ask; resolves when the server has let it in.
   * @throws EngineError VENDOR_KEY_REFUSED, VENDOR_REFUSED, VENDOR_UNREACHABLE, VENDOR_TOKEN_EXPIRED.
   */
  enter(clock: Clock, signal: AbortSignal): Promise<void> {
    this.#entering ??= this.#enter(clock, signal);
    return this.#entering;
  }

  /** From now on it speaks, too. */
  publish(): void {
    this.#publishes = true;
    this.connection.join({ publishes: true, hears: this.#hears });
  }

  hear(hears: "everybody" | { readonly user: string }): void {
    this.#hears = hears;
    this.connection.join({ publishes: this.#publishes, hears });
  }

  send(pcm: Int16Array, channels: number, sampleRateHz: number): void {
    this.connection.send(pcm, channels, sampleRateHz);
  }

  /** What was sent and is not played falls silent. */
  clear(): void {
    this.connection.clear();
  }

  renewToken(token: string): void {
    this.connection.renewToken(token);
  }

  /** Hands on what has come since the last call. @throws EngineError when the channel is over. */
  poll(): void {
    for (let event = this.connection.nextEvent(); event; event = this.connection.nextEvent()) this.#heard(event);
    for (let frame = this.connection.nextFrame(); frame; frame = this.connection.nextFrame())
      for (const listener of this.#listeners) listener.frame?.(frame);
    if (this.#failure) throw this.#failure;
  }

  async #enter(clock: Clock, signal: AbortSignal): Promise<void> {
    const { token, channel, user } = this.settings;
    this.connection.connect(token, channel, user);
    while (!this.#inside) {
      this.poll();
      if (!this.#inside) await clock.sleep(POLL_MS, signal);
    }
  }

  #heard(event: AgoraEvent): void {
    if (event.type === "connected") this.#inside = true;
    if (event.type === "failed") this.#failure = this.#error(event.value, "VENDOR_UNREACHABLE");
    if (event.type === "tokenExpired") this.#failure = this.#error(9, "VENDOR_TOKEN_EXPIRED");
    if (event.type === "disconnected") this.#failure ??= this.#error(event.value, "VENDOR_LOST");
    if (event.type === "oddFrame")
      this.#failure = new EngineError(
        "ENGINE_FAILED",
        "a frame of Agora's library is not what AGORA_ABI says: set the version that the library has",
      );
    for (const listener of this.#listeners) listener.event?.(event);
  }

  #error(reason: number, otherwise: ErrorCode): EngineError {
    const { code, words } = REASONS[reason] ?? { code: otherwise, words: `reason ${reason}` };
    return new EngineError(code, `Agora, channel ${this.settings.channel}: ${words}`, {
      details: { vendorCode: reason },
    });
  }
}

/** The channel that nodes of one run share; its connection is given back to the pool with the last of them. */
export const channelResource = (rtc: OpenRtc, runId: string, settings: ChannelSettings): Resource<Membership> => ({
  key: JSON.stringify(["agora channel", runId, settings.channel, settings.user]),
  async open() {
    const connection = rtc.pool.take(settings.volumeMs);
    return { connection, channel: new Channel(connection, settings) };
  },
  close({ connection, channel }) {
    if (channel.sound) connection.leave();
    rtc.pool.give(connection, channel.sound);
  },
});

export interface Membership {
  readonly connection: RtcConnection;
  readonly channel: Channel;
}

/** What of a channel's events a run hears of. */
export function eventOf({ type, value, user, text }: AgoraEvent): NodeEvent | undefined {
  switch (type) {
    case "connected":
      return { type: "opened" };
    case "disconnected":
      return { type: "closed", reason: value };
    case "reconnecting":
    case "reconnected":
    case "tokenWillExpire":
    case "lost":
      return { type };
    case "userJoined":
      return { type, user };
    case "userLeft":
      return { type, user, reason: value };
    case "error":
    case "warning":
      return { type, vendorCode: value, text };
    default:
      return undefined;
  }
}
