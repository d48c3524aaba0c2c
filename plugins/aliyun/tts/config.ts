import { z } from "zod";
import { linkSchema, live } from "#engine/plugin";
import { accessFields, CREDENTIALS_WANTED, hasCredentials } from "../access.ts";

/** As the voice allows. */
const RATES_HZ = [16000, 8000, 11025, 22050, 24000, 32000, 44100, 48000] as const;

const manner = (what: string) => live(z.number().int().min(-500).max(500).default(0)).describe(what);

/** What stands in `with:` of `aliyun.tts`. */
export const ttsConfig = z
  .strictObject({
    ...accessFields,
    url: z
      .url({ protocol: /^wss?$/ })
      .optional()
      .describe("The service's socket. Where it is not said: Shanghai; for mode flowing Beijing, which alone has it."),
    mode: z
      .enum(["plain", "long", "flowing"])
      .default("plain")
      .describe(
        "plain: texts of up to 300 characters, longer ones cut at sentences; long: up to 10,000 at once; flowing: texts are spoken while they are written.",
      ),
    voice: live(z.string().min(1).optional()).describe(
      "Xiaoyun, or for mode flowing longxiaochun, where it is not said.",
    ),
    sampleRateHz: z.literal(RATES_HZ).default(16000).describe("As the voice allows."),
    volume: live(z.number().int().min(0).max(100).default(50)).describe("From 0 to 100."),
    speechRate: manner("From -500, slow, to 500, fast."),
    pitchRate: manner("From -500, low, to 500, high."),
    subtitles: z
      .boolean()
      .default(false)
      .describe("Gives each text with the times of its words on the output `spoken`."),
    ssml: z.boolean().default(false).describe("Texts are SSML; such a text is never cut."),
    extra: z
      .record(z.string(), z.unknown())
      .default({})
      .describe("Further parameters, sent as they are beside the others, which they replace where names are the same."),
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
      .describe("Tasks at once of one credential in this process; 0 is off."),
    link: linkSchema,
  })
  .refine(hasCredentials, { error: CREDENTIALS_WANTED, path: ["accessKeyId"] })
  .refine(({ extra }) => extra.format === undefined && extra.sample_rate === undefined, {
    error: "cannot change format, since what comes is read as PCM, nor sample_rate: set sampleRateHz",
    path: ["extra"],
  });

export type TtsSettings = z.output<typeof ttsConfig>;

/** Characters in one directive, as the service counts them. */
export const TEXT_LIMIT = { plain: 300, long: 10_000, flowing: 2000 } as const;

export const serviceUrl = ({ url, mode }: TtsSettings): string =>
  url ?? `wss://nls-gateway${mode === "flowing" ? "-cn-beijing" : ".cn-shanghai"}.aliyuncs.com/ws/v1`;

/** The `payload` of a start directive. @param text left out of flowing synthesis, which is given it later. */
export function startPayload(settings: TtsSettings, text?: string): Record<string, unknown> {
  return {
    ...(text !== undefined && { text }),
    voice: settings.voice ?? (settings.mode === "flowing" ? "longxiaochun" : "xiaoyun"),
    format: "pcm",
    sample_rate: settings.sampleRateHz,
    volume: settings.volume,
    speech_rate: settings.speechRate,
    pitch_rate: settings.pitchRate,
    ...(settings.subtitles && { enable_subtitle: true }),
    ...(settings.ssml && { enable_ssml: true }),
    ...settings.extra,
  };
}
