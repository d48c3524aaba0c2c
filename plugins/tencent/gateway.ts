import { defineGateway, type Gateway } from "#engine/plugin";
import { RealtimeSession } from "./gateway/realtime.ts";
import { gatewaySettings } from "./gateway/settings.ts";

/** Answers the clients of Tencent Cloud's speech services, those of the older interfaces too. */
export const gateway = defineGateway({
  type: "tencent",
  summary: "Answers clients of Tencent Cloud: recognition in real time and of recordings, and synthesis.",
  config: gatewaySettings,
  create(settings, host): Gateway {
    return {
      mounts: [
        {
          kind: "websocket",
          path: "/asr/v2/:appid",
          serve: (client) => new RealtimeSession(client, host, settings).serve(),
        },
      ],
    };
  },
});
