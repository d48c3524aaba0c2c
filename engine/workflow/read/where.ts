import { z } from "zod";

const LANGUAGE = /^[A-Za-z]{2,8}(-[A-Za-z0-9]{1,8})*$/;

const oneOf = (item: z.ZodType<string>, what: string) =>
  z
    .union([item, z.array(item).min(1)])
    .optional()
    .describe(`${what}, or a list of which one fits`);

const words = (what: string) => oneOf(z.string().min(1), what);

const range = (number: z.ZodNumber, what: string) =>
  z
    .union([
      number,
      z.array(number).min(1),
      z
        .strictObject({ min: number.optional(), max: number.optional() })
        .refine(({ min, max }) => min !== undefined || max !== undefined, "wants min, max, or both")
        .refine(({ min, max }) => (min ?? 0) <= (max ?? Number.POSITIVE_INFINITY), "min is larger than max"),
    ])
    .optional()
    .describe(`${what}: a number, a list of which one fits, or { min, max }`);

/** What stands under `where` on an edge: fields of a frame and what they have to be. It is no expression language. */
export const whereSchema = z.strictObject({
  language: oneOf(z.string().regex(LANGUAGE, "a language is a BCP 47 tag such as es or pt-BR"), "of a text"),
  role: oneOf(z.enum(["transcript", "translation", "prompt"]), "of a text"),
  final: z.boolean().optional().describe("of a text: true for finals, false for partials"),
  speaker: words("of a text"),
  channel: range(z.number().int().min(0).max(31), "of a text, from 0"),
  confidence: range(z.number().min(0).max(1), "of a text, from 0 to 1"),
  mark: oneOf(z.enum(["start", "end"]), "of a speech mark"),
  topic: words("of data"),
  codec: words("of an encoded packet"),
  container: words("of a recording"),
});
