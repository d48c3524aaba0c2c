import type { OpenAPIHono } from "@hono/zod-openapi";
import type { Context } from "hono";
import { cors } from "hono/cors";
import { HTTPException } from "hono/http-exception";
import { routePath } from "hono/route";
import type { Control } from "#engine/control";
import { EngineError } from "#engine/errors";
import type { Logger } from "#engine/plugin";
import type { Example } from "./calls/ports.ts";
import type { Counts } from "./http/counts.ts";
import { callerOf, checkDoor, type DoorRules } from "./http/guard.ts";
import { checkDepth, checkHead, readText } from "./http/limits.ts";
import { answerProblem, problemOf } from "./http/problem.ts";
import { type Env, newRoutes } from "./http/routes.ts";
import { logFailure } from "./log.ts";
import { accessRoutes } from "./routes/access.ts";
import { callbacksRoutes } from "./routes/callbacks.ts";
import { documentRoutes } from "./routes/document.ts";
import { healthRoutes } from "./routes/health.ts";
import { nodesRoutes } from "./routes/nodes.ts";
import { pagesRoutes } from "./routes/pages.ts";
import { runOutputRoutes } from "./routes/run-output.ts";
import { runsRoutes } from "./routes/runs.ts";
import { speakRoutes } from "./routes/speak.ts";
import { transcribeRoutes } from "./routes/transcribe.ts";
import { webhooksRoutes } from "./routes/webhooks.ts";
import { workRoutes } from "./routes/work.ts";
import { workflowsRoutes } from "./routes/workflows.ts";

export interface AppOptions {
  readonly control: Control;
  readonly rules: DoorRules;
  readonly counts: Counts;
  readonly log: Logger;
  readonly version: string;
  /** What `/try` offers, and, by the names `transcribe` and `speak`, what those calls run where no workflow is named. */
  readonly examples: readonly Example[];
}

/** Bodies that are no JSON, and are read by their own routes. */
const RAW_BODIES = /^\/v1\/(uploads|transcribe|callbacks\/.*)$/;
/** What needs no key: a vendor that answers later knows an address that nobody else does. */
const WITHOUT_KEY = /^\/v1\/callbacks\//;

/** The whole HTTP side, without a socket. */
export function createApp(options: AppOptions): OpenAPIHono<Env> {
  const { control, counts, examples } = options;
  const app = newRoutes();
  app.onError((error, c) => {
    const told = explained(error, app, c);
    if (problemOf(told).problem.code === "INTERNAL") logFailure(options.log, told, { route: routePath(c, -1) });
    return answerProblem(c, told);
  });
  app.notFound((c) => answerProblem(c, missing(app, c.req.method, c.req.path)));
  guard(app, options);
  app.route("/", runsRoutes(control.runs));
  app.route("/", runOutputRoutes(control.runs));
  app.route("/", workflowsRoutes(control.workflows));
  app.route("/", workRoutes(control));
  app.route("/", webhooksRoutes(control.webhooks));
  app.route("/", callbacksRoutes(control.callbacks, control.config.limits.bodyBytes));
  app.route("/", accessRoutes(control.tokens));
  app.route("/", nodesRoutes(control.types));
  app.route("/", transcribeRoutes(control, examples));
  app.route("/", speakRoutes(control, examples));
  app.route("/", healthRoutes(control, counts));
  app.route("/", pagesRoutes(examples));
  app.route("/", documentRoutes(app, options.version));
  return app;
}

/** What every request passes before its route: counted, short enough, from a place that may ask, from somebody, and JSON that can be read. */
function guard(app: OpenAPIHono<Env>, { control, rules, counts, log }: AppOptions): void {
  app.use("*", async (c, next) => {
    const startedMs = performance.now();
    await next();
    const ms = performance.now() - startedMs;
    const last = routePath(c, -1);
    const route = last.endsWith("*") ? "none" : last;
    counts.request(c.req.method, route, c.res.status, ms / 1000);
    c.header("x-content-type-options", "nosniff");
    if (c.req.path.startsWith("/v1/") && !c.res.headers.has("cache-control")) c.header("cache-control", "no-store");
    log.debug("request", { method: c.req.method, route, status: c.res.status, ms: Math.round(ms) });
  });
  app.use("*", async (c, next) => {
    checkHead(c.req.raw);
    checkDoor(c.req.raw, rules);
    await next();
  });
  app.use(
    "*",
    cors({
      origin: (origin) => (rules.origins.includes(origin) ? origin : null),
      allowMethods: ["GET", "POST", "PUT", "PATCH", "DELETE"],
      allowHeaders: ["authorization", "content-type", "idempotency-key", "last-event-id", "range", "traceparent"],
      exposeHeaders: ["location", "retry-after", "parlando-run", "content-range"],
      maxAge: 600,
    }),
  );
  app.use("/v1/*", async (c, next) => {
    if (!WITHOUT_KEY.test(c.req.path)) c.set("caller", await callerOf(c.req.raw, control));
    await next();
  });
  app.use("/v1/*", async (c, next) => {
    if (c.req.raw.body !== null && !RAW_BODIES.test(c.req.path)) {
      const { bodyBytes, jsonDepth } = control.config.limits;
      const text = await readText(c.req.raw, bodyBytes);
      if (/\bjson\b/.test(c.req.header("content-type") ?? "")) checkDepth(text, jsonDepth);
      // what Hono reads bodies from; it keeps promises there, whatever its type says
      Object.assign(c.req.bodyCache, { text: Promise.resolve(text) });
    }
    await next();
  });
}

/** What Hono and the runtime say in a word or two, said so that it helps. */
function explained(error: Error, app: OpenAPIHono<Env>, c: Context): Error {
  // nobody hears the answer any more, but who counts failures should not find one of the server
  if (error.name === "AbortError" && c.req.raw.signal.aborted)
    return new EngineError("REQUEST_INVALID", "the request broke off before its end", { cause: error });
  if (!(error instanceof HTTPException) || error.status !== 415) return error;
  const types = bodyTypes(app, c.req.method, routePath(c, -1));
  const message = `content-type: ${types.join(" or ")} was wanted`;
  return types.length === 0 ? error : new HTTPException(415, { message });
}

/** The types of the body that a route describes. */
function bodyTypes(app: OpenAPIHono<Env>, method: string, path: string): string[] {
  for (const definition of app.openAPIRegistry.definitions) {
    if (definition.type !== "route") continue;
    const { route } = definition;
    if (route.method === method.toLowerCase() && route.path.replace(/\{(\w+)\}/g, ":$1") === path)
      return Object.keys(route.request?.body?.content ?? {});
  }
  return [];
}

/** Why no route was found: the path is unknown, or only the method is. */
function missing(app: OpenAPIHono<Env>, method: string, path: string): EngineError {
  const there = ["GET", "POST", "PUT", "PATCH", "DELETE"].filter(
    (other) => other !== method && app.router.match(other, path)[0].some(([[, route]]) => !route.path.endsWith("*")),
  );
  return there.length > 0
    ? new EngineError("METHOD_NOT_ALLOWED", `this address answers to ${there.join(", ")}`)
    : new EngineError("ROUTE_NOT_FOUND", "nothing is at this address; /openapi.json lists what is");
}
