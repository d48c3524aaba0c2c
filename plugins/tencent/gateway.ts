import { defineGateway, type Gateway } from "#engine/plugin";
import { FlashDesk } from "./gateway/flash.ts";
import { LegacyDesk } from "./gateway/legacy.ts";
import { RealtimeSession } from "./gateway/realtime.ts";
import { gatewaySettings } from "./gateway/settings.ts";
import { SpeechDesk } from "./gateway/speech-desk.ts";
import { SpeechSession } from "./gateway/speech-session.ts";
import { TaskList } from "./gateway/task-list.ts";
import { TaskDesk } from "./gateway/tasks.ts";

/** Answers the clients of Tencent Cloud's speech services, those of the older interfaces too. */
export const gateway = defineGateway({
  type: "tencent",
  summary: "Answers clients of Tencent Cloud: recognition in real time and of recordings, and synthesis.",
  config: gatewaySettings,
  streams: [
    { name: "recognition", inputs: ["audio"], output: "text" },
    { name: "recognition of recordings", inputs: ["recording", "audio"], output: "text" },
    { name: "synthesis", inputs: ["text"], output: "audio" },
  ],
  example: {
    key: { id: "example-secret-id", secret: "example-secret-key", facts: { appid: "1250000000" } },
    nodes({ web = "" }, { id, secret, facts }) {
      const access = { appId: facts.appid, secretId: id, secretKey: secret };
      return {
        "tencent.asr": { url: `ws://${web}/asr/v2`, ...access },
        "tencent.file-asr": { url: `http://${web}/`, ...access },
        "tencent.tts": { url: `ws://${web}/stream_ws`, mode: "socket", ...access },
      };
    },
  },
  create(settings, host): Gateway {
    const tasks = new TaskList(host, settings);
    const legacy = new LegacyDesk(host, settings, tasks);
    const current = new TaskDesk(host, settings, tasks);
    const flash = new FlashDesk(host, settings);
    const speech = new SpeechDesk(host, settings);
    return {
      mounts: [
        {
          kind: "websocket",
          path: "/asr/v2/:appid",
          serve: (client) => new RealtimeSession(client, host, settings).serve(),
        },
        {
          kind: "http",
          method: "POST",
          path: "/asr/v1/:appid",
          answer: (request, caller) => legacy.answer(request, caller),
        },
        {
          kind: "http",
          method: "POST",
          path: "/asr/flash/v1/:appid",
          answer: (request, caller) => flash.answer(request, caller),
        },
        { kind: "http", method: "POST", path: "/", answer: (request, caller) => current.answer(request, caller) },
        { kind: "http", method: "POST", path: "/stream", answer: (request, caller) => speech.answer(request, caller) },
        {
          kind: "websocket",
          path: "/stream_ws",
          serve: (client) => new SpeechSession(client, host, settings, false).serve(),
        },
        {
          kind: "websocket",
          path: "/stream_wsv2",
          serve: (client) => new SpeechSession(client, host, settings, true).serve(),
        },
      ],
      async close() {
        flash.close();
        speech.close();
        current.close();
        await tasks.close();
      },
    };
  },
});
