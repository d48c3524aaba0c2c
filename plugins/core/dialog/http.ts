import { z } from "zod";
import {
  abortable,
  type DataFrame,
  defineNode,
  EngineError,
  type Frame,
  type HttpResponse,
  type NodeContext,
  secret,
  type TaskNode,
  type TextFrame,
  TextWork,
} from "#engine/plugin";
import { timeMs } from "../text-facts.ts";
import { answerTo } from "./answer.ts";
import { fieldAt, filledValue, type TemplateValues } from "./exchange.ts";

const headerValue = z.string().regex(/^[\x20-\x7e]*$/, "visible characters were wanted");

const config = z
  .strictObject({
    url: z.url({ protocol: /^https?$/ }).describe("Where to ask."),
    method: z.enum(["GET", "POST", "PUT", "PATCH"]).default("POST").describe("How to ask."),
    query: z
      .record(z.string(), z.string())
      .default({})
      .describe("Put behind the address, {text}, {utterance}, {language} and {value.FIELD} of data filled in."),
    headers: z
      .record(z.string().regex(/^[A-Za-z0-9-]+$/), headerValue)
      .default({})
      .describe("Further headers."),
    authorization: secret(headerValue).optional().describe("The header of that name, such as `Bearer …`."),
    body: z
      .json()
      .optional()
      .describe(
        "What is sent as JSON, {text} and the others filled in; a string that is one place alone becomes its value. Left out: the text or the data with its facts.",
      ),
    as: z.enum(["text", "data"]).default("text").describe("What becomes of the answer."),
    field: z
      .string()
      .optional()
      .describe(
        "Where in the answer's JSON it stands: `choices.0.name`. Left out: the whole answer, as text as it is.",
      ),
    role: z
      .enum(["prompt", "transcript", "translation"])
      .default("prompt")
      .describe("Of a text: something to be spoken, or what takes the place of what came in."),
    language: z.string().min(1).optional().describe("The language of the answer's text, as a BCP 47 tag."),
    topic: z.string().min(1).default("core.http").describe("Of data."),
    timeoutMs: z.number().int().min(10).max(600_000).default(10_000).describe("How long a whole exchange may take."),
    maxAnswerBytes: z.number().int().min(1).max(16_777_216).default(1_048_576).describe("How long an answer may be."),
  })
  .superRefine(({ method, body }, issues) => {
    if (method === "GET" && body !== undefined)
      issues.addIssue({ code: "custom", path: ["body"], message: "GET has no body" });
  });

type Settings = z.output<typeof config>;

/** Asks a service about each final or piece of data, and hands on what it answers. */
export const http = defineNode({
  type: "core.http",
  summary: "Asks a web service about each text or piece of data, and hands on a field of its answer.",
  role: "filter",
  shape: "task",
  inputs: { any: { kinds: ["text", "data"] } },
  outputs: ({ as, role, language }) => ({
    answer:
      as === "text"
        ? { kinds: ["text"], textRole: role, ...(language !== undefined && { language }) }
        : { kinds: ["data"] },
  }),
  effects: ["network"],
  config,
  create(settings, ctx): TaskNode {
    const work = new TextWork(() => ctx.count("bargedTexts"));
    return {
      run: (input, emit, signal) =>
        work.run(input, signal, async (frame, wanted) => {
          if (frame.kind === "text" && !frame.final) return;
          const answer = await exchange(settings, frame, ctx, wanted);
          ctx.count("answers");
          await emit(answer);
        }),
      onControl: (control) => work.onControl(control),
    };
  },
});

async function exchange(
  settings: Settings,
  frame: TextFrame | DataFrame,
  ctx: NodeContext,
  wanted: AbortSignal,
): Promise<Frame> {
  const late = new AbortController();
  const { timeoutMs } = settings;
  const callOff = ctx.clock.after(timeoutMs, () =>
    late.abort(new EngineError("RESULT_LATE", `${ctx.nodeId}: no whole answer within ${timeoutMs} ms`)),
  );
  const signal = AbortSignal.any([wanted, late.signal]);
  try {
    ctx.usage("requests", 1);
    const values = valuesOf(frame);
    const response = await ctx.network.fetch({ ...requestOf(settings, frame, values), signal, timeoutMs: 0 });
    const bytes = await bodyOf(response, settings.maxAnswerBytes, signal);
    return answerFrame(settings, frame, accepted(response.status, bytes, ctx), ctx);
  } catch (error) {
    signal.throwIfAborted(); // why it was given up, whatever the network makes of it
    throw error;
  } finally {
    callOff();
  }
}

function requestOf(settings: Settings, frame: TextFrame | DataFrame, values: TemplateValues) {
  const { url, method, query, headers, authorization, body } = settings;
  const address = new URL(url);
  for (const [name, template] of Object.entries(query))
    address.searchParams.append(name, String(filledValue(template, values)));
  const sends = method !== "GET";
  return {
    url: address.href,
    method,
    headers: {
      accept: "application/json",
      ...(sends && { "content-type": "application/json" }),
      ...headers,
      ...(authorization !== undefined && { authorization }),
    },
    ...(sends && { body: JSON.stringify(body === undefined ? factsOf(frame) : filledValue(body, values)) }),
  };
}

const valuesOf = (frame: TextFrame | DataFrame): TemplateValues =>
  frame.kind === "text"
    ? { text: frame.text, utterance: frame.utterance, language: frame.language ?? "", speaker: frame.speaker ?? "" }
    : { topic: frame.topic, value: frame.value };

function factsOf(frame: TextFrame | DataFrame) {
  if (frame.kind === "data") {
    const { topic, value, atSample, sampleRateHz } = frame;
    return { topic, value, atMs: timeMs(atSample, sampleRateHz) };
  }
  const { text, utterance, language, speaker, startSample, endSample, sampleRateHz } = frame;
  const times = { startMs: timeMs(startSample, sampleRateHz), endMs: timeMs(endSample, sampleRateHz) };
  return { text, utterance, language, speaker, ...times };
}

async function bodyOf(response: HttpResponse, mostBytes: number, signal: AbortSignal): Promise<Buffer> {
  const parts: Uint8Array[] = [];
  let bytes = 0;
  for await (const part of abortable(response.chunks(), signal)) {
    bytes += part.length;
    if (bytes > mostBytes)
      throw new EngineError("VENDOR_PROTOCOL", `an answer of more than ${mostBytes} bytes, see maxAnswerBytes`);
    parts.push(part);
  }
  return Buffer.concat(parts);
}

/** @throws EngineError by the status. */
function accepted(status: number, body: Buffer, { nodeId }: NodeContext): string {
  if (status >= 200 && status < 300) return body.toString("utf8");
  const code =
    status === 429
      ? "VENDOR_RATE_LIMITED"
      : status === 401 || status === 403
        ? "VENDOR_KEY_REFUSED"
        : status >= 500 || status === 408
          ? "VENDOR_FAILED"
          : "VENDOR_REFUSED";
  throw new EngineError(code, `${nodeId}: answered with ${status}`, { details: { status } });
}

function answerFrame(settings: Settings, frame: TextFrame | DataFrame, body: string, ctx: NodeContext): Frame {
  const { as, field, topic, role, language } = settings;
  const value = as === "text" && field === undefined ? body : fieldAt(body, field, ctx.nodeId);
  if (as === "data") return dataFrame(topic, value, frame);
  if (typeof value === "object" || value === undefined)
    throw new EngineError(
      "VENDOR_PROTOCOL",
      `${ctx.nodeId}: ${field ?? "the answer"} is no text, number or truth value`,
    );
  const text = String(value);
  if (frame.kind === "text") return { ...answerTo(frame, { text, language, protected: frame.protected }), role };
  const { atSample, sampleRateHz } = frame;
  return {
    kind: "text",
    role,
    text,
    utterance: ctx.newUtterance(),
    revision: 1,
    final: true,
    stableChars: text.length,
    startSample: atSample,
    endSample: atSample,
    sampleRateHz,
    ...(language !== undefined && { language }),
  };
}

const dataFrame = (topic: string, value: unknown, frame: TextFrame | DataFrame): DataFrame => ({
  kind: "data",
  topic,
  value,
  atSample: frame.kind === "text" ? frame.endSample : frame.atSample,
  sampleRateHz: frame.sampleRateHz,
});
