import type { AsrSettings } from "./config.ts";

type Payload = Record<string, unknown>;

/** The `payload` of a start directive. What a workflow leaves out is left to the service; `extra` has the last word. */
export function startPayload(settings: AsrSettings): Payload {
  return {
    format: settings.format,
    sample_rate: settings.sampleRateHz,
    ...livePayload(settings),
    ...(settings.words && { enable_words: true }),
    ...given("customization_id", settings.customizationId),
    ...(settings.mode === "sentence" && silences(settings)),
    ...settings.extra,
  };
}

/** Of the start directive, what may also be changed in the middle of a transcription. */
function livePayload(settings: AsrSettings): Payload {
  return {
    enable_intermediate_result: settings.intermediateResults,
    enable_punctuation_prediction: settings.punctuation,
    enable_inverse_text_normalization: settings.inverseTextNormalization,
    ...given("vocabulary_id", settings.vocabularyId),
    ...given("disfluency", settings.removeFillers),
    ...given("speech_noise_threshold", settings.noiseThreshold),
    ...(settings.mode === "continuous" && {
      ...given("max_sentence_silence", settings.maxSentenceSilenceMs),
      ...given("enable_semantic_sentence_detection", settings.semanticSentences),
    }),
  };
}

function silences({ maxStartSilenceMs, maxEndSilenceMs }: AsrSettings): Payload {
  if (maxStartSilenceMs === undefined && maxEndSilenceMs === undefined) return {};
  return {
    enable_voice_detection: true,
    ...given("max_start_silence", maxStartSilenceMs),
    ...given("max_end_silence", maxEndSilenceMs),
  };
}

/** The `payload` of a control directive: what is to be another from now on; undefined where nothing is. */
export function controlPayload(before: AsrSettings, after: AsrSettings): Payload | undefined {
  const old: Payload = { ...livePayload(before), ...before.extra };
  const changed = Object.entries({ ...livePayload(after), ...after.extra }).filter(
    ([name, value]) => JSON.stringify(value) !== JSON.stringify(old[name]),
  );
  return changed.length === 0 ? undefined : Object.fromEntries(changed);
}

const given = (name: string, value: unknown): Payload => (value === undefined ? {} : { [name]: value });
