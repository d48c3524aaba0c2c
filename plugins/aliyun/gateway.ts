import { type Caller, type Client, defineGateway, type Gateway, type Incoming, type Outgoing } from "#engine/plugin";
import { Conversation } from "./gateway/conversation.ts";
import { TokenDesk } from "./gateway/create-token.ts";
import { keyOfToken } from "./gateway/credentials.ts";
import { gatewaySettings } from "./gateway/settings.ts";

const HOUR_MS = 3_600_000;

/** Answers the clients of Aliyun NLS: recognition, transcription, three kinds of synthesis, and the call for a token. */
export const gateway = defineGateway({
  type: "aliyun",
  summary: "Answers clients of Aliyun NLS: recognition, transcription, synthesis, and the call for a token.",
  config: gatewaySettings,
  streams: [
    { name: "recognition", inputs: ["audio"], output: "text" },
    { name: "synthesis", inputs: ["text"], output: "audio" },
  ],
  example: {
    key: { id: "example-key", secret: "example-secret", facts: { appkey: "example-appkey" } },
    nodes({ web = "" }, { id, secret, facts }) {
      const access = {
        url: `ws://${web}/ws/v1`,
        tokenUrl: `http://${web}/`,
        appkey: facts.appkey,
        accessKeyId: id,
        accessKeySecret: secret,
      };
      return { "aliyun.asr": access, "aliyun.tts": access };
    },
  },
  create(settings, host): Gateway {
    const desk = new TokenDesk(host, settings.tokenHours * HOUR_MS);
    const admit = async (request: Incoming, caller: Caller): Promise<Outgoing | undefined> => {
      if (settings.badToken === "task") return undefined;
      if (caller.fault("expiredToken") || !(await keyOfToken(tokenOf(request), host)))
        return { status: 403, body: "Forbidden" };
      return undefined;
    };
    const serve = async (client: Client): Promise<void> => {
      const key = await keyOfToken(client.request ? tokenOf(client.request) : "", host);
      await new Conversation(client, key, host, settings).run();
    };
    return {
      mounts: [
        { kind: "websocket", path: "/ws/v1", admit, serve },
        { kind: "websocket", path: "/:prefix/ws/v1", admit, serve },
        { kind: "http", method: "GET", path: "/", answer: (request) => desk.answer(request) },
        { kind: "http", method: "POST", path: "/", answer: (request) => desk.answer(request) },
      ],
    };
  },
});

/** In a header, or in the query where a client cannot set headers. */
const tokenOf = ({ headers, query }: Incoming): string =>
  headers["x-nls-token"] ?? new URLSearchParams(query).get("token") ?? "";
