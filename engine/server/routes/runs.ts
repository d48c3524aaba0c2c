import { createRoute, z } from "@hono/zod-openapi";
import type { Runs } from "#engine/control";
import { json, jsonBody, problems } from "../http/problem.ts";
import { newRoutes } from "../http/routes.ts";
import { runFilterQuery, runPageSchema, runSchema, startedRunSchema, startRunSchema } from "../schemas/runs.ts";
import { SAMPLE_WORKFLOW } from "../schemas/sample-workflow.ts";
import { exact, idParams, queryLabels } from "../schemas/shared.ts";

const tags = ["runs"];
const noRun = problems("RUN_NOT_FOUND");

const startRun = createRoute({
  operationId: "startRun",
  method: "post",
  path: "/v1/runs",
  tags,
  summary: "Start a workflow",
  description: "Answers when the run is stored, before its nodes are ready.",
  request: {
    headers: z.object({
      "idempotency-key": z.string().min(1).max(255).optional().describe("the same key within a day is the same run"),
      traceparent: z.string().max(100).optional(),
    }),
    body: jsonBody(startRunSchema, {
      workflow: SAMPLE_WORKFLOW,
      inputs: { talk: { live: { encoding: "s16le", sampleRateHz: 16_000, channels: 1 } } },
      labels: { caller: "42" },
    }),
  },
  responses: {
    201: json(startedRunSchema, "started"),
    ...problems(
      "WORKFLOW_INVALID",
      "WORKFLOW_NOT_FOUND",
      "UPLOAD_NOT_FOUND",
      "IDEMPOTENCY_CONFLICT",
      "EFFECT_FORBIDDEN",
      "URL_FORBIDDEN",
      "SERVER_BUSY",
      "SERVER_DRAINING",
    ),
  },
});

const listRuns = createRoute({
  operationId: "listRuns",
  method: "get",
  path: "/v1/runs",
  tags,
  summary: "List runs, newest first",
  request: { query: runFilterQuery },
  responses: { 200: json(runPageSchema, "a page"), ...problems() },
});

const deleteRuns = createRoute({
  operationId: "deleteRuns",
  method: "delete",
  path: "/v1/runs",
  tags,
  summary: "Delete all runs that carry these labels, with what they left behind",
  request: { query: z.strictObject({ label: queryLabels }) },
  responses: { 200: json(z.object({ deleted: z.number().int() }), "how many"), ...problems() },
});

const getRun = createRoute({
  operationId: "getRun",
  method: "get",
  path: "/v1/runs/{id}",
  tags,
  summary: "Look at a run",
  request: { params: idParams },
  responses: { 200: json(runSchema, "the run"), ...noRun },
});

const deleteRun = createRoute({
  operationId: "deleteRun",
  method: "delete",
  path: "/v1/runs/{id}",
  tags,
  summary: "Delete a run with events, finals, audio and files",
  request: { params: idParams },
  responses: { 204: { description: "deleted" }, ...noRun },
});

const cancelRun = createRoute({
  operationId: "cancelRun",
  method: "post",
  path: "/v1/runs/{id}/cancel",
  tags,
  summary: "End a run at once",
  request: { params: idParams, query: z.strictObject({ reason: z.string().max(200).optional() }) },
  responses: { 200: json(runSchema, "the run"), ...noRun },
});

const drainRun = createRoute({
  operationId: "drainRun",
  method: "post",
  path: "/v1/runs/{id}/drain",
  tags,
  summary: "End the input of a run; what is under way comes out",
  request: { params: idParams },
  responses: { 200: json(runSchema, "the run"), ...problems("RUN_NOT_FOUND", "RUN_ENDED") },
});

const updateNode = createRoute({
  operationId: "updateRunNode",
  method: "patch",
  path: "/v1/runs/{id}/nodes/{node}",
  tags,
  summary: "Change live fields of a node",
  request: {
    params: z.object({ id: z.string().min(1).max(128), node: z.string().min(1).max(300) }),
    body: jsonBody(z.record(z.string().max(100), z.unknown()), { gainDb: -6 }),
  },
  responses: {
    204: { description: "changed" },
    ...problems("RUN_NOT_FOUND", "NODE_NOT_FOUND", "FIELD_NOT_LIVE", "CONFIG_INVALID", "RUN_ENDED"),
  },
});

/** `/v1/runs`: start a workflow, look at runs, change and end them. */
export const runsRoutes = (runs: Runs) =>
  newRoutes()
    .openapi(startRun, async (c) => {
      const { "idempotency-key": idempotencyKey, traceparent } = c.req.valid("header");
      const options = { ...(idempotencyKey && { idempotencyKey }), ...(traceparent && { traceparent }) };
      const run = await runs.start(c.var.caller, exact(c.req.valid("json")), options);
      c.header("location", `/v1/runs/${encodeURIComponent(run.id)}`);
      return c.json(run, 201);
    })
    .openapi(listRuns, async (c) => {
      const { label, ...filter } = c.req.valid("query");
      return c.json(await runs.list(c.var.caller, { ...exact(filter), ...(label && { labels: label }) }), 200);
    })
    .openapi(deleteRuns, async (c) => {
      return c.json({ deleted: await runs.deleteByLabels(c.var.caller, c.req.valid("query").label) }, 200);
    })
    .openapi(getRun, async (c) => c.json(await runs.get(c.var.caller, c.req.valid("param").id), 200))
    .openapi(deleteRun, async (c) => {
      await runs.delete(c.var.caller, c.req.valid("param").id);
      return c.body(null, 204);
    })
    .openapi(cancelRun, async (c) => {
      const { reason } = c.req.valid("query");
      return c.json(await runs.cancel(c.var.caller, c.req.valid("param").id, reason), 200);
    })
    .openapi(drainRun, async (c) => c.json(await runs.drain(c.var.caller, c.req.valid("param").id), 200))
    .openapi(updateNode, async (c) => {
      const { id, node } = c.req.valid("param");
      await runs.update(c.var.caller, id, node, c.req.valid("json"));
      return c.body(null, 204);
    });
