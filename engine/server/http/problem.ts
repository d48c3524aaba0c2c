import { z } from "@hono/zod-openapi";
import type { Context } from "hono";
import { HTTPException } from "hono/http-exception";
import { EngineError, ERROR_TRAITS, type ErrorCode } from "#engine/errors";
import { findingSchema } from "../schemas/shared.ts";

const codes = Object.keys(ERROR_TRAITS) as [ErrorCode, ...ErrorCode[]];

/** What every answer that is no success carries. */
export const problemSchema = z
  .object({
    code: z.enum(codes).describe("stable; programs decide by it"),
    message: z.string().describe("for people; may improve"),
    findings: z.array(findingSchema).readonly().optional().describe("of a workflow that does not hold"),
    retryAfterMs: z.number().optional().describe("when the same call may succeed; as `Retry-After`, too"),
  })
  .openapi("Problem");

export type Problem = z.output<typeof problemSchema>;

/** What an error tells the outside: its code and message, and of its details only what programs need. Nothing of an unknown error. */
export function problemOf(error: unknown): { readonly status: number; readonly problem: Problem } {
  if (error instanceof HTTPException) return fromHono(error);
  if (!(error instanceof EngineError) || error.code === "INTERNAL")
    return { status: 500, problem: { code: "INTERNAL", message: "something broke; the log of the server says more" } };
  const { findings, retryAfterMs } = error.details;
  return {
    status: error.traits.httpStatus,
    problem: {
      code: error.code,
      message: error.message,
      ...(Array.isArray(findings) && { findings }),
      ...(typeof retryAfterMs === "number" && { retryAfterMs }),
    },
  };
}

/** Hono refuses by itself what is no JSON or has no fitting content type; its own words say which. */
function fromHono(error: HTTPException): ReturnType<typeof problemOf> {
  const code: ErrorCode = error.status === 413 ? "REQUEST_TOO_LARGE" : "REQUEST_INVALID";
  return { status: error.status, problem: { code, message: error.message || "the request was not understood" } };
}

/** The answer to a request that failed. */
export function answerProblem(c: Context, error: unknown): Response {
  const { status, problem } = problemOf(error);
  return problemResponse(status, problem, c.req.method === "HEAD");
}

export function problemResponse(status: number, problem: Problem, bodyless = false): Response {
  const headers = new Headers({ "content-type": "application/json", "cache-control": "no-store" });
  if (problem.retryAfterMs !== undefined)
    headers.set("retry-after", String(Math.max(1, Math.ceil(problem.retryAfterMs / 1000))));
  if (status === 401) headers.set("www-authenticate", "Bearer");
  return new Response(bodyless ? null : JSON.stringify(problem), { status, headers });
}

const described = (list: readonly ErrorCode[]) => ({
  description: list.join(", "),
  content: { "application/json": { schema: problemSchema } },
});

/** What any call can be answered with. */
const ANYWHERE: readonly ErrorCode[] = [
  "REQUEST_INVALID",
  "KEY_REFUSED",
  "SCOPE_MISSING",
  "HOST_FORBIDDEN",
  "REQUEST_TOO_LARGE",
  "QUOTA_EXCEEDED",
];

/** The failures of a route for its document, by status: the codes given here, those of every call, and that there may be others. */
export function problems(...list: ErrorCode[]): Record<number | "default", ReturnType<typeof described>> {
  const byStatus = new Map<number, ErrorCode[]>();
  for (const code of new Set([...ANYWHERE, ...list])) {
    const { httpStatus } = ERROR_TRAITS[code];
    byStatus.set(httpStatus, [...(byStatus.get(httpStatus) ?? []), code]);
  }
  return {
    ...Object.fromEntries([...byStatus].map(([status, found]) => [status, described(found)])),
    default: { ...described([]), description: "any other failure, such as what a run failed with" },
  };
}

/** A schema as the JSON body of an answer. */
export const json = <T extends z.ZodType>(schema: T, description: string) => ({
  description,
  content: { "application/json": { schema } },
});

/** A schema as the JSON body of a request, which has to be there, with a body that can be sent as it stands. */
export const jsonBody = <T extends z.ZodType>(schema: T, example: z.input<T>) => ({
  required: true,
  content: jsonContent(schema, example),
});

export const jsonContent = <T extends z.ZodType>(schema: T, example: z.input<T>) => ({
  "application/json": { schema, example },
});

/** Texts as the body of an answer, by media type. */
export const texts = (...mediaTypes: string[]) =>
  Object.fromEntries(mediaTypes.map((type) => [type, { schema: z.string() }]));

/** Bytes as the body of a request or an answer, by media type. */
export const bytes = (...mediaTypes: string[]) =>
  Object.fromEntries(
    mediaTypes.map((type) => [type, { schema: z.any().openapi({ type: "string", format: "binary" }) }]),
  );

/** The header of answers that took a run. */
export const runHeader = { "parlando-run": { description: "the run's id", schema: { type: "string" as const } } };
