import { opening, posting } from "../clients.ts";
import { SPEAKS } from "../samples.ts";
import type { BadCall } from "../table.ts";
import { SECRETS } from "./account.ts";

const TASKS = "/api-ws/v1/inference";
const SPEECH = "/api/v1/services/audio/tts/SpeechSynthesizer";
const authorization = `Bearer ${SECRETS.key}`;

/** With a good key, unless another is given, or none. */
const asking = (path: string, body: unknown, headers: Readonly<Record<string, string>> = { authorization }) =>
  posting(path, body, headers);

const speech = (input: object) => ({ model: "cosyvoice-v2", input: { voice: "v", ...input } });

/** What the gateway is asked for by a call or at an upgrade and does not give; of tasks, its own tests have a table. */
export const calls: readonly BadCall[] = [
  { what: "a socket without a key", told: "status 401", call: opening(TASKS, {}) },
  {
    what: "a socket with a wrong key",
    told: "status 401",
    call: opening(TASKS, { authorization: `Bearer ${SECRETS.other}` }),
  },
  {
    what: "a socket of another scheme",
    told: "status 401",
    call: opening(TASKS, { authorization: `Basic ${SECRETS.key}` }),
  },
  {
    what: "a real-time session with a wrong key",
    told: "status 401",
    call: opening("/api-ws/v1/realtime?model=qwen3-asr-flash-realtime", { authorization: `Bearer ${SECRETS.other}` }),
  },
  {
    what: "a temporary key with a wrong key",
    told: /^401 .*InvalidApiKey/,
    call: asking("/api/v1/tokens", "", { authorization: `Bearer ${SECRETS.other}` }),
  },
  {
    what: "speech with a wrong key",
    told: /^401 .*InvalidApiKey/,
    service: SPEAKS,
    call: asking(SPEECH, speech({ text: "Hi." }), {}),
  },
  {
    what: "speech of what is no JSON",
    told: /^400 .*InvalidParameter.*no JSON/,
    service: SPEAKS,
    call: asking(SPEECH, "{"),
  },
  {
    what: "speech without a text",
    told: /^400 .*InvalidParameter.*input\.text/,
    service: SPEAKS,
    call: asking(SPEECH, speech({})),
  },
  {
    what: "speech in a form that it has not",
    told: /^400 .*UNSUPPORTED_FORMAT/,
    service: SPEAKS,
    call: asking(SPEECH, speech({ text: "Hi.", format: "aac" })),
  },
  {
    what: "SSML that leaves its element",
    told: /^400 .*InvalidParameter.*well-formed/,
    service: SPEAKS,
    call: asking(SPEECH, speech({ text: "<speak>Hi</speak><audio src='file:///x'/>", enable_ssml: true })),
  },
  {
    what: "a transcription of nothing",
    told: /^400 .*InvalidParameter/,
    call: asking(
      "/api/v1/services/audio/asr/transcription",
      { model: "paraformer-v2", input: {} },
      { authorization, "x-dashscope-async": "enable" },
    ),
  },
];
