import { fromEnv, z } from "#engine/plugin";
import { ACCESS_WANTED, accessFields, hasAccess } from "../access.ts";

const locale = z.string().regex(/^[a-z]{2,3}(-[A-Za-z0-9]{2,8})*$/, "a locale such as en-US or zh-CN is wanted");

/** What stands in `with:` of `azure.file-asr`. */
export const fileConfig = z
  .strictObject({
    ...accessFields,
    api: z
      .enum(["fast", "batch", "short"])
      .default("fast")
      .describe(
        "fast: answered at once, up to 2 hours and 200 MB; batch: by address, answered later; short: up to 60 s, WAV or Ogg Opus.",
      ),
    language: fromEnv(locale, "ASR_LANG").default("en-US").describe("What is spoken."),
    otherLanguages: z.array(locale).max(9).default([]).describe("fast: what else may be spoken."),
    speakers: z.number().int().min(0).max(36).default(0).describe("Tells up to so many speakers apart; 0: does not."),
    channels: z.array(z.number().int().min(0).max(1)).max(2).default([]).describe("Each of these by itself: [0, 1]."),
    words: z.boolean().default(true).describe("The times of words."),
    profanity: z.enum(["masked", "removed", "raw"]).default("masked").describe("What becomes of foul words."),
    pollMs: z
      .number()
      .int()
      .min(100)
      .max(600_000)
      .default(5000)
      .describe("batch: between two questions for the result."),
    resultMs: z
      .number()
      .int()
      .min(1000)
      .max(172_800_000)
      .default(3_600_000)
      .describe("How long a result may take in all."),
    hoursKept: z
      .number()
      .int()
      .min(6)
      .max(744)
      .default(6)
      .describe("batch: how long the service keeps a result that nobody deletes."),
  })
  .refine((settings) => hasAccess(settings), { error: ACCESS_WANTED, path: ["key"] })
  .refine(({ speakers, channels }) => !(speakers > 0 && channels.length > 0), {
    error: "the service tells speakers apart in one channel only: leave out channels, or set speakers to 0",
    path: ["speakers"],
  })
  .refine(({ api, speakers, channels }) => !(api === "short" && (speakers > 0 || channels.length > 0)), {
    error: "short recognition knows neither speakers nor channels",
    path: ["api"],
  });

export type FileSettings = z.output<typeof fileConfig>;
