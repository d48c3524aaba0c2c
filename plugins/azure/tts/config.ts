import { fromEnv, linkSchema, live, z } from "#engine/plugin";
import { ACCESS_WANTED, type AccessSettings, accessFields, hasAccess, socketHost } from "../access.ts";
import { FORMATS, type SpokenFormat } from "./formats.ts";
import type { Manner } from "./ssml.ts";

const plain = (what: string, pattern: RegExp) => live(z.string().regex(pattern).optional()).describe(what);

/** What stands in `with:` of `azure.tts`. */
export const ttsConfig = z
  .strictObject({
    ...accessFields,
    voice: live(fromEnv(z.string().min(1), "TTS_VOICE").default("en-US-AvaMultilingualNeural")).describe("The voice."),
    language: z
      .string()
      .regex(/^[a-z]{2,3}(-[A-Za-z0-9]{2,8})*$/)
      .optional()
      .describe("Of the texts; the voice's own where it is not said."),
    mode: z
      .enum(["text", "streaming"])
      .default("text")
      .describe("text: one text at a time, in a manner; streaming: texts are spoken while they are written, plain."),
    format: z
      .enum(Object.keys(FORMATS))
      .default("raw-16khz-16bit-mono-pcm")
      .describe("By the service's name. Samples go on as audio; all others as a recording of each text."),
    style: plain("Such as cheerful or sad, as the voice allows.", /^[\w-]+$/),
    styleDegree: live(z.number().min(0.01).max(2).optional()).describe("How much of that style."),
    role: plain("Such as YoungAdultFemale, as the voice allows.", /^\w+$/),
    rate: plain("From 0.5 to 2, +N% or -N%, or x-slow to x-fast.", /^([\d.]+|[+-]?[\d.]+%|(x-)?(slow|fast)|medium)$/),
    pitch: plain("600Hz, +80Hz, -2st, +20%, or x-low to x-high.", /^([+-]?[\d.]+(Hz|st|%)|(x-)?(low|high)|medium)$/),
    volume: plain("0 to 100, +10, +3%, or silent to x-loud.", /^([+-]?[\d.]+%?|silent|(x-)?(soft|loud)|medium)$/),
    effect: z.enum(["eq_car", "eq_telecomhp8k"]).optional().describe("Tuned for cars or for the telephone."),
    ssml: z.boolean().default(false).describe("Texts are SSML documents; they are looked at before they are sent."),
    words: z.boolean().default(false).describe("Gives each text with the times of its words on the output `spoken`."),
    visemes: z.boolean().default(false).describe("Gives the mouth's shapes as data on the output `visemes`."),
    bookmarks: z.boolean().default(false).describe("Gives the bookmarks of SSML as data on the output `bookmarks`."),
    deploymentId: z.string().min(1).optional().describe("Of a custom voice."),
    answerMs: z
      .number()
      .int()
      .min(0)
      .max(600_000)
      .default(60_000)
      .describe("The longest time without any answer to a text; 0 is off."),
    concurrency: z.number().int().min(0).default(0).describe("Texts at once of one key in this process; 0 is off."),
    link: linkSchema,
  })
  .refine((settings) => hasAccess(settings), { error: ACCESS_WANTED, path: ["key"] })
  .refine(({ mode, ssml }) => !(mode === "streaming" && ssml), {
    error: "streaming takes plain text only",
    path: ["ssml"],
  })
  .refine(({ bookmarks, ssml }) => ssml || !bookmarks, {
    error: "bookmarks stand in SSML: set ssml: true",
    path: ["bookmarks"],
  });

export type TtsSettings = z.output<typeof ttsConfig>;

export const formatOf = ({ format }: Pick<TtsSettings, "format">): SpokenFormat => {
  const found = FORMATS[format];
  if (!found) throw new Error(`no format ${format}`); // the schema has seen to it
  return found;
};

/** A voice's name begins with its locale. */
export const mannerOf = (settings: TtsSettings): Manner => ({
  language: settings.language ?? /^[a-z]{2,3}-[A-Z]{2}/.exec(settings.voice)?.[0] ?? "en-US",
  voice: settings.voice,
  style: settings.style,
  styleDegree: settings.styleDegree,
  role: settings.role,
  rate: settings.rate,
  pitch: settings.pitch,
  volume: settings.volume,
  effect: settings.effect,
});

const V1 = "/tts/cognitiveservices/websocket/v1";
/** Texts that are still being written have an address of their own. */
const V2 = "/cognitiveservices/websocket/v2";

export function speakUrl(settings: AccessSettings & Pick<TtsSettings, "mode" | "deploymentId">): string {
  const { mode, deploymentId } = settings;
  const host = socketHost(settings, deploymentId === undefined ? "tts" : "voice");
  const query = deploymentId === undefined ? "" : `?deploymentId=${encodeURIComponent(deploymentId)}`;
  return `${host}${mode === "streaming" ? V2 : V1}${query}`;
}
