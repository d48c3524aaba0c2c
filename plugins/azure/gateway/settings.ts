import { z } from "#engine/plugin";

/** What stands in `with:` of the gateway. */
export const gatewaySettings = z.strictObject({
  translationStyle: z
    .enum(["response", "phrase"])
    .default("response")
    .describe("How translations are told on the newer address: in `translation.response`, or as on the older one."),
  initialSilenceMs: z
    .number()
    .int()
    .min(0)
    .max(600_000)
    .default(0)
    .describe("Single requests end after so much audio without a word; 0: after what the client asks for, or never."),
  tokenMinutes: z.number().min(0.01).max(1440).default(10).describe("How long tokens of the gateway are good."),
  voices: z
    .array(z.strictObject({ name: z.string().min(1), locale: z.string().min(2) }))
    .default([{ name: "en-US-AvaMultilingualNeural", locale: "en-US" }])
    .describe("What the list of voices tells; the workflow's voice speaks whatever is asked for."),
});

export type GatewaySettings = z.output<typeof gatewaySettings>;
