import type { Message } from "#engine/plugin";
import { moreThanIsHeld, ONCE, onEachConnection } from "../connection-faults.ts";
import { inHeader, noEvents } from "../headed-events.ts";
import { answering, answeringEach } from "../scripted-answers.ts";
import { badSsml } from "../ssml.ts";
import { type BadInput, failing, type Instead } from "../table.ts";

/** Listens in place of the gateway; told each command by its action and its task. */
const saying = answeringEach(inHeader("action"));

const event = (name: string, task_id: string, payload: unknown = {}): string =>
  JSON.stringify({ header: { event: name, task_id, attributes: {} }, payload });

/** Starts what is to be started, and answers its end with this. */
const after = (words: (task: string) => Message): Instead =>
  saying((action, task, connection) => {
    if (action === "run-task") connection.send(event("task-started", task));
    if (action === "finish-task") connection.send(words(task));
  });

const credentials: BadInput[] = [
  {
    what: "no key",
    node: "modelstudio.asr",
    with: { apiKey: undefined },
    found: "lint",
    code: "SECRET_MISSING",
    says: /apiKey/,
  },
  ...failing({ found: "run", code: "VENDOR_KEY_REFUSED" }, [
    ...["modelstudio.asr", "modelstudio.interpret", "modelstudio.tts"].map((node) => ({
      what: "a key that is none",
      node,
      with: { apiKey: "${secret:other}" },
      says: /Model Studio/,
    })),
    {
      what: "a key that is refused at the first of one attempt",
      node: "modelstudio.asr",
      with: { ...ONCE, apiKey: "${secret:other}" },
      says: /set one that is good, and of this region/,
    },
    {
      what: "a temporary key that is refused when it is new",
      node: "modelstudio.asr",
      with: { temporaryKeys: true },
      faults: [{ on: "handshake", mount: "/api-ws/v1/inference", do: { expiredToken: true } }],
      says: /a temporary key that was new/,
    },
  ]),
];

const settings: BadInput[] = [
  ...failing({ found: "lint", code: "VALUE_INVALID" }, [
    { what: "a model of nobody's", node: "modelstudio.asr", with: { model: "whisper-1" }, says: /begins with/ },
    {
      what: "a rate that the model has not",
      node: "modelstudio.asr",
      with: { model: "paraformer-realtime-v1", sampleRateHz: 8000 },
      says: /takes 16000/,
    },
    {
      what: "a language that the model does not know",
      node: "modelstudio.asr",
      with: { model: "paraformer-realtime-v2", language: "pt" },
      says: /does not know pt; it knows/,
    },
    {
      what: "a language that it does not translate into",
      node: "modelstudio.interpret",
      with: { target: "xx" },
      says: /does not know xx; it knows/,
    },
    {
      what: "a format that has not that rate",
      node: "modelstudio.tts",
      with: { format: "opus", sampleRateHz: 44_100 },
      says: /opus/,
    },
    {
      what: "SSML in pieces",
      node: "modelstudio.tts",
      with: { mode: "flowing", ssml: true },
      says: /excludes mode flowing/,
    },
  ]),
];

const nonsense: BadInput[] = [
  ...noEvents("modelstudio.asr", "Model Studio"),
  ...failing({ found: "run", code: "VENDOR_PROTOCOL", with: ONCE }, [
    {
      what: "a sentence whose beginning is a word",
      node: "modelstudio.asr",
      with: { model: "paraformer-realtime-v2" },
      instead: after((task) =>
        event("result-generated", task, {
          output: { sentence: { begin_time: "soon", text: "a secret thing that was said", words: [] } },
        }),
      ),
      says: /begin_time/,
    },
    {
      what: "audio for a recogniser",
      node: "modelstudio.asr",
      instead: after(() => new Uint8Array(10)),
      says: "10 bytes of audio",
    },
  ]),
];

const limits: BadInput[] = [
  {
    what: "more sockets than the account may have",
    node: "modelstudio.asr",
    with: ONCE,
    instead: answering(429),
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
      faults: onEachConnection(5, { vendorError }),
      found: "run",
      code,
      says: new RegExp(`failed a task: ${vendorError.replace(".", "\\.")}`),
    }),
  ),
  {
    what: "a socket that is closed in the midst of a task",
    node: "modelstudio.asr",
    with: ONCE,
    faults: onEachConnection(5, { close: 1000 }),
    found: "run",
    code: "VENDOR_LOST",
    says: /in the midst of a task, with code 1000/,
  },
  moreThanIsHeld("modelstudio.asr"),
];

/** What the nodes of Model Studio are asked, or answered, and cannot work with. */
export const inputs: readonly BadInput[] = [
  ...credentials,
  ...settings,
  ...badSsml("modelstudio.tts"),
  ...nonsense,
  ...limits,
];
