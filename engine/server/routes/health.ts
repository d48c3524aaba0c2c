import { createRoute, z } from "@hono/zod-openapi";
import type { Control } from "#engine/control";
import { EngineError } from "#engine/errors";
import type { Counts } from "../http/counts.ts";
import { callerOf } from "../http/guard.ts";
import { metricsText } from "../http/metrics.ts";
import { json, problems } from "../http/problem.ts";
import { newRoutes } from "../http/routes.ts";
import { healthSchema } from "../schemas/work.ts";

const tags = ["operations"];

const healthz = createRoute({
  operationId: "getHealth",
  method: "get",
  path: "/healthz",
  tags,
  security: [],
  summary: "The process is alive and its store answers",
  responses: { 200: json(healthSchema, "alive"), 503: json(healthSchema, "the store does not answer") },
});

const readyz = createRoute({
  operationId: "getReadiness",
  method: "get",
  path: "/readyz",
  tags,
  security: [],
  summary: "The process takes new runs",
  responses: { 200: json(healthSchema, "ready"), 503: json(healthSchema, "not now") },
});

const metrics = createRoute({
  operationId: "getMetrics",
  method: "get",
  path: "/metrics",
  tags,
  summary: "Metrics for Prometheus; wants the scope `admin`",
  responses: { 200: { description: "metrics", content: { "text/plain": { schema: z.string() } } }, ...problems() },
});

/** `/healthz`, `/readyz`, `/metrics`: for those who keep the process running. */
export const healthRoutes = (control: Control, counts: Counts) =>
  newRoutes()
    .openapi(healthz, async (c) => {
      const health = await control.health();
      return c.json(health, health.store ? 200 : 503);
    })
    .openapi(readyz, async (c) => {
      const health = await control.health();
      return c.json(health, health.ready ? 200 : 503);
    })
    .openapi(metrics, async (c) => {
      const caller = await callerOf(c.req.raw, control);
      if (!caller.scopes.has("admin"))
        throw new EngineError("SCOPE_MISSING", "metrics are of all projects: they want the scope admin");
      const { text, type } = await metricsText(control, counts);
      return c.text(text, 200, { "Content-Type": type });
    });
