import { z } from "@hono/zod-openapi";
import { JOB_STATES, SCOPES, WEBHOOK_EVENTS } from "#engine/control";
import { errorSchema, findingSchema, labelsSchema, list, pageOf } from "./shared.ts";

const workflowFields = {
  name: z.string(),
  version: z.number().int(),
  description: z.string().optional(),
  createdAtMs: z.number(),
  inputs: list(z.object({ name: z.string(), kind: z.string() })),
  outputs: list(z.string()),
};

export const workflowSchema = z.object(workflowFields).openapi("Workflow");
export const workflowTextSchema = z.object({ ...workflowFields, text: z.string() }).openapi("WorkflowText");
export const savedWorkflowSchema = z
  .object({ ...workflowFields, findings: list(findingSchema).describe("warnings and notes") })
  .openapi("SavedWorkflow");
export const workflowPageSchema = pageOf(workflowSchema, "WorkflowPage");
export const workflowVersionsSchema = z.object({ items: list(workflowSchema) }).openapi("WorkflowVersions");

export const workflowTextBody = z
  .strictObject({ text: z.string().min(1).describe("YAML"), name: z.string().min(1).max(100).optional() })
  .openapi("WorkflowSource");

export const findingsSchema = z.object({ findings: list(findingSchema), errors: z.number().int() }).openapi("Findings");

const place = z.object({ node: z.string(), port: z.string() });

export const planSchema = z
  .object({
    findings: list(findingSchema),
    plan: z
      .object({
        name: z.string(),
        description: z.string().optional(),
        nodes: list(
          z.object({
            id: z.string(),
            type: z.string(),
            label: z.string().optional(),
            inserted: z.boolean().describe("a conversion that the plan put in"),
          }),
        ),
        edges: list(
          z.object({
            id: z.string(),
            from: place,
            to: place,
            kinds: list(z.string()),
            textRoles: list(z.string()).optional(),
            buffer: z.object({ ms: z.number(), frames: z.number(), whenFull: z.string() }),
            order: z.enum(["time", "arrival"]),
            direct: z.boolean().describe("one call, nothing is queued"),
          }),
        ),
        outputs: list(z.object({ name: z.string(), from: list(place) })),
        limits: z.object({
          startMs: z.number(),
          idleMs: z.number(),
          drainMs: z.number(),
          runMs: z.number().optional(),
        }),
      })
      .optional()
      .describe("absent where there are errors"),
  })
  .openapi("PlannedWorkflow");

export const uploadSchema = z
  .object({
    id: z.string(),
    bytes: z.number(),
    name: z.string().optional(),
    mediaType: z.string().optional(),
    createdAtMs: z.number(),
  })
  .openapi("Upload");

export const jobSchema = z
  .object({
    id: z.string(),
    state: z.enum(JOB_STATES),
    workflow: z.object({ name: z.string(), version: z.number().int().optional() }),
    labels: z.record(z.string(), z.string()),
    createdAtMs: z.number(),
    endedAtMs: z.number().optional(),
    items: z.number().int(),
    done: z.number().int(),
    failed: z.number().int(),
  })
  .openapi("Job");
export const jobPageSchema = pageOf(jobSchema, "JobPage");

export const jobItemPageSchema = pageOf(
  z
    .object({
      index: z.number().int(),
      state: z.enum(JOB_STATES),
      attempts: z.number().int(),
      runId: z
        .string()
        .optional()
        .describe("of the last attempt; absent where that was refused before there was a run"),
      error: errorSchema.optional(),
    })
    .openapi("JobItem"),
  "JobItemPage",
);

const webhookFields = {
  url: z.url().max(2000),
  events: list(z.enum(WEBHOOK_EVENTS)),
  labels: labelsSchema.optional().describe("only of runs and jobs that carry all of these"),
};

export const newWebhookSchema = z
  .strictObject({ ...webhookFields, events: z.array(z.enum(WEBHOOK_EVENTS)).min(1) })
  .openapi("NewWebhook");
export const webhookSchema = z
  .object({ id: z.string(), createdAtMs: z.number(), enabled: z.boolean(), ...webhookFields })
  .openapi("Webhook");
export const createdWebhookSchema = z
  .object({ webhook: webhookSchema, secret: z.string().describe("shown this once") })
  .openapi("CreatedWebhook");
export const webhooksSchema = z.object({ items: list(webhookSchema) }).openapi("Webhooks");
export const rotatedSecretSchema = z.object({ secret: z.string() }).openapi("RotatedSecret");

export const deliverySchema = z
  .object({
    id: z.string(),
    webhook: z.string().optional().describe("the subscription; absent where a node of the run posts for itself"),
    run: z.string().optional(),
    event: z.string(),
    state: z.enum(["waiting", "delivered", "dead"]),
    attempts: z.number().int(),
    createdAtMs: z.number(),
    nextAtMs: z.number().optional(),
    last: z.string().optional().describe("HTTP status of the last attempt, or a code"),
  })
  .openapi("Delivery");
export const deliveryPageSchema = pageOf(deliverySchema, "DeliveryPage");

export const tokenRequestSchema = z
  .strictObject({
    for: z.union([
      z.strictObject({ run: z.string().min(1).max(128) }),
      z.strictObject({ workflow: z.string().min(1).max(200) }),
    ]),
    seconds: z.number().int().min(1).max(3600).optional().describe("default 300"),
  })
  .openapi("TokenRequest");
export const tokenSchema = z.object({ token: z.string(), expiresAtMs: z.number() }).openapi("Token");

export const whoSchema = z
  .object({ project: z.string(), scopes: list(z.enum(SCOPES)), keyId: z.string().optional() })
  .openapi("Who");

export const nodeTypeSchema = z
  .object({
    type: z.string(),
    summary: z.string(),
    shape: z.enum(["inline", "task"]),
    role: z.string().optional(),
    inputs: list(z.string()),
    outputs: list(z.string()),
    fields: list(
      z.object({
        name: z.string(),
        type: z.string(),
        required: z.boolean(),
        default: z.unknown().optional(),
        description: z.string().optional(),
        marks: list(z.string()),
      }),
    ),
    effects: list(z.string()),
    schema: z.unknown().describe("JSON Schema of what stands in `with:`"),
  })
  .openapi("NodeType");
export const nodeTypesSchema = z.object({ items: list(nodeTypeSchema) }).openapi("NodeTypes");

export const pluginsSchema = z
  .object({
    items: list(
      z.object({
        name: z.string(),
        nodes: list(z.string()),
        engines: list(z.object({ name: z.string(), purpose: z.string() })),
      }),
    ),
  })
  .openapi("Plugins");

export const healthSchema = z
  .object({ store: z.boolean(), ready: z.boolean(), draining: z.boolean(), reason: z.string().optional() })
  .openapi("Health");
