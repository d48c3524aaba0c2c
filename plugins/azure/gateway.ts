import { type Caller, type Client, defineGateway, type Gateway, type Incoming, type Outgoing } from "#engine/plugin";
import { Conversation } from "./gateway/conversation.ts";
import { FileDesk } from "./gateway/file-desk.ts";
import { keyOf, tokenFor } from "./gateway/key.ts";
import { gatewaySettings } from "./gateway/settings.ts";
import { SpeechDesk } from "./gateway/speech-desk.ts";

const MINUTE_MS = 60_000;

/** Every address at which the vendor's clients open a socket. */
const SOCKETS = [
  "/stt/speech/universal/v2",
  "/speech/universal/v2",
  "/speech/recognition/conversation/cognitiveservices/v1",
  "/speech/recognition/interactive/cognitiveservices/v1",
  "/speech/recognition/dictation/cognitiveservices/v1",
  "/speech/translation/cognitiveservices/v1",
  "/tts/cognitiveservices/websocket/v1",
  "/tts/cognitiveservices/websocket/v2",
  "/cognitiveservices/websocket/v1",
  "/cognitiveservices/websocket/v2",
];

const SHORT = "/speech/recognition/conversation/cognitiveservices/v1";
const SPEECH = "/cognitiveservices/v1";
const FILES = "/speechtotext/transcriptions";

const unauthorised: Outgoing = { status: 401, body: "Unauthorized" };

/** Answers the clients of Azure Speech: recognition, translation, synthesis, and the call for a token. */
export const gateway = defineGateway({
  type: "azure",
  summary:
    "Answers clients of Azure Speech: recognition, translation, synthesis, recordings, and the call for a token.",
  config: gatewaySettings,
  streams: [
    { name: "recognition", inputs: ["audio"], output: "text" },
    { name: "synthesis", inputs: ["text"], output: "audio" },
  ],
  example: {
    key: { id: "example-key", secret: "example-key", facts: {} },
    nodes({ web = "" }, { id }) {
      const access = { host: `ws://${web}`, key: id };
      return { "azure.asr": access, "azure.interpret": access, "azure.file-asr": access, "azure.tts": access };
    },
  },
  create(settings, host): Gateway {
    const admit = async (request: Incoming, caller: Caller): Promise<Outgoing | undefined> => {
      if (caller.fault("rateLimit")) return { status: 429, body: "Too Many Requests" };
      if (caller.fault("expiredToken") || !(await keyOf(request, host))) return unauthorised;
      return undefined;
    };
    const serve = async (client: Client): Promise<void> => {
      const { request } = client;
      const key = request && (await keyOf(request, host));
      if (request && key) await new Conversation(client, request, key, host, settings).run();
    };
    const desk = new FileDesk(host);
    const speech = new SpeechDesk(host);
    const task = (caller: Caller) => caller.params.id ?? "";
    return {
      mounts: [
        { kind: "http", method: "POST", path: SHORT, answer: (request) => desk.short(request) },
        { kind: "http", method: "POST", path: `${FILES}:transcribe`, answer: (request) => desk.fast(request) },
        { kind: "http", method: "POST", path: `${FILES}:submit`, answer: (request) => desk.submit(request) },
        { kind: "http", method: "GET", path: `${FILES}/:id`, answer: (request, by) => desk.ask(request, task(by)) },
        {
          kind: "http",
          method: "DELETE",
          path: `${FILES}/:id`,
          answer: (request, by) => desk.delete(request, task(by)),
        },
        {
          kind: "http",
          method: "GET",
          path: `${FILES}/:id/files`,
          answer: (request, by) => desk.files(request, task(by)),
        },
        {
          kind: "http",
          method: "GET",
          path: `${FILES}/:id/files/:file/content`,
          answer: (_, by) => desk.content(task(by)),
        },
        { kind: "http", method: "POST", path: SPEECH, answer: (request, by) => speech.speak(request, by) },
        ...SOCKETS.map((path) => ({ kind: "websocket", path, admit, serve }) as const),
        {
          kind: "http",
          method: "POST",
          path: "/sts/v1.0/issueToken",
          async answer(request) {
            const key = await keyOf(request, host);
            if (!key) return unauthorised;
            const token = tokenFor(key, host.epochMs() + settings.tokenMinutes * MINUTE_MS);
            return { status: 200, headers: { "content-type": "application/jwt" }, body: token };
          },
        },
        {
          kind: "http",
          method: "GET",
          path: "/cognitiveservices/voices/list",
          async answer(request) {
            if (!(await keyOf(request, host))) return unauthorised;
            const voices = settings.voices.map(({ name, locale }) => voiceOf(name, locale));
            return { status: 200, headers: { "content-type": "application/json" }, body: JSON.stringify(voices) };
          },
        },
      ],
      async close() {
        await Promise.all([desk.close(), speech.close()]);
      },
    };
  },
});

const voiceOf = (name: string, locale: string): object => ({
  Name: `Microsoft Server Speech Text to Speech Voice (${locale}, ${name})`,
  DisplayName: name.replace(/^[a-z]{2,3}-[A-Z]{2}-/, "").replace(/(Multilingual)?Neural$/, ""),
  ShortName: name,
  Gender: "Female",
  Locale: locale,
  LocaleName: locale,
  SampleRateHertz: "24000",
  VoiceType: "Neural",
  Status: "GA",
});
