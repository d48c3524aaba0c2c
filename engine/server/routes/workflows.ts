import { createRoute, z } from "@hono/zod-openapi";
import type { Workflows } from "#engine/control";
import { EngineError } from "#engine/errors";
import { json, jsonBody, jsonContent, problems } from "../http/problem.ts";
import { newRoutes } from "../http/routes.ts";
import { SAMPLE_WORKFLOW } from "../schemas/sample-workflow.ts";
import { exact, pageQuery } from "../schemas/shared.ts";
import {
  findingsSchema,
  planSchema,
  savedWorkflowSchema,
  workflowPageSchema,
  workflowTextBody,
  workflowTextSchema,
  workflowVersionsSchema,
} from "../schemas/work.ts";

const tags = ["workflows"];
const name = z.string().regex(/^[A-Za-z][\w.-]{0,99}$/, "a letter, then letters, digits, ., _ and -");
const named = z.object({ name });
const referenced = z.object({ name: z.string().regex(/^[A-Za-z][\w.-]{0,99}(@\d{1,9})?$/, "NAME or NAME@VERSION") });

const saveWorkflow = createRoute({
  operationId: "saveWorkflow",
  method: "put",
  path: "/v1/workflows/{name}",
  tags,
  summary: "Store a version of a workflow",
  description:
    "The body is the YAML, as `application/yaml`, or JSON with `text`. The same text as the latest version is that version.",
  request: {
    params: named,
    // not `required`: that would have JSON looked for where YAML came
    body: {
      content: { ...jsonContent(workflowTextBody, SAMPLE_WORKFLOW), "application/yaml": { schema: z.string() } },
    },
  },
  responses: { 200: json(savedWorkflowSchema, "stored"), ...problems("WORKFLOW_INVALID") },
});

const listWorkflows = createRoute({
  operationId: "listWorkflows",
  method: "get",
  path: "/v1/workflows",
  tags,
  summary: "List workflows, each in its latest version",
  request: { query: z.strictObject(pageQuery) },
  responses: { 200: json(workflowPageSchema, "a page"), ...problems() },
});

const getWorkflow = createRoute({
  operationId: "getWorkflow",
  method: "get",
  path: "/v1/workflows/{name}",
  tags,
  summary: "A workflow with its text: NAME, or NAME@VERSION",
  request: { params: referenced },
  responses: { 200: json(workflowTextSchema, "the workflow"), ...problems("WORKFLOW_NOT_FOUND") },
});

const listVersions = createRoute({
  operationId: "listWorkflowVersions",
  method: "get",
  path: "/v1/workflows/{name}/versions",
  tags,
  summary: "All versions of a workflow",
  request: { params: named },
  responses: { 200: json(workflowVersionsSchema, "versions"), ...problems("WORKFLOW_NOT_FOUND") },
});

const deleteWorkflow = createRoute({
  operationId: "deleteWorkflow",
  method: "delete",
  path: "/v1/workflows/{name}",
  tags,
  summary: "Delete a workflow, or one version of it; its runs go on",
  request: { params: referenced },
  responses: { 204: { description: "deleted" }, ...problems("WORKFLOW_NOT_FOUND") },
});

const lint = createRoute({
  operationId: "lint",
  method: "post",
  path: "/v1/lint",
  tags,
  summary: "Check a workflow without storing it",
  description: "The findings of `parlando lint`, under what holds for workflows that come through the API.",
  request: { body: jsonBody(workflowTextBody, SAMPLE_WORKFLOW) },
  responses: { 200: json(findingsSchema, "findings"), ...problems() },
});

const plan = createRoute({
  operationId: "plan",
  method: "post",
  path: "/v1/plan",
  tags,
  summary: "Show what would run: nodes, edges, inserted conversions",
  request: { body: jsonBody(workflowTextBody, SAMPLE_WORKFLOW) },
  responses: { 200: json(planSchema, "the plan"), ...problems() },
});

/** `/v1/workflows`, `/v1/lint`, `/v1/plan`. */
export const workflowsRoutes = (workflows: Workflows) =>
  newRoutes()
    .openapi(saveWorkflow, async (c) => {
      const isJson = /^application\/json\b/.test(c.req.header("content-type") ?? "");
      const body = isJson ? c.req.valid("json") : await c.req.text();
      const text = typeof body === "string" ? body : body.text;
      if (text.trim() === "") throw new EngineError("REQUEST_INVALID", "the body is empty; it is to be a workflow");
      return c.json(await workflows.save(c.var.caller, c.req.valid("param").name, text), 200);
    })
    .openapi(listWorkflows, async (c) => c.json(await workflows.list(c.var.caller, exact(c.req.valid("query"))), 200))
    .openapi(getWorkflow, async (c) => c.json(await workflows.get(c.var.caller, c.req.valid("param").name), 200))
    .openapi(listVersions, async (c) => {
      return c.json({ items: await workflows.versions(c.var.caller, c.req.valid("param").name) }, 200);
    })
    .openapi(deleteWorkflow, async (c) => {
      await workflows.delete(c.var.caller, c.req.valid("param").name);
      return c.body(null, 204);
    })
    .openapi(lint, async (c) => {
      const { text, name } = c.req.valid("json");
      const findings = await workflows.lint(c.var.caller, text, name);
      return c.json({ findings, errors: findings.filter((finding) => finding.severity === "error").length }, 200);
    })
    .openapi(plan, async (c) => {
      const { text, name } = c.req.valid("json");
      return c.json(await workflows.plan(c.var.caller, text, name), 200);
    });
