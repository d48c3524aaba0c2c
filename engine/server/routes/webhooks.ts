import { createRoute, z } from "@hono/zod-openapi";
import type { Webhooks } from "#engine/control";
import { json, jsonBody, problems } from "../http/problem.ts";
import { newRoutes } from "../http/routes.ts";
import { exact, idParams, pageQuery } from "../schemas/shared.ts";
import {
  createdWebhookSchema,
  deliveryPageSchema,
  deliverySchema,
  newWebhookSchema,
  rotatedSecretSchema,
  webhookSchema,
  webhooksSchema,
} from "../schemas/work.ts";

const tags = ["webhooks"];
const noWebhook = problems("WEBHOOK_NOT_FOUND");

const createWebhook = createRoute({
  operationId: "createWebhook",
  method: "post",
  path: "/v1/webhooks",
  tags,
  summary: "Have events of runs and jobs sent to an address",
  description:
    "What is posted there is a WebhookEvent. Deliveries are signed: `parlando-signature: t=SECONDS,v1=HEX`, HMAC-SHA256 over `SECONDS.BODY` with the secret; two `v1` while it is being rotated. `parlando-delivery` names the delivery, which may come more than once.",
  request: { body: jsonBody(newWebhookSchema, { url: "https://example.com/hook", events: ["run.ended"] }) },
  responses: { 201: json(createdWebhookSchema, "stored; the secret is shown this once"), ...problems("URL_FORBIDDEN") },
});

const listWebhooks = createRoute({
  operationId: "listWebhooks",
  method: "get",
  path: "/v1/webhooks",
  tags,
  summary: "List webhooks",
  responses: { 200: json(webhooksSchema, "all of them"), ...problems() },
});

const getWebhook = createRoute({
  operationId: "getWebhook",
  method: "get",
  path: "/v1/webhooks/{id}",
  tags,
  summary: "Look at a webhook",
  request: { params: idParams },
  responses: { 200: json(webhookSchema, "the webhook"), ...noWebhook },
});

const deleteWebhook = createRoute({
  operationId: "deleteWebhook",
  method: "delete",
  path: "/v1/webhooks/{id}",
  tags,
  summary: "Delete a webhook",
  request: { params: idParams },
  responses: { 204: { description: "deleted" }, ...noWebhook },
});

const rotate = createRoute({
  operationId: "rotateWebhookSecret",
  method: "post",
  path: "/v1/webhooks/{id}/rotate",
  tags,
  summary: "A new secret; the old one signs too for a day",
  request: { params: idParams },
  responses: { 200: json(rotatedSecretSchema, "shown this once"), ...noWebhook },
});

const ofState = { ...pageQuery, state: z.enum(["waiting", "delivered", "dead"]).optional() };

const listOfWebhook = createRoute({
  operationId: "listWebhookDeliveries",
  method: "get",
  path: "/v1/webhooks/{id}/deliveries",
  tags,
  summary: "Deliveries of a webhook, newest first; `state=dead` are the dead letters",
  request: { params: idParams, query: z.strictObject(ofState) },
  responses: { 200: json(deliveryPageSchema, "a page"), ...noWebhook },
});

const listDeliveries = createRoute({
  operationId: "listDeliveries",
  method: "get",
  path: "/v1/deliveries",
  tags,
  summary: "All deliveries, newest first, those of `core.webhook` nodes too; `run` and `state` choose",
  request: { query: z.strictObject({ ...ofState, run: z.string().max(100).optional() }) },
  responses: { 200: json(deliveryPageSchema, "a page"), ...problems() },
});

const redeliver = createRoute({
  operationId: "redeliver",
  method: "post",
  path: "/v1/deliveries/{id}/redeliver",
  tags,
  summary: "Send a delivery again, now",
  request: { params: idParams },
  responses: { 200: json(deliverySchema, "the delivery"), ...problems("DELIVERY_NOT_FOUND") },
});

/** `/v1/webhooks` and their deliveries. */
export const webhooksRoutes = (webhooks: Webhooks) =>
  newRoutes()
    .openapi(createWebhook, async (c) => {
      return c.json(await webhooks.create(c.var.caller, exact(c.req.valid("json"))), 201);
    })
    .openapi(listWebhooks, async (c) => c.json({ items: await webhooks.list(c.var.caller) }, 200))
    .openapi(getWebhook, async (c) => c.json(await webhooks.get(c.var.caller, c.req.valid("param").id), 200))
    .openapi(deleteWebhook, async (c) => {
      await webhooks.delete(c.var.caller, c.req.valid("param").id);
      return c.body(null, 204);
    })
    .openapi(rotate, async (c) => c.json(await webhooks.rotate(c.var.caller, c.req.valid("param").id), 200))
    .openapi(listOfWebhook, async (c) => {
      const filter = { ...exact(c.req.valid("query")), webhook: c.req.valid("param").id };
      return c.json(await webhooks.deliveries(c.var.caller, filter), 200);
    })
    .openapi(listDeliveries, async (c) =>
      c.json(await webhooks.deliveries(c.var.caller, exact(c.req.valid("query"))), 200),
    )
    .openapi(redeliver, async (c) => c.json(await webhooks.redeliver(c.var.caller, c.req.valid("param").id), 200));
