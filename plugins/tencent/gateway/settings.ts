import { z } from "zod";

/** What stands in `with:` of the gateway. */
export const gatewaySettings = z.strictObject({
  clockToleranceS: z
    .number()
    .int()
    .min(1)
    .max(86_400)
    .default(3600)
    .describe("How far a client's clock may be off in the older interfaces; the vendor's own figure is not known."),
  callbackBody: z
    .enum(["form", "json"])
    .default("form")
    .describe("How results of recordings are put when they are called back."),
  redeliverMs: z
    .number()
    .int()
    .min(10)
    .max(600_000)
    .default(1000)
    .describe("Before a callback that was not taken comes again; it doubles each time, five times."),
  deliverMs: z.number().int().min(100).max(120_000).default(10_000).describe("How long a receiver may take to answer."),
  recordingMs: z
    .number()
    .int()
    .min(1000)
    .max(86_400_000)
    .default(3_600_000)
    .describe("The longest that a recording may be worked on."),
  quietMs: z
    .number()
    .int()
    .min(1000)
    .max(600_000)
    .default(15_000)
    .describe("A session of recognition that is given no audio for so long is ended with 4008."),
});

export type GatewaySettings = z.output<typeof gatewaySettings>;
