import { z } from "zod";

/** What stands under `gate:` beside `use`. */
export const gateSchema = z.strictObject({
  mode: z
    .enum(["hold", "close"])
    .default("close")
    .describe(
      "close ends the vendor's session in silence and opens another for the next speech; hold keeps one, and sends nothing",
    ),
  preRollMs: z.number().int().min(0).max(5000).default(300).describe("audio before an opening mark that is sent too"),
  hangMs: z
    .number()
    .int()
    .min(0)
    .max(10_000)
    .default(700)
    .describe("audio after a closing mark that is still sent, so that the vendor notices the end"),
  closeAfterMs: z
    .number()
    .int()
    .min(0)
    .max(600_000)
    .default(3000)
    .describe("silence after which the session is ended, with mode close"),
});
export type GateSettings = z.output<typeof gateSchema>;
