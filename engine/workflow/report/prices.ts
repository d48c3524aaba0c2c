import { z } from "zod";
import type { Finding } from "../finding.ts";
import { readYaml } from "../yaml/read-yaml.ts";

const amount = z.number().min(0);

/** What one node type's vendor takes. Several of them add up. */
const priceSchema = z.strictObject({
  audioHour: amount.optional().describe("for an hour of audio"),
  millionCharacters: amount.optional().describe("for a million characters of text"),
  thousandRequests: amount.optional().describe("for a thousand requests"),
});

const pricesSchema = z.strictObject({
  currency: z.string().min(1).max(10).default("EUR"),
  prices: z.record(z.string(), priceSchema).describe("by node type"),
  assume: z
    .strictObject({
      speech: z.number().min(0).max(1).default(0.5).describe("how much of an hour is speech"),
      charactersPerHour: amount.default(48_000).describe("of text, for an hour of speech"),
      utterancesPerHour: amount.default(900).describe("for an hour of speech"),
    })
    .prefault({}),
});

/** A price table: what vendors take, and what an hour is assumed to hold. The user owns it; no price comes with Parlando. */
export type Prices = z.output<typeof pricesSchema>;
export type Price = z.output<typeof priceSchema>;

/** @param file the name that findings carry. */
export function readPrices(
  text: string,
  file: string,
): { readonly prices?: Prices; readonly findings: readonly Finding[] } {
  const { value, findings } = readYaml(text, pricesSchema, file);
  return { ...(value && { prices: value }), findings };
}
