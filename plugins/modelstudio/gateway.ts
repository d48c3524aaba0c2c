import {
  type Caller,
  type Client,
  defineGateway,
  type Gateway,
  type Incoming,
  type Mount,
  type Outgoing,
} from "#engine/plugin";
import { type Answer, door, temporaryKey } from "./gateway/calls.ts";
import { Conversation } from "./gateway/conversation.ts";
import { keyOf } from "./gateway/credentials.ts";
import { customization } from "./gateway/customization.ts";
import { FileDesk } from "./gateway/file-desk.ts";
import { FileTasks } from "./gateway/file-tasks.ts";
import { RealtimeConversation } from "./gateway/realtime-conversation.ts";
import { INVALID_KEY, refusedCall } from "./gateway/refusal.ts";
import { gatewaySettings } from "./gateway/settings.ts";
import { SpeechDesk } from "./gateway/speech-desk.ts";
import { Vocabularies } from "./gateway/vocabularies.ts";

/** Answers the clients of Model Studio (DashScope). */
export const gateway = defineGateway({
  type: "modelstudio",
  summary: "Answers clients of Model Studio (DashScope): recognition, translation, synthesis, and recordings.",
  config: gatewaySettings,
  streams: [
    { name: "recognition", inputs: ["audio"], output: "text" },
    { name: "recordings", inputs: ["audio", "recording"], output: "text" },
    { name: "synthesis", inputs: ["text"], output: "audio" },
  ],
  example: {
    key: { id: "example-key", secret: "example-secret", facts: {} },
    nodes({ web = "" }, { id, secret }) {
      const calls = { httpUrl: `http://${web}/api/v1`, apiKey: `${id}.${secret}` };
      const access = { ...calls, url: `ws://${web}/api-ws/v1/inference` };
      return {
        "modelstudio.asr": access,
        "modelstudio.interpret": { ...access, target: "es" },
        "modelstudio.tts": access,
        "modelstudio.file-asr": calls,
      };
    },
  },
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
    const tasks = new FileTasks(host, settings);
    const files = new FileDesk({ host, settings, tasks, vocabularies });
    const speech = new SpeechDesk(host, settings.publicUrl);
    const post = (path: string, answer: Answer): Mount => ({
      kind: "http",
      method: "POST",
      path: `/api/v1${path}`,
      answer: door(host, answer),
    });
    const get = (path: string, answer: Answer): Mount => ({ ...post(path, answer), method: "GET" }) as Mount;
    return {
      mounts: [
        { kind: "websocket", path: "/api-ws/v1/inference", admit, serve: serveTasks },
        { kind: "websocket", path: "/api-ws/v1/inference/", admit, serve: serveTasks },
        { kind: "websocket", path: "/api-ws/v1/realtime", admit, serve: serveRealtime },
        post("/tokens", temporaryKey(host)),
        post("/services/audio/asr/customization", customization(host, vocabularies)),
        post("/services/audio/asr/transcription", files.submit),
        get("/tasks", files.list),
        get("/tasks/:id", files.ask),
        post("/tasks/:id/cancel", files.cancel),
        {
          kind: "http",
          method: "GET",
          path: "/api/v1/results/:id",
          answer: (_request, { params }) => files.result(params.id ?? ""),
        },
        {
          kind: "http",
          method: "GET",
          path: "/api/v1/audio/:id",
          answer: async (_request, { params }) => speech.files.read(params.id ?? ""),
        },
        post("/services/audio/tts/SpeechSynthesizer", speech.speech),
        post("/services/aigc/multimodal-generation/generation", speech.generation),
      ],
      async close() {
        await tasks.close();
        await speech.close();
      },
    };
  },
});
