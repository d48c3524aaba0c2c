import { createRoute } from "@hono/zod-openapi";
import type { Tokens } from "#engine/control";
import { json, jsonBody, problems } from "../http/problem.ts";
import { newRoutes } from "../http/routes.ts";
import { exact } from "../schemas/shared.ts";
import { tokenRequestSchema, tokenSchema, whoSchema } from "../schemas/work.ts";

const createToken = createRoute({
  operationId: "createToken",
  method: "post",
  path: "/v1/tokens",
  tags: ["access"],
  summary: "A short-lived token for a browser: one run, or the runs of one workflow",
  description: "It is sent as a key is, or as the WebSocket subprotocol `parlando.token.TOKEN`.",
  request: { body: jsonBody(tokenRequestSchema, { for: { workflow: "who-speaks" }, seconds: 300 }) },
  responses: { 201: json(tokenSchema, "the token"), ...problems("RUN_NOT_FOUND", "WORKFLOW_NOT_FOUND") },
});

const who = createRoute({
  operationId: "getCaller",
  method: "get",
  path: "/v1/who",
  tags: ["access"],
  summary: "Whose key this is, and what it may do",
  responses: { 200: json(whoSchema, "the caller"), ...problems() },
});

/** `/v1/tokens` and `/v1/who`. */
export const accessRoutes = (tokens: Tokens) =>
  newRoutes()
    .openapi(createToken, async (c) => c.json(await tokens.create(c.var.caller, exact(c.req.valid("json"))), 201))
    .openapi(who, (c) => {
      const { project, scopes, keyId } = c.var.caller;
      return c.json({ project, scopes: [...scopes], ...(keyId !== undefined && { keyId }) }, 200);
    });
