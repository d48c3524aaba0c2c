import { z } from "zod";
import { checkFault, faultFields } from "./fault.ts";

/** What a scripted recogniser says of one utterance. */
export const asrResult = z
  .strictObject({
    text: z.string().optional().describe("The final."),
    partials: z
      .union([z.literal("auto"), z.array(z.string())])
      .optional()
      .describe("What comes before it, one each `partialEveryMs`: auto grows word by word. Default none."),
    words: z.literal("auto").optional().describe("Gives the words of the final even shares of the utterance."),
    confidence: z.number().min(0).max(1).optional(),
    speaker: z.string().optional(),
    fromMs: z.number().min(0).optional().describe("Where the utterance begins on the stream, for audio without marks."),
    untilMs: z
      .number()
      .min(0)
      .optional()
      .describe("Where it ends there; then all results need it, and marks are not heeded."),
    ...faultFields,
  })
  .superRefine((result, ctx) => {
    checkFault(result, ctx);
    if (result.fromMs !== undefined && result.untilMs === undefined)
      ctx.addIssue({ code: "custom", path: ["fromMs"], message: "belongs to untilMs, which is not there" });
  });

export type AsrResult = z.output<typeof asrResult>;

/** True where results say for themselves when their utterances are. */
export const byMediaTime = (results: readonly AsrResult[] | undefined): boolean =>
  results?.some((result) => result.untilMs !== undefined) ?? false;

/** Adds findings about results by media time that are not one after the other. */
export function checkResults(results: readonly AsrResult[], ctx: z.RefinementCtx): void {
  if (!byMediaTime(results)) return;
  let free = 0;
  for (const [index, { fromMs, untilMs }] of results.entries()) {
    const problem = (field: string, message: string) =>
      ctx.addIssue({ code: "custom", path: ["results", index, field], message });
    if (untilMs === undefined) {
      problem("untilMs", "is missing, and other results have it");
      continue;
    }
    const from = fromMs ?? free;
    if (from < free) problem("fromMs", `${from} is before ${free}, where the result before it ends`);
    if (untilMs <= from) problem("untilMs", `${untilMs} is not after ${from}, where the utterance begins`);
    free = untilMs;
  }
}
