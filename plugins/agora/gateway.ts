import {
  asEngineError,
  type Caller,
  defineGateway,
  type Gateway,
  type GatewayDefinition,
  type GatewayHost,
  type GatewayKey,
  type Incoming,
  keyOfWord,
  type Outgoing,
  z,
} from "#engine/plugin";
import { ChannelBot } from "./gateway/channel-bot.ts";
import { type GatewaySettings, gatewaySettings } from "./gateway/settings.ts";
import { channelFields, RATE_HZ } from "./rtc/config.ts";
import type { RtcService } from "./rtc/connection.ts";
import { ConnectionPool } from "./rtc/connection-pool.ts";
import type { OpenService } from "./rtc/service.ts";

const PATH = "/channels/:channel";

const joinBody = z.strictObject({
  token: z.string().min(1).optional(),
  user: channelFields.user,
});

/** @param open how the process gets its service; tests stand in for it. */
export const gateway = (open: OpenService): GatewayDefinition =>
  defineGateway({
    type: "agora",
    summary: "Joins Agora channels when it is told to, and runs the workflow for each user there.",
    config: gatewaySettings,
    create(settings, host): Gateway {
      const desk = new ChannelDesk(open, settings, host);
      const mount = (method: "POST" | "GET" | "DELETE", answer: (call: Call) => Promise<Outgoing> | Outgoing) =>
        ({
          kind: "http",
          method,
          path: PATH,
          answer: (request: Incoming, caller: Caller) => admitted(request, caller, host, answer),
        }) as const;
      return {
        mounts: [
          mount("POST", (call) => desk.join(call)),
          mount("GET", (call) => desk.look(call)),
          mount("DELETE", (call) => desk.leave(call)),
        ],
        close: () => desk.close(),
      };
    },
  });

interface Call {
  readonly request: Incoming;
  readonly key: GatewayKey;
  readonly channel: string;
}

async function admitted(
  request: Incoming,
  caller: Caller,
  host: GatewayHost,
  answer: (call: Call) => Promise<Outgoing> | Outgoing,
): Promise<Outgoing> {
  const bearer = /^bearer\s+(\S+)$/i.exec(request.headers.authorization ?? "")?.[1] ?? "";
  const key = await keyOfWord(bearer, host);
  if (caller.fault("rateLimit")) return told(429, { code: "VENDOR_RATE_LIMITED" });
  if (!key || caller.fault("expiredToken")) return told(401, { code: "UNAUTHORIZED" });
  const channel = channelFields.channel.safeParse(caller.params.channel);
  if (!channel.success) return told(400, { code: "REQUEST_INVALID", message: "a channel's name was wanted" });
  const scripted = caller.fault("vendorError");
  if (scripted) return told(502, { code: "VENDOR_FAILED", vendorCode: scripted.code });
  return answer({ request, key, channel: channel.data });
}

/** The channels that the gateway is in, and the service that they share. */
class ChannelDesk {
  readonly #bots = new Map<string, { readonly bot: ChannelBot; readonly key: string }>();
  #rtc: { readonly service: RtcService; readonly pool: ConnectionPool } | undefined;

  constructor(
    private readonly open: OpenService,
    private readonly settings: GatewaySettings,
    private readonly host: GatewayHost,
  ) {}

  async join({ request, key, channel }: Call): Promise<Outgoing> {
    const body = joinBody.safeParse(jsonOf(request.body));
    if (!body.success)
      return told(400, { code: "REQUEST_INVALID", message: "token and user are all that may be said" });
    if (this.#bots.has(channel))
      return told(409, { code: "REQUEST_INVALID", message: "the channel was joined before" });
    const { user, token = this.settings.appId } = body.data;
    try {
      const { service, pool } = this.#opened();
      const { host, settings } = this;
      const gone = () => this.#gone(channel);
      const bot = new ChannelBot({ host, key, settings, service, pool, channel, token, user, gone });
      this.#bots.set(channel, { bot, key: key.id });
      await bot.join();
      return told(201, { channel, user });
    } catch (error) {
      this.#closeUnused();
      const { code, message, traits } = asEngineError(error, "INTERNAL", "agora");
      return told(traits.httpStatus, { code, message });
    }
  }

  look({ key, channel }: Call): Outgoing {
    const bot = this.#of(key, channel);
    return bot ? told(200, { channel, users: bot.users }) : NOT_THERE;
  }

  async leave({ key, channel }: Call): Promise<Outgoing> {
    const bot = this.#of(key, channel);
    if (!bot) return NOT_THERE;
    await bot.leave();
    return told(200, { channel });
  }

  async close(): Promise<void> {
    await Promise.all([...this.#bots.values()].map(({ bot }) => bot.leave()));
  }

  /** Another key's channels are not there. */
  #of(key: GatewayKey, channel: string): ChannelBot | undefined {
    const found = this.#bots.get(channel);
    return found?.key === key.id ? found.bot : undefined;
  }

  #opened(): { readonly service: RtcService; readonly pool: ConnectionPool } {
    if (this.#rtc) return this.#rtc;
    const { appId, scenario } = this.settings;
    const service = this.open({ appId, scenario, sampleRateHz: RATE_HZ });
    this.#rtc = { service, pool: new ConnectionPool(service) };
    return this.#rtc;
  }

  #gone(channel: string): void {
    this.#bots.delete(channel);
    this.#closeUnused();
  }

  /** Connections before the service, the service after the last channel. */
  #closeUnused(): void {
    if (this.#bots.size > 0 || !this.#rtc) return;
    const { service, pool } = this.#rtc;
    this.#rtc = undefined;
    pool.close();
    service.close();
  }
}

const told = (status: number, body: object): Outgoing => ({
  status,
  headers: { "content-type": "application/json" },
  body: JSON.stringify(body),
});

const NOT_THERE = told(404, { code: "NOT_FOUND", message: "no such channel was joined" });

/** No body asks for nothing. */
function jsonOf(body: Uint8Array): unknown {
  if (body.length === 0) return {};
  try {
    return JSON.parse(new TextDecoder().decode(body));
  } catch {
    return undefined;
  }
}
