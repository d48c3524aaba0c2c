import { z } from "#engine/plugin";

const words = z.union([z.string(), z.boolean()]).transform((value) => value === true || value === "true");

const segmentation = z.looseObject({ segmentationSilenceTimeoutMs: z.number().optional() });

/** Of `speech.context`, what the gateway looks at; all else is taken and let be. */
const contextSchema = z.looseObject({
  phraseDetection: z
    .looseObject({
      mode: z.string().optional(),
      language: z.string().optional(),
      initialSilenceTimeout: z.number().optional(),
      speakerDiarization: z.looseObject({}).optional(),
      conversation: z.looseObject({ segmentation: segmentation.optional() }).optional(),
    })
    .optional(),
  phraseOutput: z.looseObject({ format: z.string().optional() }).optional(),
  languageId: z.looseObject({ languages: z.array(z.string()).default([]) }).optional(),
  translation: z.looseObject({ targetLanguages: z.array(z.string()).default([]) }).optional(),
  dgi: z.looseObject({ groups: z.array(z.looseObject({})).default([]) }).optional(),
});

/** What a client asks a turn of recognition for, wherever it says so. */
export interface Asked {
  readonly once: boolean;
  readonly dictation: boolean;
  readonly detailed: boolean;
  readonly words: boolean;
  readonly language: string;
  readonly languages: readonly string[];
  readonly targets: readonly string[];
  readonly diarization: boolean;
  readonly initialSilenceMs: number | undefined;
}

/** The address counts as well as the context: older clients say all in the address. */
export function askedFor(path: string, query: URLSearchParams, context: unknown): Asked {
  const { phraseDetection, phraseOutput, languageId, translation } = contextSchema.catch({}).parse(context ?? {});
  const mode = phraseDetection?.mode?.toLowerCase() ?? "";
  const scenario = query.get("scenario")?.toLowerCase();
  const initial = phraseDetection?.initialSilenceTimeout ?? Number(query.get("initialSilenceTimeoutMs") ?? Number.NaN);
  const targets = translation?.targetLanguages ?? query.get("to")?.split(",").filter(Boolean) ?? [];
  return {
    once: mode === "interactive" || scenario === "interactive" || path.includes("/interactive/"),
    dictation: mode === "dictation" || path.includes("/dictation/"),
    detailed: phraseOutput?.format === "Detailed" || query.get("format") === "detailed",
    words: query.get("wordLevelTimestamps") === "true" || phraseOutput?.format === "Detailed",
    language: phraseDetection?.language ?? query.get("language") ?? query.get("from") ?? "en-US",
    languages: languageId?.languages ?? [],
    targets: targets.length > 0 ? targets : (query.get("to")?.split(",").filter(Boolean) ?? []),
    diarization: phraseDetection?.speakerDiarization !== undefined,
    initialSilenceMs: Number.isFinite(initial) ? initial : undefined,
  };
}

/** Under the names of the settings of our own nodes, for a workflow that declares such params. */
export const listenParams = ({ language, targets, diarization, words: wanted }: Asked): Record<string, unknown> => ({
  language,
  source: language,
  ...(targets.length > 0 && { targets, target: targets[0] }),
  diarization,
  words: wanted,
});

const flags = z.looseObject({
  wordBoundaryEnabled: words.optional(),
  sentenceBoundaryEnabled: words.optional(),
  sessionEndEnabled: words.optional(),
});

const synthesisSchema = z.looseObject({
  synthesis: z.looseObject({
    audio: z.looseObject({ outputFormat: z.string().optional(), metadataOptions: flags.optional() }).optional(),
    input: z.looseObject({ voiceName: z.string().optional(), language: z.string().optional() }).optional(),
  }),
});

export interface SpeakAsked {
  readonly format: string;
  readonly wordBoundaries: boolean;
  readonly sentenceBoundaries: boolean;
  /** Text comes in pieces. */
  readonly streaming: boolean;
  readonly voice: string | undefined;
}

/** @returns undefined for a body that is no context of synthesis. */
export function speakAsked(body: unknown): SpeakAsked | undefined {
  const read = synthesisSchema.safeParse(body);
  if (!read.success) return undefined;
  const { audio, input } = read.data.synthesis;
  return {
    format: audio?.outputFormat ?? "raw-16khz-16bit-mono-pcm",
    wordBoundaries: audio?.metadataOptions?.wordBoundaryEnabled ?? false,
    sentenceBoundaries: audio?.metadataOptions?.sentenceBoundaryEnabled ?? false,
    streaming: input !== undefined,
    voice: input?.voiceName,
  };
}
