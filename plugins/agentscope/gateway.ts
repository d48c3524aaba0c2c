import {
  type Caller,
  type Client,
  defineGateway,
  type Gateway,
  type GatewayHost,
  type GatewayKey,
  type Incoming,
  keyOfWord,
  type Outgoing,
} from "#engine/plugin";
import { Conversation } from "./gateway/conversation.ts";
import { gatewaySettings } from "./gateway/settings.ts";

const PATH = "/voice-chat";

/** Voice chat by AgentScope's directives and events, with a workflow that hears, answers and speaks behind each session. */
export const gateway = defineGateway({
  type: "agentscope",
  summary: "Answers clients of AgentScope's voice chat: a session hears, answers and speaks.",
  config: gatewaySettings,
  streams: [{ name: "voice chat", inputs: ["audio"], output: "audio" }],
  example: {
    key: { id: "example-key", secret: "example-key", facts: {} },
    nodes: () => ({}),
  },
  create(settings, host): Gateway {
    const admit = async (request: Incoming, caller: Caller): Promise<Outgoing | undefined> => {
      if (caller.fault("rateLimit")) return { status: 429, body: "Too Many Requests" };
      if (caller.fault("expiredToken") || !(await keyOf(request, host))) return { status: 401, body: "Unauthorized" };
      return undefined;
    };
    const serve = async (client: Client): Promise<void> => {
      const key = client.request && (await keyOf(client.request, host));
      if (key) await new Conversation(client, key, host, settings).run();
    };
    return { mounts: [{ kind: "websocket", path: PATH, admit, serve }] };
  },
});

/** The key as a bearer token, or in the query as browsers have to send it. */
async function keyOf({ headers, query }: Incoming, host: GatewayHost): Promise<GatewayKey | undefined> {
  const bearer = /^bearer\s+(\S+)$/i.exec(headers.authorization ?? "")?.[1];
  return keyOfWord(bearer ?? new URLSearchParams(query).get("api_key") ?? "", host);
}
