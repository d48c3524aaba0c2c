import { z } from "zod";
import { live } from "#engine/plugin";
import { accessFields } from "../access.ts";
import { ENCODINGS } from "../wire/encodings.ts";

/** Engines of the older interface: telephone, general, and telephone with speakers told apart. */
const LEGACY_ENGINES = ["8k_0", "16k_0", "8k_6"];

/** What stands in `with:` of `tencent.file-asr`. */
export const fileConfig = z
  .strictObject({
    ...accessFields,
    api: z
      .enum(["current", "flash", "legacy"])
      .default("current")
      .describe(
        "current: a task whose result is polled or called back. flash: the answer to the upload. legacy: the older interface, which only calls back.",
      ),
    url: z
      .url({ protocol: /^https?$/ })
      .optional()
      .describe("The service; the vendor's own where it is not said."),
    engine: live(
      z
        .string()
        .regex(/^(8k|16k)_[a-z0-9_]+$/, "wanted an engine such as 16k_zh, or 16k_0 of the older interface")
        .optional(),
    ).describe("The model: 16k_zh where it is not said; of the older interface 16k_0, 8k_0 or 8k_6."),
    delivery: z
      .enum(["poll", "callback"])
      .optional()
      .describe("How results come. callback needs publicUrl in parlando.yaml; the older interface has nothing else."),
    channels: live(z.literal([1, 2]).default(1)).describe("Of the recording; 2 with telephone engines only."),
    encoding: live(z.enum(ENCODINGS).default("utf-8")).describe("How the older interface writes its text."),
    language: z
      .string()
      .min(2)
      .optional()
      .describe("The texts' label, where the engine's name does not tell it. It is not sent."),
    words: live(z.boolean().default(false)).describe("Asks for the times of words; not of the older interface."),
    speakers: live(z.boolean().default(false)).describe(
      "Tells speakers apart; of the older interface engine 8k_6 does.",
    ),
    filterDirty: live(z.literal([0, 1, 2]).default(0)).describe(
      "Abusive words: 0 stay, 1 are left out, 2 become asterisks.",
    ),
    filterFillers: live(z.literal([0, 1, 2]).default(0)).describe(
      "What people say while they think: 0 stays, 1 some, 2 all is left out.",
    ),
    numbers: live(z.literal([0, 1, 3]).default(1)).describe(
      "Spoken numbers: 0 stay words, 1 become digits, 3 as in mathematics.",
    ),
    hotwordId: live(z.string().min(1).optional()).describe("A list of hot words, made in the console."),
    customizationId: live(z.string().min(1).optional()).describe("A language model of one's own, made in the console."),
    projectId: z.number().int().min(0).default(0).describe("Of the older interface."),
    extra: live(z.record(z.string(), z.union([z.string(), z.number()])).default({})).describe(
      "Further parameters, which replace the others where names are the same.",
    ),
    escapedJson: z
      .boolean()
      .default(false)
      .describe("Values of callbacks in JSON are percent-encoded once more, as an older page of the vendor says."),
    pollMs: z.number().int().min(500).max(600_000).default(3000).describe("Between two questions for a result."),
    resultMs: z
      .number()
      .int()
      .min(1000)
      .max(86_400_000)
      .default(10_800_000)
      .describe("The longest wait for a result; the vendor takes three hours at most."),
  })
  .superRefine((settings, issues) => {
    for (const [field, message] of findings(settings)) issues.addIssue({ code: "custom", path: [field], message });
  });

export type FileSettings = z.output<typeof fileConfig>;

/** What does not go together. */
function findings(settings: {
  readonly api: "current" | "flash" | "legacy";
  readonly engine?: string | undefined;
  readonly delivery?: "poll" | "callback" | undefined;
  readonly channels: 1 | 2;
  readonly encoding: string;
  readonly words: boolean;
  readonly speakers: boolean;
}): [field: string, message: string][] {
  const { api, delivery, channels, encoding, words, speakers } = settings;
  const engine = engineOf(settings);
  const found: [string, string][] = [];
  if (api === "legacy" && !LEGACY_ENGINES.includes(engine))
    found.push(["engine", `the older interface has ${LEGACY_ENGINES.join(", ")}, not ${engine}`]);
  if (api !== "legacy" && /_\d+$/.test(engine))
    found.push(["engine", `${engine} is an engine of the older interface: set api: legacy`]);
  if (channels === 2 && !engine.startsWith("8k"))
    found.push(["channels", `two channels need a telephone engine (8k), not ${engine}`]);
  if (channels === 2 && engine === "8k_6")
    found.push(["channels", "8k_6 tells speakers apart in one channel; with two channels use 8k_0"]);
  if (api === "legacy" && delivery === "poll")
    found.push(["delivery", "the older interface cannot be polled: set delivery: callback, or another api"]);
  if (api === "flash" && delivery !== undefined) found.push(["delivery", "flash answers at once: leave delivery out"]);
  if (api !== "legacy" && encoding !== "utf-8")
    found.push(["encoding", "only the older interface writes other encodings"]);
  if (api === "legacy" && words) found.push(["words", "the older interface has no times of words"]);
  if (api === "legacy" && speakers) found.push(["speakers", "the older interface tells speakers apart by engine 8k_6"]);
  return found;
}

/** The engine that is meant. */
export const engineOf = ({ api, engine }: { readonly api: string; readonly engine?: string | undefined }): string =>
  engine ?? (api === "legacy" ? "16k_0" : "16k_zh");

export const isCalledBack = ({ api, delivery }: FileSettings): boolean =>
  api === "legacy" || (api === "current" && delivery === "callback");
