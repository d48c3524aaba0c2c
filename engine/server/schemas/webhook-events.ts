import { z } from "@hono/zod-openapi";
import { JOB_STATES, RUN_MESSAGES, type WebhookEvent } from "#engine/control";

const jobFields = {
  job: z.string(),
  items: z.number().int(),
  done: z.number().int(),
  failed: z.number().int(),
};

const ofRun = { run: z.string() };

/** What a delivery carries besides its id, time and labels, by event. */
const EVENTS: Record<WebhookEvent, { summary: string; more: Record<string, z.ZodType>; data: z.ZodType }> = {
  "run.started": { summary: "A run begins.", more: ofRun, data: z.object({ state: z.literal("starting") }) },
  "run.ended": { summary: "A run has ended.", more: ofRun, data: RUN_MESSAGES["run.ended"].data },
  "run.final": { summary: "A run has a final.", more: ofRun, data: RUN_MESSAGES["text.final"].data },
  "job.progress": {
    summary: "An item of a job is over.",
    more: {},
    data: z.object({ ...jobFields, item: z.number().int().describe("its index"), state: z.enum(JOB_STATES) }),
  },
  "job.ended": { summary: "A job is over.", more: {}, data: z.object({ ...jobFields, state: z.enum(JOB_STATES) }) },
};

/** The body of every delivery of a webhook. */
export function webhookEventSchema(): z.ZodType {
  const [first, ...others] = Object.entries(EVENTS).map(([event, { summary, more, data }]) =>
    z
      .object({
        id: z.string().describe("of the delivery, as in `parlando-delivery`; the same one may come more than once"),
        event: z.literal(event),
        atMs: z.number().describe("Unix time"),
        ...more,
        labels: z.record(z.string(), z.string()),
        data,
      })
      .describe(summary),
  );
  return z.discriminatedUnion("event", [first!, ...others]).openapi("WebhookEvent");
}

/** What a delivery says of itself. */
export const webhookHeaders = z.object({
  "parlando-event": z.string(),
  "parlando-delivery": z.string(),
  "parlando-signature": z.string().describe("t=SECONDS,v1=HEX; two `v1` while the secret is being rotated"),
});
