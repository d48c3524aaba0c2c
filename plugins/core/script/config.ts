import { z } from "zod";
import { checkEvents, sourceEvent } from "./events.ts";
import { checkFault, faultFields } from "./fault.ts";
import { asrResult, byMediaTime, checkResults } from "./results.ts";

const translation = z.strictObject({ text: z.string().optional(), ...faultFields }).superRefine(checkFault);

/** Without defaults, so that a field which belongs to another role is noticed; what is left out is filled in where it is read. */
const fields = z.strictObject({
  as: z.enum(["asr", "translate", "source"]).describe("The role that it plays; ports and fields follow."),
  language: z.string().min(2).optional().describe("Of the texts that it gives, as a BCP 47 tag."),
  delayMs: z
    .number()
    .min(0)
    .max(86_400_000)
    .optional()
    .describe("asr, translate: how long each answer takes that does not say so itself. Default 0."),

  events: z.array(sourceEvent).min(1).optional().describe("source: what comes, and when."),
  pace: z
    .enum(["fast", "realtime", "live"])
    .optional()
    .describe("source: as fast as can be, at the times of the script, or so and not waiting for room. Default fast."),
  sampleRateHz: z.number().int().min(1000).max(384_000).optional().describe("source: of its audio. Default 16000."),
  channels: z.number().int().min(1).max(32).optional().describe("source: of its audio. Default 1."),
  frameMs: z.number().int().min(1).max(1000).optional().describe("source: of its audio. Default 20."),
  gaps: z
    .enum(["silence", "skip"])
    .optional()
    .describe("source: what stands between its sounds; skip leaves a hole in the stream. Default silence."),

  results: z.array(asrResult).optional().describe("asr: one for each utterance, in order."),
  afterLast: z
    .enum(["repeat", "empty", "error"])
    .optional()
    .describe("asr: after the last result, begin again, find no words, or fail with SCRIPT_INVALID. Default empty."),
  partialEveryMs: z
    .number()
    .min(1)
    .max(60_000)
    .optional()
    .describe("asr: audio of the utterance between two partials. Default 300."),
  blocking: z
    .boolean()
    .optional()
    .describe(
      "asr: takes no more audio until it has answered, as a recogniser on this machine does, so that the edge before it fills. Default true.",
    ),

  table: z
    .record(z.string(), z.union([z.string(), translation]))
    .optional()
    .describe("translate: what becomes of which text; capitals and spaces around it make no difference."),
  otherwise: z
    .enum(["echo", "upper", "error"])
    .optional()
    .describe(
      "translate: a text that is not in the table stays, is put in capitals, or fails with SCRIPT_INVALID. Default echo.",
    ),
  partials: z.boolean().optional().describe("translate: translates partials too. Default false."),
});

type Fields = z.output<typeof fields>;

const ROLE_FIELDS: Readonly<Record<Fields["as"], readonly (keyof Fields)[]>> = {
  source: ["events", "pace", "sampleRateHz", "channels", "frameMs", "gaps"],
  asr: ["results", "afterLast", "partialEveryMs", "blocking", "delayMs"],
  translate: ["table", "otherwise", "partials", "delayMs"],
};

/** The config of `core.script`. */
export const scriptConfig = fields.superRefine((settings, ctx) => {
  const problem = (field: keyof Fields, message: string) => ctx.addIssue({ code: "custom", path: [field], message });
  const wanted = ROLE_FIELDS[settings.as];
  for (const [role, own] of Object.entries(ROLE_FIELDS))
    for (const field of own)
      if (settings[field] !== undefined && !wanted.includes(field) && !(field === "delayMs" && role === "translate"))
        problem(
          field,
          `belongs to as: ${field === "delayMs" ? "asr and as: translate" : role}, and this is as: ${settings.as}`,
        );
  if (settings.as === "source" && !settings.events) problem("events", "is missing: what comes, and when");
  if (settings.as === "asr" && !settings.results) problem("results", "is missing: one entry for each utterance");
  if (settings.events) checkEvents(settings.events, audioFormat(settings), ctx);
  if (settings.results) checkResults(settings.results, ctx);
  if (settings.afterLast && byMediaTime(settings.results))
    problem("afterLast", "has no meaning where results say when their utterances are");
  if (settings.afterLast === "repeat" && settings.results?.length === 0)
    problem("afterLast", "nothing to repeat: results is empty");
  const keys = new Set<string>();
  for (const text of Object.keys(settings.table ?? {})) {
    if (keys.has(tableKey(text)))
      ctx.addIssue({
        code: "custom",
        path: ["table", text],
        message: "stands there twice, but for capitals or spaces",
      });
    keys.add(tableKey(text));
  }
});

export type ScriptConfig = Fields;

/** The form of a text in which it is looked up. */
export const tableKey = (text: string): string => text.trim().toLowerCase();

/** Of a scripted source. */
export const audioFormat = (settings: Fields): { sampleRateHz: number; channels: number; frameMs: number } => ({
  sampleRateHz: settings.sampleRateHz ?? 16_000,
  channels: settings.channels ?? 1,
  frameMs: settings.frameMs ?? 20,
});
