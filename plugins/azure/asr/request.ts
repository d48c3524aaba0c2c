import { socketHost } from "../access.ts";
import { type ListenSettings, modeOf, PHRASE_MODES, targetsOf } from "./config.ts";

const UNIVERSAL = "/stt/speech/universal/v2";
const CONVERSATION = "/speech/recognition/conversation/cognitiveservices/v1";
const DICTATION = "/speech/recognition/dictation/cognitiveservices/v1";

/** The address of a turn. What the service looks for there stands in the query, and all of it again in the context. */
export function listenUrl(settings: ListenSettings): string {
  const query = new URLSearchParams();
  const targets = targetsOf(settings);
  if (targets.length > 0) {
    query.set("from", settings.language);
    query.set("to", targets.join(","));
    query.set("scenario", modeOf(settings) === "once" ? "interactive" : "conversation");
  } else if (settings.endpointId !== undefined) query.set("cid", settings.endpointId);
  else query.set("language", settings.language);
  if (targets.length === 0 && !settings.diarization) query.set("format", settings.words ? "detailed" : "simple");
  if (settings.words) query.set("wordLevelTimestamps", "true");
  if (settings.languages) query.set("lidEnabled", "true");
  if (settings.initialSilenceMs !== undefined) query.set("initialSilenceTimeoutMs", `${settings.initialSilenceMs}`);
  if (settings.endSilenceMs !== undefined) query.set("segmentationSilenceTimeoutMs", `${settings.endSilenceMs}`);
  if (settings.profanity !== "masked") query.set("profanity", settings.profanity);
  if (settings.stableThreshold !== undefined) query.set("stableIntermediateThreshold", `${settings.stableThreshold}`);
  return `${socketHost(settings, "stt")}${pathOf(settings)}?${query}`;
}

function pathOf(settings: ListenSettings): string {
  if (settings.diarization) return CONVERSATION;
  return modeOf(settings) === "dictation" ? DICTATION : UNIVERSAL;
}

/** The body of `speech.config`: once for a connection. */
export const speechConfig = (settings: ListenSettings): object => ({
  context: {
    system: { name: "parlando", version: "1", build: "Bun", lang: "TypeScript" },
    audio: { source: { bitspersample: 16, channelcount: 1, samplerate: settings.sampleRateHz, type: "Stream" } },
  },
  recognition: PHRASE_MODES[modeOf(settings)].toLowerCase(),
});

/** The body of `speech.context`: what a turn is to do. @param sessionId of the diarization. */
export function speechContext(settings: ListenSettings, sessionId: string): object {
  const targets = targetsOf(settings);
  return {
    phraseDetection: phraseDetection(settings, sessionId),
    phraseOutput: settings.words ? { format: "Detailed", detailed: { options: ["WordTimings"] } } : {},
    ...(settings.languages && { languageId: languageId(settings) }),
    ...(targets.length > 0 && { translation: translation(targets, settings.category) }),
    ...(settings.phrases.length > 0 && {
      dgi: { groups: [{ type: "Generic", items: settings.phrases.map((text) => ({ text })) }], bias: 1 },
    }),
  };
}

function phraseDetection(settings: ListenSettings, sessionId: string): object {
  const mode = PHRASE_MODES[modeOf(settings)];
  const name = mode.toLowerCase();
  const { initialSilenceMs, endSilenceMs, profanity, removeFillers } = settings;
  const translates = targetsOf(settings).length > 0;
  return {
    mode,
    ...(!settings.languages && { language: settings.language }),
    ...(initialSilenceMs !== undefined && { initialSilenceTimeout: initialSilenceMs }),
    ...(endSilenceMs !== undefined && { trailingSilenceTimeout: endSilenceMs }),
    [name]: { segmentation: segmentation(settings) },
    ...(translates && { onSuccess: { action: "Translate" }, onInterim: { action: "Translate" } }),
    enrichment: {
      profanity,
      ...(removeFillers && {
        [name]: {
          punctuationMode: "Implicit",
          disfluencyMode: "Removed",
          intermediatePunctuationMode: "Implicit",
          intermediatedisfluencymode: "Removed",
        },
      }),
    },
    ...(settings.diarization && {
      speakerDiarization: {
        mode: "Anonymous",
        audioSessionId: sessionId,
        audioOffsetMs: 0,
        diarizeIntermediates: true,
      },
    }),
  };
}

function segmentation({ segmentation: kind, endSilenceMs, forcedSegmentMs }: ListenSettings): object {
  const times = {
    ...(endSilenceMs !== undefined && { segmentationSilenceTimeoutMs: endSilenceMs }),
    ...(forcedSegmentMs !== undefined && { segmentationForcedTimeoutMs: forcedSegmentMs }),
  };
  if (kind === "semantic") return { mode: "Semantic", ...times };
  return { mode: kind === "time" || Object.keys(times).length > 0 ? "Custom" : "Normal", ...times };
}

const languageId = ({ languages, languageMode }: ListenSettings): object => ({
  languages,
  mode: languageMode === "continuous" ? "DetectContinuous" : "DetectAtAudioStart",
  onSuccess: { action: "Recognize" },
  onUnknown: { action: "None" },
  priority: "PrioritizeLatency",
});

const translation = (targets: readonly string[], category: string | undefined): object => ({
  targetLanguages: targets,
  onSuccess: { action: "None" },
  onPassthrough: { action: "None" },
  output: { includePassThroughResults: true, interimResults: { mode: "Always" } },
  ...(category !== undefined && { category }),
});
