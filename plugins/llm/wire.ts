import { z } from "zod";
import { EngineError, type ErrorCode } from "#engine/plugin";
import type { ChatSettings } from "./config.ts";
import type { ChatMessage } from "./history.ts";

/** The body of a request. @see https://platform.openai.com/docs/api-reference/chat */
export function requestBody(settings: ChatSettings, messages: readonly ChatMessage[]): string {
  const { model, stream, temperature, topP, maxTokens, seed, stop, extra } = settings;
  return JSON.stringify({
    model,
    messages,
    stream,
    temperature,
    top_p: topP,
    max_tokens: maxTokens,
    seed,
    stop,
    ...extra,
  });
}

const failure = z.looseObject({
  type: z.string().nullish(),
  code: z.union([z.string(), z.number()]).nullish(),
});

const content = z.looseObject({ content: z.string().nullish() });

const answer = z.looseObject({
  error: failure.nullish(),
  choices: z
    .array(z.looseObject({ delta: content.nullish(), message: content.nullish(), finish_reason: z.string().nullish() }))
    .optional(),
});

/** A piece of an answer, or the whole of one that does not come in pieces. */
export interface AnswerPiece {
  readonly text: string;
  /** Why the model stopped, where it did: `stop`, `length`, `content_filter`. */
  readonly finished: string | undefined;
}

/** The last event of a stream. */
export const DONE = "[DONE]";

/**
 * @param text one event's data, or a body.
 * @throws EngineError VENDOR_PROTOCOL, or what the service says went wrong.
 */
export function readPiece(text: string): AnswerPiece {
  const parsed = answer.safeParse(jsonOf(text));
  if (!parsed.success) throw new EngineError("VENDOR_PROTOCOL", "the model's service sent what is no answer");
  const { error, choices } = parsed.data;
  if (error) throw failed(0, error);
  if (!choices) throw new EngineError("VENDOR_PROTOCOL", "the model's service sent an answer without choices");
  const [choice] = choices;
  const said = choice?.delta ?? choice?.message;
  return { text: said?.content ?? "", finished: choice?.finish_reason ?? undefined };
}

/** What an HTTP answer with another status than 200 is. */
export function refusal(status: number, body: string): EngineError {
  const parsed = z.looseObject({ error: failure }).safeParse(jsonOf(body));
  return failed(status, parsed.success ? parsed.data.error : {});
}

/** Names that services give to kinds of failures, whatever the status. */
const NAMED: Readonly<Record<string, ErrorCode>> = {
  insufficient_quota: "VENDOR_QUOTA_EXHAUSTED",
  billing_not_active: "VENDOR_QUOTA_EXHAUSTED",
  invalid_api_key: "VENDOR_KEY_REFUSED",
  authentication_error: "VENDOR_KEY_REFUSED",
  permission_error: "VENDOR_KEY_REFUSED",
  rate_limit_exceeded: "VENDOR_RATE_LIMITED",
  rate_limit_error: "VENDOR_RATE_LIMITED",
  model_not_found: "VENDOR_REFUSED",
  context_length_exceeded: "VENDOR_REFUSED",
  invalid_request_error: "VENDOR_REFUSED",
};

function failed(httpStatus: number, { type, code }: z.output<typeof failure>): EngineError {
  const status = httpStatus || (typeof code === "number" ? code : 0);
  const named = [String(code), String(type)].map((name) => NAMED[name]).find((found) => found !== undefined);
  const vendorCode = [code, type]
    .map(String)
    .find((name) => /^[\w.-]{1,80}$/.test(name) && !/^(null|undefined)$/.test(name));
  return new EngineError(
    named ?? codeOf(status),
    `the model's service failed a request${status ? ` with ${status}` : ""}`,
    {
      details: { ...(status !== 0 && { status }), ...(vendorCode !== undefined && { vendorCode }) },
    },
  );
}

function codeOf(status: number): ErrorCode {
  if (status === 401 || status === 403) return "VENDOR_KEY_REFUSED";
  if (status === 402) return "VENDOR_QUOTA_EXHAUSTED";
  if (status === 429) return "VENDOR_RATE_LIMITED";
  return status === 0 || status === 408 || status >= 500 ? "VENDOR_FAILED" : "VENDOR_REFUSED";
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
