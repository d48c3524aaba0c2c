import { z } from "zod";
import {
  type Caller,
  equalSecrets,
  type GatewayHost,
  type GatewayKey,
  type Incoming,
  type Outgoing,
} from "#engine/plugin";
import { readTc3Authorization, signTc3 } from "../signatures.ts";
import { CALLBACK_CODES, meaningOf } from "../status.ts";
import { formCallback, jsonCallback } from "../wire/callback.ts";
import { resultText } from "../wire/result-text.ts";
import { scriptedError, withChannels } from "./legacy.ts";
import { codesOf } from "./outcome.ts";
import { recogniseSentence, sentenceBody } from "./sentence.ts";
import type { GatewaySettings } from "./settings.ts";
import { wholeNumber } from "./signed.ts";
import type { TaskEnd, TaskList } from "./task-list.ts";
import { TaskRefusal } from "./task-refusal.ts";

/** How far a client's clock may be off; the vendor's figure is not confirmed. */
const TOLERANCE_S = 300;
const MOST_BYTES = 5 * 1024 * 1024;
const FIVE_HOURS_MS = 5 * 3_600_000;

const address = z.url({ protocol: /^https?$/ }).max(2047);

const createBody = z
  .looseObject({
    EngineModelType: z.string().regex(/^(8k|16k)_[a-z_]+$/),
    ChannelNum: z.literal([1, 2]),
    ResTextFormat: z.number().int().min(0).max(5),
    SourceType: z.literal([0, 1]),
    Url: address.optional(),
    Data: z.base64().optional(),
    DataLen: z.number().int().optional(),
    CallbackUrl: address.optional(),
  })
  .refine(({ ChannelNum, EngineModelType }) => ChannelNum === 1 || EngineModelType.startsWith("8k"), {
    path: ["ChannelNum"],
  });

const describeBody = z.looseObject({ TaskId: z.number().int() });

/** The current interface for recordings, as tasks and at once: signed JSON at `/`, with the action in a header. */
export class TaskDesk {
  readonly #stop = new AbortController();

  constructor(
    readonly host: GatewayHost,
    readonly settings: GatewaySettings,
    readonly tasks: TaskList,
  ) {}

  close(): void {
    this.#stop.abort();
  }

  async answer(request: Incoming, caller: Caller): Promise<Outgoing> {
    const RequestId = this.host.newId();
    try {
      return answered({ Response: { ...(await this.#act(request, caller)), RequestId } });
    } catch (error) {
      if (!(error instanceof TaskRefusal)) throw error;
      return answered({ Response: { Error: { Code: error.code, Message: error.message }, RequestId } });
    }
  }

  async #act(request: Incoming, caller: Caller): Promise<Readonly<Record<string, unknown>>> {
    const scripted = caller.fault("vendorError")?.code;
    if (typeof scripted === "string") throw new TaskRefusal(scripted, "scripted");
    if (caller.fault("expiredToken")) throw new TaskRefusal("AuthFailure.SignatureExpire", "the signature has expired");
    if (caller.fault("rateLimit")) throw new TaskRefusal("RequestLimitExceeded", "too many requests");
    const key = await this.#admit(request);
    const action = request.headers["x-tc-action"];
    if (action === "CreateRecTask") return this.#create(key, bodyOf(request, createBody), scripted);
    if (action === "DescribeTaskStatus") return this.#describe(bodyOf(request, describeBody).TaskId);
    if (action === "SentenceRecognition") {
      const asked = bodyOf(request, sentenceBody);
      return recogniseSentence({ key, asked, source: sourceOf(asked), signal: this.#stop.signal }, this.host);
    }
    throw new TaskRefusal("InvalidAction", "the action is not offered here");
  }

  async #admit({ headers, body }: Incoming): Promise<GatewayKey> {
    const claim = readTc3Authorization(headers.authorization ?? "");
    const timestampS = wholeNumber(headers["x-tc-timestamp"]);
    if (!claim) throw new TaskRefusal("AuthFailure.InvalidAuthorization", "Authorization cannot be read");
    if (timestampS === undefined) throw new TaskRefusal("MissingParameter", "X-TC-Timestamp is missing");
    const isNear = Math.abs(this.host.epochMs() / 1000 - timestampS) <= TOLERANCE_S;
    if (!isNear || new Date(timestampS * 1000).toISOString().slice(0, 10) !== claim.date)
      throw new TaskRefusal("AuthFailure.SignatureExpire", "the signature has expired");
    const key = await this.host.key(claim.secretId);
    if (!key) throw new TaskRefusal("AuthFailure.SecretIdNotFound", "the secret id is not known");
    const made = signTc3({ timestampS, service: claim.service, headers, signed: claim.signed, body }, key.secret);
    if (!equalSecrets(made, claim.signature))
      throw new TaskRefusal("AuthFailure.SignatureFailure", "the signature is wrong");
    return key;
  }

  #create(key: GatewayKey, asked: z.output<typeof createBody>, scripted: number | undefined) {
    const { EngineModelType: engine, ChannelNum: channels, CallbackUrl, ResTextFormat } = asked;
    const error = scripted === undefined ? undefined : scriptedError(scripted);
    const id = this.tasks.submit({
      key,
      detailed: ResTextFormat > 0,
      engine,
      channels,
      source: sourceOf(asked),
      mostMs: FIVE_HOURS_MS,
      ...(error && { scripted: error }),
      ...(CallbackUrl !== undefined && {
        callback: { url: CallbackUrl, body: (task, end) => this.#callback({ key, asked, task, end }) },
      }),
    });
    return { Data: { TaskId: id } };
  }

  #describe(id: number) {
    const task = this.tasks.get(id);
    if (!task) throw new TaskRefusal("FailedOperation.NoSuchTask", "there is no such task");
    const { end } = task;
    const state = !end ? "doing" : "error" in end ? "failed" : "success";
    const done = end && "result" in end ? end : undefined;
    return {
      Data: {
        TaskId: id,
        Status: { doing: 1, success: 2, failed: 3 }[state],
        StatusStr: state,
        Result: done ? resultText(withChannels(done)) : "",
        ErrorMsg: end && "error" in end ? codesOf(end.error).named : "",
        ResultDetail: done && task.detailed ? detailsOf(done) : null,
        AudioDuration: done ? done.result.durationMs / 1000 : 0,
      },
    };
  }

  #callback({ key, asked, task, end }: CallbackFacts) {
    const failed = "error" in end;
    const code = failed ? Number(end.error.details.vendorCode ?? codesOf(end.error).callback) : 0;
    const fields = {
      code,
      requestId: task,
      appid: key.facts.appid ?? "0",
      projectid: 0,
      ...(asked.Url !== undefined && { audioUrl: asked.Url }),
      text: failed ? "" : resultText(withChannels(end)),
      audioTime: ((failed ? 0 : end.result.durationMs) / 1000).toFixed(6),
      message: failed ? meaningOf(CALLBACK_CODES, code).name : "",
      resultDetail: !failed && asked.ResTextFormat > 0 ? JSON.stringify(detailsOf(end)) : "",
    };
    return (this.settings.callbackBody === "form" ? formCallback : jsonCallback)(fields, "utf-8");
  }
}

interface CallbackFacts {
  readonly key: GatewayKey;
  readonly asked: z.output<typeof createBody>;
  readonly task: number;
  readonly end: TaskEnd;
}

type SourceAsked = Pick<z.output<typeof createBody>, "SourceType" | "Url" | "Data" | "DataLen">;

function sourceOf({ SourceType, Url, Data, DataLen }: SourceAsked) {
  if (SourceType === 0) {
    if (Url === undefined) throw new TaskRefusal("MissingParameter", "Url is missing");
    return { url: Url };
  }
  if (Data === undefined) throw new TaskRefusal("MissingParameter", "Data is missing");
  const bytes = new Uint8Array(Buffer.from(Data, "base64"));
  if (bytes.length === 0 || bytes.length > MOST_BYTES || (DataLen !== undefined && DataLen !== bytes.length))
    throw new TaskRefusal("InvalidParameterValue", "Data is empty, too large, or not of the length that DataLen says");
  return { bytes };
}

const detailsOf = ({ result }: Extract<TaskEnd, { result: unknown }>) =>
  result.sentences.map(({ text, beginMs, endMs, speaker, channel, words = [] }) => ({
    FinalSentence: text,
    SliceSentence: words.map((word) => word.text).join(" "),
    WrittenText: text,
    StartMs: beginMs,
    EndMs: endMs,
    WordsNum: words.length,
    Words: words.map((word) => ({
      Word: word.text,
      OffsetStartMs: word.beginMs - beginMs,
      OffsetEndMs: word.endMs - beginMs,
    })),
    SpeechSpeed: 0,
    SpeakerId: Number(speaker ?? channel ?? 0) || 0,
  }));

/** @throws TaskRefusal that names the field, as the vendor's do. */
function bodyOf<T>({ body }: Incoming, schema: z.ZodType<T>): T {
  let value: unknown;
  try {
    value = JSON.parse(new TextDecoder().decode(body));
  } catch {
    throw new TaskRefusal("InvalidParameter", "the body is no JSON");
  }
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  const field = String(issue?.path[0] ?? "the body");
  const missing = typeof value === "object" && value !== null && !(field in value);
  throw new TaskRefusal(
    missing ? "MissingParameter" : "InvalidParameterValue",
    `${field} is ${missing ? "missing" : "not valid"}`,
  );
}

const answered = (body: unknown): Outgoing => ({
  status: 200,
  headers: { "content-type": "application/json" },
  body: JSON.stringify(body),
});
