import type { Client, GatewayHost, GatewayKey } from "#engine/plugin";
import { EngineError, type Message } from "#engine/plugin";
import {
  LANGUAGES_TOO_MANY,
  NOT_LOGGED_IN,
  PARAMETER_INVALID,
  STREAM_LIMIT,
  STREAM_UNKNOWN,
  TIME_INVALID,
  UNKNOWN_METHOD,
  vendorCodeOf,
} from "../status.ts";
import { KEY_METHOD } from "../wire/cipher.ts";
import type { Quest } from "../wire/fpnn.ts";
import { decodeRawValues, type Values } from "../wire/payload.ts";
import { dataQuest, endQuest, loginQuest, MOST_ALTERNATIVES, startQuest } from "../wire.ts";
import type { GatewaySettings } from "./config.ts";
import { Line } from "./line.ts";
import { checkLogin } from "./login.ts";
import { ServerStream } from "./server-stream.ts";

/** Who has logged in on a connection. */
interface User {
  readonly key: GatewayKey;
  readonly pid: number;
  readonly labels: Readonly<Record<string, string>>;
}

/** A call is answered with values, or with a code. */
type Reply = Values | number;

/** One client: its login, its calls in the order they came, and the streams that they are about. */
export class ClientConnection {
  readonly #line: Line;
  readonly #streams = new Map<bigint, ServerStream>();
  readonly #ending = new Set<Promise<unknown>>();
  #user: User | undefined;
  /** A fault script's: the next call is refused with it. */
  #nextError: number | undefined;
  #heardMs: number;
  #callOff: (() => void) | undefined;

  constructor(
    readonly client: Client,
    readonly host: GatewayHost,
    readonly settings: GatewaySettings,
  ) {
    this.#line = new Line(client.connection, settings.encryption);
    this.#heardMs = host.clock.nowMs();
    client.onVendorError((code) => {
      this.#nextError = Number(code);
    });
    this.#watch();
  }

  /** Talks until either side ends. What is under way then is cancelled, for a stream belongs to its connection. */
  async serve(): Promise<void> {
    try {
      for await (const message of this.client.connection) await this.#take(message);
    } finally {
      this.#callOff?.();
      await Promise.all(this.#ending); // the signal has cancelled their runs
      await Promise.all([...this.#streams.values()].map((stream) => stream.cancel("the client has gone")));
    }
  }

  async #take(message: Message): Promise<void> {
    if (typeof message === "string") throw new EngineError("MESSAGE_INVALID", "a text message; bytes were wanted");
    this.#heardMs = this.host.clock.nowMs();
    for (const packet of this.#line.read(message)) if (packet.kind === "quest") await this.#handle(packet);
  }

  async #handle(quest: Quest): Promise<void> {
    if (quest.method === KEY_METHOD) return this.#line.exchangeKeys(quest);
    const values = this.#line.values(quest);
    if (quest.method === "voiceEnd" || quest.method === "voiceStart") {
      // both may take a while, in which pings and other streams go on
      const answering = this.#answer(quest, values);
      this.#ending.add(answering);
      void answering.finally(() => this.#ending.delete(answering));
      return;
    }
    await this.#answer(quest, values);
  }

  async #answer(quest: Quest, values: Values): Promise<void> {
    const error = this.#nextError;
    this.#nextError = undefined;
    const reply = error ?? (await this.#reply(quest, values).catch(vendorCodeOf));
    if (typeof reply === "number") this.#line.refuse(quest, reply);
    else this.#line.answer(quest, reply);
  }

  async #reply(quest: Quest, values: Values): Promise<Reply> {
    switch (quest.method) {
      case "*ping":
        return { ts: Math.floor(this.host.epochMs()) };
      case "login":
        return this.#login(values);
      case "voiceStart":
        return this.#user ? this.#start(values, this.#user) : NOT_LOGGED_IN;
      case "voiceData":
        return this.#user ? this.#data(quest, values) : NOT_LOGGED_IN;
      case "voiceEnd":
        return this.#user ? this.#end(values) : NOT_LOGGED_IN;
      default:
        return UNKNOWN_METHOD;
    }
  }

  async #login(values: Values): Promise<Reply> {
    const login = loginQuest.safeParse(values);
    if (!login.success) return PARAMETER_INVALID;
    const { client, host, settings } = this;
    const scripted = client.fault("expiredToken") ? TIME_INVALID : client.fault("vendorError")?.code;
    const key = scripted === undefined ? await checkLogin(login.data, host, settings.loginWindowMs) : Number(scripted);
    if (typeof key === "number") return settings.refusal === "error" ? key : { successed: false };
    const { pid, uid } = login.data;
    this.#user = { key, pid, labels: { pid: `${pid}`, ...(uid !== undefined && { uid: `${uid}` }) } };
    return { successed: true };
  }

  async #start(values: Values, { key, pid, labels }: User): Promise<Reply> {
    const start = startQuest.safeParse(values);
    if (!start.success) return PARAMETER_INVALID;
    const { srcAltLanguage, userId } = start.data;
    if (srcAltLanguage.length > MOST_ALTERNATIVES) return LANGUAGES_TOO_MANY;
    if (this.client.fault("rateLimit") || this.#streams.size >= this.settings.streams) return STREAM_LIMIT;
    const streamId = newStreamId(this.host);
    const stream = new ServerStream({
      host: this.host,
      key,
      pid,
      streamId,
      start: start.data,
      labels: { ...labels, streamId: `${streamId}`, ...(userId !== "" && { userId }) },
      signal: this.client.signal,
      push: (method, result) => this.#line.call(method, result),
    });
    this.#streams.set(streamId, stream);
    try {
      if (!stream.waitsForTargets) await stream.begin([]);
    } catch (error) {
      this.#streams.delete(streamId);
      this.host.log.warn("a stream did not start", { code: error instanceof EngineError ? error.code : "INTERNAL" });
      throw error;
    }
    return { streamId };
  }

  async #data(quest: Quest, values: Values): Promise<Reply> {
    const data = dataQuest.safeParse(values);
    if (!data.success) return PARAMETER_INVALID;
    const { streamId, ts, destLangs } = data.data;
    const stream = this.#streams.get(streamId);
    if (!stream) return STREAM_UNKNOWN;
    const bytes = typeof data.data.data === "string" ? decodeRawValues(quest.payload).data : data.data.data;
    if (!(bytes instanceof Uint8Array)) return PARAMETER_INVALID;
    const code = await stream.take({ data: bytes, ts, targets: destLangs });
    if (code === 0) return {};
    if (code !== PARAMETER_INVALID) this.#streams.delete(streamId); // its run has ended
    return code;
  }

  async #end(values: Values): Promise<Reply> {
    const end = endQuest.safeParse(values);
    if (!end.success) return PARAMETER_INVALID;
    const { streamId } = end.data;
    const stream = this.#streams.get(streamId);
    if (!stream) return STREAM_UNKNOWN;
    this.#streams.delete(streamId);
    const code = await stream.end(this.settings.endMs);
    return code === 0 ? {} : code;
  }

  /** Closes a connection on which nothing comes, and ends streams that are left alone. */
  #watch(): void {
    const { clock } = this.host;
    const { idleMs, streamIdleMs } = this.settings;
    const everyMs = Math.min(idleMs || Number.POSITIVE_INFINITY, streamIdleMs || Number.POSITIVE_INFINITY) / 4;
    if (!Number.isFinite(everyMs)) return;
    const look = () => {
      const now = clock.nowMs();
      if (idleMs > 0 && now - this.#heardMs >= idleMs) return this.client.connection.close();
      for (const [id, stream] of this.#streams)
        if (streamIdleMs > 0 && now - stream.heardMs >= streamIdleMs) this.#expire(id, stream);
      this.#callOff = clock.after(everyMs, look);
    };
    this.#callOff = clock.after(everyMs, look);
  }

  /** What it was given is still answered. */
  #expire(id: bigint, stream: ServerStream): void {
    this.#streams.delete(id);
    const ended = stream.end(this.settings.endMs);
    this.#ending.add(ended);
    void ended.finally(() => this.#ending.delete(ended));
  }
}

/** Positive, of 62 bits, and beyond 2^53, as the service's are. */
const newStreamId = (host: GatewayHost): bigint => BigInt(`0x3${host.newId().replaceAll("-", "").slice(0, 15)}`);
