import { type Caller, type Client, defineGateway, type Gateway, type Incoming, type Outgoing } from "#engine/plugin";
import { door, temporaryKey } from "./gateway/calls.ts";
import { Conversation } from "./gateway/conversation.ts";
import { keyOf } from "./gateway/credentials.ts";
import { customization } from "./gateway/customization.ts";
import { RealtimeConversation } from "./gateway/realtime-conversation.ts";
import { INVALID_KEY, refusedCall } from "./gateway/refusal.ts";
import { gatewaySettings } from "./gateway/settings.ts";
import { Vocabularies } from "./gateway/vocabularies.ts";

/** Answers the clients of Model Studio (DashScope). */
export const gateway = defineGateway({
  type: "modelstudio",
  summary:
    "Answers clients of Model Studio (DashScope): recognition, translation and synthesis, by tasks and in real time.",
  config: gatewaySettings,
  create(settings, host): Gateway {
    const vocabularies = new Vocabularies();
    const admit = async ({ headers }: Incoming, caller: Caller): Promise<Outgoing | undefined> => {
      const known = !caller.fault("expiredToken") && (await keyOf(headers.authorization, host));
      return known ? undefined : refusedCall(INVALID_KEY, host.newId());
    };
    const serveTasks = async (client: Client): Promise<void> => {
      const key = await keyOf(client.request?.headers.authorization, host);
      await new Conversation(client, { key, host, settings, vocabularies }).run();
    };
    const serveRealtime = async (client: Client): Promise<void> => {
      const key = await keyOf(client.request?.headers.authorization, host);
      const model = new URLSearchParams(client.request?.query).get("model") ?? "";
      await new RealtimeConversation(client, { key, model, host, settings }).run();
    };
    return {
      mounts: [
        { kind: "websocket", path: "/api-ws/v1/inference", admit, serve: serveTasks },
        { kind: "websocket", path: "/api-ws/v1/inference/", admit, serve: serveTasks },
        { kind: "websocket", path: "/api-ws/v1/realtime", admit, serve: serveRealtime },
        { kind: "http", method: "POST", path: "/api/v1/tokens", answer: door(host, temporaryKey(host)) },
        {
          kind: "http",
          method: "POST",
          path: "/api/v1/services/audio/asr/customization",
          answer: door(host, customization(host, vocabularies)),
        },
      ],
    };
  },
});
