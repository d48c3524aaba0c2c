import { OpenAPIHono } from "@hono/zod-openapi";
import type { z } from "zod";
import type { Caller } from "#engine/control";
import { EngineError } from "#engine/errors";

/** What the parts of a request's way hand on. */
export interface Env {
  Variables: { caller: Caller };
  Bindings: Bindings;
}

/** What the listening server gives with a request; nothing where the app is called directly. */
export interface Bindings {
  /** Lets this answer take as long as it takes. */
  readonly patient?: (request: Request) => void;
}

/** A part of the app. What does not fit its schema is refused with all that is wrong. */
export const newRoutes = () =>
  new OpenAPIHono<Env>({
    defaultHook(result) {
      if (!result.success) throw describeWrong(result.error);
    },
  });

/** The error for a request that does not fit its schema. */
export const describeWrong = (error: z.core.$ZodError): EngineError =>
  new EngineError("REQUEST_INVALID", describeIssues(error));

/** Paths and what was wanted there; never a value that came. */
export function describeIssues(error: z.core.$ZodError): string {
  const shown = error.issues.slice(0, 10).map(describeIssue);
  const rest = error.issues.length - shown.length;
  return rest > 0 ? `${shown.join("; ")}; and ${rest} more` : shown.join("; ");
}

function describeIssue(issue: z.core.$ZodIssue): string {
  const where = issue.path.map(String).join(".").slice(0, 200);
  const message = messageOf(issue);
  return where === "" ? message : `${where}: ${message}`;
}

function messageOf(issue: z.core.$ZodIssue): string {
  if (issue.code === "unrecognized_keys") return `unknown: ${issue.keys.join(", ").slice(0, 200)}`;
  if (issue.code === "invalid_key") return issue.issues[0]?.message ?? issue.message;
  if (issue.code !== "invalid_union" || issue.errors.length === 0) return issue.message;
  const branches = new Set(issue.errors.map((branch) => (branch[0] ? describeIssue(branch[0]) : issue.message)));
  return [...branches].slice(0, 4).join("; or ");
}
