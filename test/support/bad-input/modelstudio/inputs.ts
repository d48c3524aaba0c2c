import type { Connection, Message } from "#engine/plugin";
import { prompt, silent } from "../samples.ts";
import type { BadInput } from "../table.ts";

const ONCE = { link: { attempts: 1 } };

/** Listens in place of the gateway; told each command by its action and its task. */
const saying =
  (answer: (action: string, task: string, connection: Connection) => void): NonNullable<BadInput["instead"]> =>
  (network, { web }) =>
    network.listen(web, {
      upgrade: async () => ({
        async serve(connection) {
          for await (const message of connection) {
            if (typeof message !== "string") continue;
            const { header } = JSON.parse(message);
            answer(header.action, header.task_id, connection);
          }
        },
      }),
    });

const event = (name: string, task_id: string, payload: unknown = {}): string =>
  JSON.stringify({ header: { event: name, task_id, attributes: {} }, payload });

/** Starts what is to be started, and answers its end with this. */
const after = (words: (task: string) => Message): NonNullable<BadInput["instead"]> =>
  saying((action, task, connection) => {
    if (action === "run-task") connection.send(event("task-started", task));
    if (action === "finish-task") connection.send(words(task));
  });

const refusing =
  (status: number): NonNullable<BadInput["instead"]> =>
  (network, { web }) =>
    network.listen(web, { upgrade: async () => ({ status, body: "no" }) });

const credentials: BadInput[] = [
  {
    what: "no key",
    node: "modelstudio.asr",
    with: { apiKey: undefined },
    found: "lint",
    code: "SECRET_MISSING",
    says: /apiKey/,
  },
  ...["modelstudio.asr", "modelstudio.interpret", "modelstudio.tts"].map(
    (node): BadInput => ({
      what: "a key that is none",
      node,
      with: { apiKey: "${secret:other}" },
      found: "run",
      code: "VENDOR_KEY_REFUSED",
      says: /Model Studio/,
    }),
  ),
  {
    what: "a key that is refused at the first of one attempt",
    node: "modelstudio.asr",
    with: { ...ONCE, apiKey: "${secret:other}" },
    found: "run",
    code: "VENDOR_KEY_REFUSED",
    says: /set one that is good, and of this region/,
  },
  {
    what: "a temporary key that is refused when it is new",
    node: "modelstudio.asr",
    with: { temporaryKeys: true },
    faults: [{ on: "handshake", mount: "/api-ws/v1/inference", do: { expiredToken: true } }],
    found: "run",
    code: "VENDOR_KEY_REFUSED",
    says: /a temporary key that was new/,
  },
];

const settings: BadInput[] = [
  {
    what: "a model of nobody's",
    node: "modelstudio.asr",
    with: { model: "whisper-1" },
    found: "lint",
    code: "VALUE_INVALID",
    says: /begins with/,
  },
  {
    what: "a rate that the model has not",
    node: "modelstudio.asr",
    with: { model: "paraformer-realtime-v1", sampleRateHz: 8000 },
    found: "lint",
    code: "VALUE_INVALID",
    says: /takes 16000/,
  },
  {
    what: "a language that the model does not know",
    node: "modelstudio.asr",
    with: { model: "paraformer-realtime-v2", language: "pt" },
    found: "lint",
    code: "VALUE_INVALID",
    says: /does not know pt; it knows/,
  },
  {
    what: "a language that it does not translate into",
    node: "modelstudio.interpret",
    with: { target: "xx" },
    found: "lint",
    code: "VALUE_INVALID",
    says: /does not know xx; it knows/,
  },
  {
    what: "a format that has not that rate",
    node: "modelstudio.tts",
    with: { format: "opus", sampleRateHz: 44_100 },
    found: "lint",
    code: "VALUE_INVALID",
    says: /opus/,
  },
  {
    what: "SSML in pieces",
    node: "modelstudio.tts",
    with: { mode: "flowing", ssml: true },
    found: "lint",
    code: "VALUE_INVALID",
    says: /excludes mode flowing/,
  },
];

const spoken: BadInput[] = (
  [
    ["is not well formed", "<speak><voice name='a'>Hi</speak></voice>", /InvalidTag/],
    ["leaves its element", "<speak>Hi</speak><audio src='file:///x'/>", /goes on behind/],
    ["names an entity that it does not declare", "<speak>&a;</speak>", /an & that begins/],
  ] as const
).map(([what, document, says]) => ({
  what: `SSML that ${what}`,
  node: "modelstudio.tts",
  with: { ssml: true },
  frames: [prompt(document)],
  found: "run",
  code: "CONFIG_INVALID",
  says,
  fallback: { use: "bad-input.voice" },
  result: [`${document.length * 320} samples`],
}));

const nonsense: BadInput[] = [
  {
    what: "words in place of an event",
    node: "modelstudio.asr",
    with: ONCE,
    instead: saying((_, __, connection) => connection.send("hello")),
    found: "run",
    code: "VENDOR_PROTOCOL",
    says: "Model Studio",
  },
  {
    what: "an event without a name",
    node: "modelstudio.asr",
    with: ONCE,
    instead: saying((_, __, connection) => connection.send('{"header":{}}')),
    found: "run",
    code: "VENDOR_PROTOCOL",
    says: "Model Studio",
  },
  {
    what: "a sentence whose beginning is a word",
    node: "modelstudio.asr",
    with: { ...ONCE, model: "paraformer-realtime-v2" },
    instead: after((task) =>
      event("result-generated", task, {
        output: { sentence: { begin_time: "soon", text: "a secret thing that was said", words: [] } },
      }),
    ),
    found: "run",
    code: "VENDOR_PROTOCOL",
    says: /begin_time/,
  },
  {
    what: "audio for a recogniser",
    node: "modelstudio.asr",
    with: ONCE,
    instead: after(() => new Uint8Array(10)),
    found: "run",
    code: "VENDOR_PROTOCOL",
    says: "10 bytes of audio",
  },
  {
    what: "noise in place of an event",
    node: "modelstudio.asr",
    with: ONCE,
    faults: [{ on: "connection", after: { sent: 1 }, do: { garbage: true } }],
    found: "run",
    code: "VENDOR_PROTOCOL",
    says: "Model Studio",
  },
  {
    what: "half an event",
    node: "modelstudio.asr",
    with: ONCE,
    faults: [{ on: "connection", after: { sent: 1 }, do: { half: true } }],
    found: "run",
    code: "VENDOR_PROTOCOL",
    says: "Model Studio",
  },
];

const limits: BadInput[] = [
  {
    what: "more sockets than the account may have",
    node: "modelstudio.asr",
    with: ONCE,
    instead: refusing(429),
    found: "run",
    code: "VENDOR_RATE_LIMITED",
    says: /HTTP\.429/,
  },
  ...(
    [
      ["Throttling.RateQuota", "VENDOR_RATE_LIMITED"],
      ["Arrearage", "VENDOR_QUOTA_EXHAUSTED"],
      ["DataInspectionFailed", "VENDOR_REFUSED"],
      ["InternalError.Algo", "VENDOR_FAILED"],
      ["InvalidApiKey", "VENDOR_KEY_REFUSED"],
      ["Tea.Cold", "VENDOR_REFUSED"],
    ] as const
  ).map(
    ([vendorError, code]): BadInput => ({
      what: `the failure ${vendorError} in the midst of speech`,
      node: "modelstudio.asr",
      faults: Array.from({ length: 9 }, (_, i) => ({
        on: "connection",
        connections: i + 1,
        after: { received: 5 },
        do: { vendorError },
      })),
      found: "run",
      code,
      says: new RegExp(`failed a task: ${vendorError.replace(".", "\\.")}`),
    }),
  ),
  {
    what: "a socket that is closed in the midst of a task",
    node: "modelstudio.asr",
    with: ONCE,
    faults: Array.from({ length: 9 }, (_, i) => ({
      on: "connection",
      connections: i + 1,
      after: { received: 5 },
      do: { close: 1000 },
    })),
    found: "run",
    code: "VENDOR_LOST",
    says: /in the midst of a task, with code 1000/,
  },
  {
    what: "more audio than is held until the service is ready",
    node: "modelstudio.asr",
    with: { link: { attempts: 1, openMs: 15_000, bufferMs: 1000 } },
    frames: silent(30_000),
    faults: [{ on: "handshake", do: { hang: true } }],
    found: "run",
    code: "VENDOR_UNREACHABLE",
    says: "15000 ms",
    drops: true,
    fallback: false,
  },
];

/** What the nodes of Model Studio are asked, or answered, and cannot work with. */
export const inputs: readonly BadInput[] = [...credentials, ...settings, ...spoken, ...nonsense, ...limits];
