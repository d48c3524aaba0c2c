import type { OpenAPIHono } from "@hono/zod-openapi";
import { z } from "@hono/zod-openapi";
import { RUN_MESSAGES } from "#engine/control";
import { type Env, newRoutes } from "../http/routes.ts";
import { webhookEventSchema, webhookHeaders } from "../schemas/webhook-events.ts";
import { CLIENT_MESSAGES, clientMessageSchema, SERVER_MESSAGES, serverMessageSchema } from "../stream/messages.ts";

const TAGS = [
  ["for a start", "One recording or one text in, one answer out."],
  ["runs", "Workflows that go on, and what comes out of them."],
  ["live", "WebSockets: audio and texts to and fro. docs/api.md tells how."],
  ["workflows", "Stored and checked."],
  ["uploads", "Recordings for runs and jobs."],
  ["jobs", "A workflow over many recordings."],
  ["webhooks", "Events sent to an address of yours."],
  ["usage", "What was used."],
  ["access", "Keys and tokens."],
  ["node types", "What workflows can be made of."],
  ["operations", "For those who keep the server running."],
] as const;

/** `/openapi.json`: the whole API, from the schemas that requests are checked against. */
export const documentRoutes = (app: OpenAPIHono<Env>, version: string) => {
  let text: string | undefined;
  registerMessages(app);
  return newRoutes().get("/openapi.json", (c) => {
    text ??= JSON.stringify(documentOf(app, version));
    return c.body(text, 200, { "content-type": "application/json", "cache-control": "no-cache" });
  });
};

const documentOf = (app: OpenAPIHono<Env>, version: string) =>
  app.getOpenAPI31Document({
    openapi: "3.1.0",
    info: {
      title: "Parlando",
      version,
      description:
        "Speech workflows over HTTP and WebSocket. Every failure is `{ code, message }` with a stable code. Another project's resources answer 404.",
    },
    tags: TAGS.map(([name, description]) => ({ name, description })),
    security: [{ key: [] }],
  });

function registerMessages(app: OpenAPIHono<Env>): void {
  const registry = app.openAPIRegistry;
  registry.registerComponent("securitySchemes", "key", {
    type: "http",
    scheme: "bearer",
    description: "A key (`parlando keys create`) or a token. A loopback server without keys needs none.",
  });
  registry.register("RunMessage", runMessageSchema());
  registerWebhook(app);
  registry.register("ClientMessage", clientMessageSchema);
  registry.register("ServerMessage", serverMessageSchema);
  for (const [path, first] of [
    ["/v1/stream", "start"],
    ["/v1/runs/{id}/stream", "attach"],
  ] as const)
    registry.registerPath({
      operationId: first === "start" ? "streamNewRun" : "streamRun",
      method: "get",
      path,
      tags: ["live"],
      summary: first === "start" ? "WebSocket: start a run and join it" : "WebSocket: join a run",
      description: streamDescription(first),
      request: {
        ...(first === "attach" && { params: z.object({ id: z.string() }) }),
        headers: z.object({
          "sec-websocket-protocol": z
            .string()
            .optional()
            .describe("parlando.v1.json or parlando.v1.msgpack; with parlando.token.TOKEN in browsers"),
        }),
      },
      responses: { 101: { description: "the socket" } },
    });
}

/** What addresses are sent that asked for it by `POST /v1/webhooks`. */
function registerWebhook(app: OpenAPIHono<Env>): void {
  app.openAPIRegistry.registerWebhook({
    operationId: "takeWebhookEvent",
    method: "post",
    path: "event",
    tags: ["webhooks"],
    security: [],
    summary: "An event of a run or job, sent to the address of a webhook",
    description:
      "Any status from 200 to 299 takes it. With any other, or none, it is sent again, at growing distances, until it is a dead letter.",
    request: {
      headers: webhookHeaders,
      body: { required: true, content: { "application/json": { schema: webhookEventSchema() } } },
    },
    responses: { 200: { description: "taken" } },
  });
}

const streamDescription = (first: string) =>
  [
    `The first message is \`${first}\`. Messages of a client:`,
    "",
    ...Object.entries(CLIENT_MESSAGES).map(([type, { summary }]) => `- \`${type}\`: ${summary}`),
    "",
    "Messages of the server:",
    "",
    ...Object.entries(SERVER_MESSAGES).map(([type, { summary }]) => `- \`${type}\`: ${summary}`),
  ].join("\n");

/** Every event that a run can tell, as JSON carries it. */
function runMessageSchema(): z.ZodType {
  const [first, ...others] = Object.entries(RUN_MESSAGES).map(([type, { version, summary, data }]) =>
    z
      .object({
        id: z.number().int().optional().describe("from 1, without gaps; absent: told live only"),
        run: z.string(),
        type: z.literal(type),
        version: z.literal(version),
        atMs: z.number().describe("Unix time"),
        generation: z.number().int(),
        labels: z.record(z.string(), z.string()),
        data,
      })
      .describe(summary),
  );
  return z.discriminatedUnion("type", [first!, ...others]).openapi("RunMessage");
}
