import { z } from "#engine/plugin";

/** What stands in `with:` of the gateway. */
export const gatewaySettings = z.strictObject({
  leadMs: z
    .number()
    .int()
    .min(0)
    .max(10_000)
    .default(200)
    .describe("How far audio goes out ahead of real time: what a client that is interrupted has to throw away."),
  quietMs: z
    .number()
    .int()
    .min(20)
    .max(60_000)
    .default(500)
    .describe("A response has ended when all of it was heard and so long nothing more of it came."),
  bargeIn: z
    .boolean()
    .default(true)
    .describe("The first word of a new utterance ends the response that is being spoken; protected ones go on."),
  mostQueuedMs: z
    .number()
    .int()
    .min(1000)
    .max(3_600_000)
    .default(600_000)
    .describe("The longest speech that may wait to be heard; beyond it the session fails."),
});

export type GatewaySettings = z.output<typeof gatewaySettings>;
