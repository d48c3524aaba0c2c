import type { NodeContext } from "#engine/plugin";
import { nowS, VALID_S } from "../access.ts";
import type { Parameters } from "../signatures.ts";
import type { TtsSettings } from "./config.ts";

const ACTIONS = { http: "TextToStreamAudio", socket: "TextToStreamAudioWS", flowing: "TextToStreamAudioWSv2" } as const;

/** What a session of synthesis is asked for. @param text left out of flowing synthesis, which is given it later. */
export function speechParameters(settings: TtsSettings, ctx: NodeContext, session: string, text?: string): Parameters {
  const timestamp = nowS(ctx);
  const { mode, primaryLanguage, emotion } = settings;
  return {
    AppId: Number(settings.appId),
    ModelType: 1,
    VoiceType: settings.voice,
    Codec: "pcm",
    SampleRate: settings.sampleRateHz,
    Speed: settings.speed,
    Volume: settings.volume,
    ...(primaryLanguage !== undefined && { PrimaryLanguage: primaryLanguage }),
    ...(emotion && { EmotionCategory: emotion.category, EmotionIntensity: emotion.intensity }),
    ...(mode === "socket" && { EnableSubtitle: settings.subtitles ? "True" : "False" }), // as the vendor's own client writes it
    ...(mode === "flowing" && { EnableSubtitle: settings.subtitles ? 1 : 0 }),
    ...settings.extra,
    Action: ACTIONS[mode],
    SecretId: settings.secretId,
    SessionId: session,
    Timestamp: timestamp,
    Expired: timestamp + VALID_S,
    ...(text !== undefined && { Text: text }),
  };
}
