import { hearingFamily, languageCode } from "../models.ts";
import { given, type Payload } from "../wire.ts";
import { type HearingSettings, spokenLanguages } from "./config.ts";

/** The `payload` of `run-task`. @param vocabularyId of hot words, where there are any. `extra` has the last word. */
export const runPayload = (settings: HearingSettings, vocabularyId: string | undefined): Payload => ({
  task_group: "audio",
  task: "asr",
  function: "recognition",
  model: settings.model,
  parameters: {
    format: settings.format,
    sample_rate: settings.sampleRateHz,
    ...(hearingFamily(settings.model) === "gummy" ? gummyParameters(settings) : sentenceParameters(settings)),
    ...given("vocabulary_id", vocabularyId),
    ...settings.extra,
  },
  input: {},
});

/** Of Paraformer and Fun-ASR. */
function sentenceParameters(settings: HearingSettings): Payload {
  const languages = spokenLanguages(settings);
  return {
    disfluency_removal_enabled: settings.removeFillers ?? false,
    ...(languages.length > 0 && { language_hints: languages }),
    semantic_punctuation_enabled: settings.semanticSentences ?? false,
    ...(settings.semanticSentences !== true && { max_sentence_silence: settings.endSilenceMs }),
    ...(settings.multiThreshold === true && { multi_threshold_mode_enabled: true }),
    punctuation_prediction_enabled: settings.punctuation ?? true,
    inverse_text_normalization_enabled: settings.inverseTextNormalization ?? true,
    heartbeat: settings.heartbeat,
  };
}

function gummyParameters({ language, target, transcripts, endSilenceMs }: HearingSettings): Payload {
  return {
    ...(language !== undefined && { source_language: languageCode(language) }),
    transcription_enabled: transcripts ?? true,
    translation_enabled: target !== undefined,
    ...(target !== undefined && { translation_target_languages: [languageCode(target)] }),
    max_end_silence: endSilenceMs,
  };
}

/** The `session` of `session.update`, for Qwen. Without turn detection the client says where an utterance ends. */
export const sessionFields = (settings: HearingSettings): Payload => ({
  modalities: ["text"],
  input_audio_format: settings.format,
  sample_rate: settings.sampleRateHz,
  input_audio_transcription: {
    ...(settings.language !== undefined && { language: languageCode(settings.language) }),
    ...(settings.context !== undefined && { corpus: { text: settings.context } }),
  },
  turn_detection:
    settings.mode === "utterance"
      ? null
      : { type: "server_vad", threshold: settings.noiseThreshold ?? 0.2, silence_duration_ms: settings.endSilenceMs },
  ...settings.extra,
});
