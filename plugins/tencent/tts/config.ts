import { z } from "zod";
import { linkSchema, live } from "#engine/plugin";
import { accessFields } from "../access.ts";

/** What stands in `with:` of `tencent.tts`. */
export const ttsConfig = z
  .strictObject({
    ...accessFields,
    mode: z
      .enum(["http", "socket", "flowing"])
      .default("socket")
      .describe(
        "http: an answer for each text. socket: a connection for each text, with times of words. flowing: texts are spoken while they are written.",
      ),
    url: z
      .url({ protocol: /^(https?|wss?)$/ })
      .optional()
      .describe("The service with its path; the vendor's own for the mode where it is not said."),
    voice: live(z.number().int().min(0).default(101001)).describe("The number of the voice (VoiceType)."),
    sampleRateHz: z.literal([16000, 8000, 24000]).default(16000).describe("24000 with some voices only."),
    speed: live(z.number().min(-2).max(2).default(0)).describe("From -2 (0.6 times) over 0 to 2 (1.5 times)."),
    volume: live(z.number().int().min(0).max(10).default(0)).describe("From 0, the usual one, to 10."),
    primaryLanguage: live(z.literal([1, 2]).optional()).describe("1 Chinese, 2 English, where a text has both."),
    emotion: live(
      z
        .strictObject({
          category: z.string().min(1).describe("Such as neutral, sad, happy; as the voice has it."),
          intensity: z.number().int().min(50).max(200).default(100).describe("In per cent."),
        })
        .optional(),
    ).describe("Of voices that have emotions."),
    subtitles: z
      .boolean()
      .default(false)
      .describe("Gives each text with the times of its words on the output `spoken`; not of mode http."),
    extra: live(z.record(z.string(), z.union([z.string(), z.number()])).default({})).describe(
      "Further parameters, signed with the others, which they replace where names are the same.",
    ),
    answerMs: z
      .number()
      .int()
      .min(0)
      .max(600_000)
      .default(60_000)
      .describe("The longest time without any answer to a text; 0 is off."),
    concurrency: z
      .number()
      .int()
      .min(0)
      .default(0)
      .describe("Texts at once of one credential in this process; 0 is off."),
    link: linkSchema,
  })
  .refine(({ subtitles, mode }) => !subtitles || mode !== "http", {
    error: "needs mode socket or flowing",
    path: ["subtitles"],
  })
  .refine(({ extra }) => extra.Codec === undefined && extra.SampleRate === undefined, {
    error: "cannot change Codec, since what comes is read as PCM, nor SampleRate: set sampleRateHz",
    path: ["extra"],
  })
  .refine(({ url, mode }) => url === undefined || url.startsWith("http") === (mode === "http"), {
    error: "wanted http(s) for mode http, ws(s) for the others",
    path: ["url"],
  });

export type TtsSettings = z.output<typeof ttsConfig>;

const SERVICE = {
  http: "https://tts.cloud.tencent.com/stream",
  socket: "wss://tts.cloud.tencent.com/stream_ws",
  flowing: "wss://tts.cloud.tencent.com/stream_wsv2",
} as const;

export const serviceUrl = ({ url, mode }: TtsSettings): string => url ?? SERVICE[mode];
