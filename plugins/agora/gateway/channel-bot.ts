import { asEngineError, type EngineError, type GatewayHost, type GatewayKey } from "#engine/plugin";
import type { AgoraEvent, AgoraFrame } from "#native/agora";
import { Channel, POLL_MS } from "../rtc/channel.ts";
import { RATE_HZ } from "../rtc/config.ts";
import type { RtcConnection, RtcService } from "../rtc/connection.ts";
import type { ConnectionPool } from "../rtc/connection-pool.ts";
import { Answers } from "./answers.ts";
import type { GatewaySettings } from "./settings.ts";
import { UserStream } from "./user-stream.ts";

export interface BotPlace {
  readonly host: GatewayHost;
  readonly key: GatewayKey;
  readonly settings: GatewaySettings;
  readonly service: RtcService;
  readonly pool: ConnectionPool;
  readonly channel: string;
  readonly token: string;
  /** The number under which it joins. */
  readonly user: string;
  /** It has left, by itself or because it was told to. */
  gone(): void;
}

/** A member of a channel that hears each of the others by itself, and speaks what their runs answer. */
export class ChannelBot {
  readonly #connection: RtcConnection;
  readonly #channel: Channel;
  readonly #answers: Answers;
  readonly #users = new Map<string, UserStream>();
  readonly #leaving = new Set<Promise<void>>();
  readonly #stop = new AbortController();
  #callOff: () => void = () => {};
  #over: Promise<void> | undefined;

  constructor(private readonly place: BotPlace) {
    const { pool, channel, token, user, host, settings } = place;
    this.#connection = pool.take(0);
    this.#channel = new Channel(this.#connection, { channel, token, user, volumeMs: 0 });
    this.#answers = new Answers(this.#channel, host.clock, settings.leadFrames);
    this.#channel.listen({ frame: (frame) => this.#frame(frame), event: (event) => this.#event(event) });
  }

  /** @throws EngineError as `Channel.enter`; then nothing of it is left. */
  async join(): Promise<void> {
    try {
      await this.#channel.enter(this.place.host.clock, this.#stop.signal);
      this.#channel.publish();
      this.#channel.hear("everybody");
      this.#poll();
    } catch (error) {
      await this.leave();
      throw error;
    }
  }

  get users(): { readonly user: string; readonly sound: boolean; readonly dropped: number }[] {
    return [...this.#users].map(([user, { sound, dropped }]) => ({ user, sound, dropped }));
  }

  /** What was said is still worked off by the runs; nothing more is heard or spoken. Once is enough. */
  leave(): Promise<void> {
    this.#over ??= this.#leave();
    return this.#over;
  }

  async #leave(): Promise<void> {
    this.#stop.abort();
    this.#callOff();
    for (const user of [...this.#users.keys()]) this.#userLeft(user);
    this.#answers.close();
    const { sound } = this.#channel;
    if (sound) this.#connection.leave();
    this.place.pool.give(this.#connection, sound);
    this.place.gone();
    await Promise.all(this.#leaving);
  }

  #poll(): void {
    try {
      this.#channel.poll();
      this.#answers.consume();
      this.#callOff = this.place.host.clock.after(POLL_MS, () => this.#poll());
    } catch (error) {
      this.#failed(asEngineError(error, "VENDOR_LOST", "agora"));
    }
  }

  #failed({ code }: EngineError): void {
    const { host, channel } = this.place;
    host.log.warn("a channel was lost", { channel, code });
    void this.leave();
  }

  #event({ type, user }: AgoraEvent): void {
    if (type === "userJoined") this.#userOf(user);
    if (type === "userLeft") this.#userLeft(user);
  }

  #frame(frame: AgoraFrame): void {
    this.#userOf(frame.user).push(frame);
  }

  #userOf(user: string): UserStream {
    const known = this.#users.get(user);
    if (known) return known;
    const { host, key, settings, service, channel } = this.place;
    const stream = new UserStream({
      user,
      channel,
      key,
      host,
      settings,
      generation: service.generation,
      sampleRateHz: RATE_HZ,
      began: () => {
        if (settings.bargeIn) this.#answers.clear();
      },
      answer: (frame) => {
        if (!this.#stop.signal.aborted) this.#answers.push(frame);
      },
    });
    this.#users.set(user, stream);
    return stream;
  }

  #userLeft(user: string): void {
    const stream = this.#users.get(user);
    if (!stream) return;
    this.#users.delete(user);
    const leaving = stream.leave().finally(() => this.#leaving.delete(leaving));
    this.#leaving.add(leaving);
  }
}
