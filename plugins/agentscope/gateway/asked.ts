import { EngineError, type SpokenOutFormat } from "#engine/plugin";
import type { SessionStart } from "../wire.ts";

/** What a session asks for, checked. */
export interface Asked {
  readonly sessionId: string | undefined;
  readonly input: { readonly sampleRateHz: number; readonly channels: number };
  readonly output: { readonly format: SpokenOutFormat; readonly sampleRateHz: number };
  readonly text: boolean;
  readonly audio: boolean;
  /** Under the names of the settings of our own nodes, for a workflow that declares such params. */
  readonly params: Readonly<Record<string, unknown>>;
}

const INPUT_RATES = [8000, 16_000, 22_050, 24_000, 32_000, 44_100, 48_000];
const FORMATS: readonly SpokenOutFormat[] = ["pcm", "wav", "mp3", "opus"];
const DEFAULT_HZ = 16_000;

/** @throws EngineError AUDIO_FORMAT_UNSUPPORTED, CONFIG_INVALID for what cannot be served here. */
export function askedFor({ session_id, upstream, downstream, parameters }: SessionStart): Asked {
  const asr = upstream.asr_options ?? {};
  const tts = downstream.tts_options ?? {};
  if (!upstream.modalities.includes("audio"))
    throw new EngineError("CONFIG_INVALID", "upstream.modalities without audio: a session is spoken");
  const format = FORMATS.find((known) => known === (tts.format ?? "pcm"));
  if ((asr.format ?? "pcm") !== "pcm" || (asr.bits_per_sample ?? 16) !== 16)
    throw unsupported("upstream.asr_options: pcm of 16 bits is taken");
  if (!format || (tts.bits_per_sample ?? 16) !== 16 || (tts.nb_channels ?? 1) !== 1)
    throw unsupported(`downstream.tts_options: ${FORMATS.join(", ")} of one channel are given`);
  const channels = asr.nb_channels ?? 1;
  if (channels !== 1 && channels !== 2)
    throw unsupported("upstream.asr_options.nb_channels: one or two channels are taken");
  const given = {
    language: asr.language,
    asrModel: asr.model,
    asrVendor: upstream.asr_vendor,
    ttsModel: tts.model,
    ttsVendor: downstream.tts_vendor,
    voice: tts.voice,
    dialogMode: upstream.dialog_mode,
    serverVad: upstream.enable_server_vad,
    toolCalls: parameters.enable_tool_call,
    knowledge: parameters.modelstudio_kb?.index_ids,
  };
  return {
    sessionId: session_id ?? undefined,
    input: { sampleRateHz: rate(asr.sample_rate, "upstream.asr_options"), channels },
    output: { format, sampleRateHz: rate(tts.sample_rate, "downstream.tts_options") },
    text: downstream.modalities.includes("text"),
    audio: downstream.modalities.includes("audio"),
    params: Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined && value !== null)),
  };
}

function rate(asked: number | null | undefined, where: string): number {
  const sampleRateHz = asked ?? DEFAULT_HZ;
  if (INPUT_RATES.includes(sampleRateHz)) return sampleRateHz;
  throw unsupported(`${where}.sample_rate ${sampleRateHz}: ${INPUT_RATES.join(", ")} are taken`);
}

const unsupported = (message: string): EngineError => new EngineError("AUDIO_FORMAT_UNSUPPORTED", message);
