import { z } from "zod";
import { fromEnv, linkSchema, live, OPUS_RATES_HZ } from "#engine/plugin";
import { accessFields, socketField } from "../access.ts";
import { languageCode } from "../models.ts";
import { given, type Payload } from "../wire.ts";

const RATES_HZ = [16000, 8000, 22050, 24000, 44100, 48000] as const;

/** How a synthesis model is spoken to. */
export type SpeakingFamily = "cosyvoice" | "sambert" | "qwen-realtime" | "qwen";

/** Undefined for a model of another kind. */
export function speakingFamily(model: string): SpeakingFamily | undefined {
  if (model.startsWith("cosyvoice")) return "cosyvoice";
  if (model.startsWith("sambert")) return "sambert";
  if (!model.startsWith("qwen")) return undefined;
  return model.includes("realtime") ? "qwen-realtime" : "qwen";
}

const manner = (what: string) => live(z.number().min(0.5).max(2).default(1)).describe(what);

/** What stands in `with:` of `modelstudio.tts`. */
export const ttsConfig = z
  .strictObject({
    ...accessFields,
    url: socketField,
    model: z
      .string()
      .min(1)
      .default("cosyvoice-v2")
      .describe("cosyvoice-v2, sambert-zhichu-v1, qwen3-tts-flash-realtime, qwen3-tts-flash, …"),
    mode: z
      .enum(["plain", "flowing"])
      .default("plain")
      .describe(
        "plain: a text at a time. flowing: texts are spoken while they are written; CosyVoice and Qwen in real time.",
      ),
    transport: z
      .enum(["socket", "http"])
      .default("socket")
      .describe("CosyVoice can be had over HTTP, too; Qwen that is not in real time has nothing else."),
    voice: live(fromEnv(z.string().min(1).optional(), "TTS_VOICE")).describe(
      "As the model has it; longcheng_v2 for cosyvoice-v2 and Cherry for Qwen, where it is not said. Of Sambert the model is the voice.",
    ),
    format: fromEnv(z.enum(["pcm", "wav", "opus", "mp3"]).default("pcm"), "TTS_AUDIO_FORMAT").describe(
      "What the service sends. pcm, wav and opus become audio; mp3 is handed on as a recording of each text, on the output `recording`.",
    ),
    sampleRateHz: z.literal(RATES_HZ).default(16000).describe("As the model and the format have it."),
    bitRateKbps: z.number().int().min(6).max(510).optional().describe("Of opus, and of mp3 by Qwen."),
    volume: live(z.number().int().min(0).max(100).default(50)).describe("From 0 to 100."),
    speed: manner("From 0.5, slow, over 1 to 2, fast."),
    pitch: manner("From 0.5, low, over 1 to 2, high."),
    seed: live(z.number().int().min(0).max(65_535).default(0)).describe("The same gives the same speech; 0 is any."),
    instruction: live(z.string().min(1).max(1600).optional()).describe(
      "Style or dialect, in words, where the model takes it.",
    ),
    language: live(z.string().min(2).max(35).optional()).describe("Of the texts, as a hint."),
    ssml: z.boolean().default(false).describe("Texts are SSML; such a text is never cut. CosyVoice and Sambert."),
    subtitles: z
      .boolean()
      .default(false)
      .describe(
        "Gives each text with the times of its words on the output `spoken`. CosyVoice and Sambert over sockets.",
      ),
    extra: live(z.record(z.string(), z.unknown()).default({})).describe(
      "Further parameters, sent as they are beside the others, which they replace where names are the same.",
    ),
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
  .superRefine((settings, issues) => {
    for (const [field, message] of findings(settings)) issues.addIssue({ code: "custom", path: [field], message });
  });

export type TtsSettings = z.output<typeof ttsConfig>;

/** Which way a text goes to the service. */
export function wayOf({ model, transport }: Pick<TtsSettings, "model" | "transport">): SpeakingFamily | "http" {
  const family = speakingFamily(model) ?? "cosyvoice";
  return family === "qwen" || (transport === "http" && family === "cosyvoice") ? "http" : family;
}

function findings(settings: {
  readonly model: string;
  readonly transport: "socket" | "http";
  readonly mode: string;
  readonly format: string;
  readonly sampleRateHz: number;
  readonly ssml: boolean;
  readonly subtitles: boolean;
}): [field: string, message: string][] {
  const { model, transport, mode, format, sampleRateHz, ssml, subtitles } = settings;
  const family = speakingFamily(model);
  const way = wayOf({ model, transport });
  const found: [string, string][] = [];
  if (!family) found.push(["model", "wanted a model whose name begins with cosyvoice, sambert or qwen"]);
  if (transport === "http" && (family === "sambert" || family === "qwen-realtime"))
    found.push(["transport", `${model} is spoken to over a socket`]);
  if (mode === "flowing" && way !== "cosyvoice" && way !== "qwen-realtime")
    found.push(["mode", `${model} takes whole texts ${way === "http" ? "over HTTP" : "only"}`]);
  if (mode === "flowing" && ssml) found.push(["ssml", "excludes mode flowing: SSML comes as a whole"]);
  if (ssml && family?.startsWith("qwen")) found.push(["ssml", "Qwen takes plain text"]);
  if (subtitles && way !== "cosyvoice" && way !== "sambert")
    found.push(["subtitles", "only CosyVoice and Sambert say the times of words, over sockets"]);
  if (format === "opus" && !(OPUS_RATES_HZ as readonly number[]).includes(sampleRateHz))
    found.push(["format", `opus has no ${sampleRateHz} Hz`]);
  if (way === "http" && family === "qwen" && (format !== "pcm" || sampleRateHz !== 24000))
    found.push(["sampleRateHz", "Qwen over HTTP speaks pcm of 24000 Hz and nothing else"]);
  return found;
}

/** The voice that is meant. */
export function voiceOf({ voice, model }: TtsSettings): string {
  if (voice !== undefined) return voice;
  if (model.startsWith("qwen")) return "Cherry";
  return model === "cosyvoice-v1" ? "longcheng" : "longcheng_v2";
}

/** The `payload` of `run-task`. @param text of Sambert, which is given it at once. */
export function speakPayload(settings: TtsSettings, text?: string): Payload {
  const { model, ssml } = settings;
  const sambert = speakingFamily(model) === "sambert";
  return {
    task_group: "audio",
    task: "tts",
    function: "SpeechSynthesizer",
    model,
    parameters: {
      text_type: sambert && ssml ? "SSML" : "PlainText",
      ...(!sambert && { voice: voiceOf(settings) }),
      ...mannerOf(settings),
      ...(!sambert && {
        seed: settings.seed,
        ...given("instruction", settings.instruction),
        ...(settings.language !== undefined && { language_hints: [languageCode(settings.language)] }),
        ...(ssml && { enable_ssml: true }),
      }),
      ...(settings.subtitles && { word_timestamp_enabled: true }),
      ...settings.extra,
    },
    input: text === undefined ? {} : { text },
  };
}

/** What all services call by the same names. */
export const mannerOf = ({ format, sampleRateHz, bitRateKbps, volume, speed, pitch }: TtsSettings): Payload => ({
  format,
  sample_rate: sampleRateHz,
  ...(format === "opus" && given("bit_rate", bitRateKbps)),
  volume,
  rate: speed,
  pitch,
});

/** The `session` of `session.update`, for Qwen. */
export const sessionFields = (settings: TtsSettings): Payload => ({
  voice: voiceOf(settings),
  mode: "server_commit",
  response_format: settings.format,
  sample_rate: settings.sampleRateHz,
  language_type: settings.language ?? "Auto",
  ...(settings.volume !== 50 && { volume: settings.volume }),
  ...(settings.speed !== 1 && { speech_rate: settings.speed }),
  ...(settings.pitch !== 1 && { pitch_rate: settings.pitch }),
  ...((settings.format === "opus" || settings.format === "mp3") && given("bit_rate", settings.bitRateKbps)),
  ...given("instructions", settings.instruction),
  ...settings.extra,
});
