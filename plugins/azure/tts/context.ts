import { mannerOf, type TtsSettings } from "./config.ts";
import { requested } from "./formats.ts";

/** The body of `synthesis.context`: what of a text is wanted beside its sound. Some switches are texts, as the vendor's own clients send them. */
export const synthesisContext = (settings: TtsSettings): object => ({
  synthesis: {
    audio: {
      metadataOptions: {
        bookmarkEnabled: settings.bookmarks,
        punctuationBoundaryEnabled: String(settings.words),
        sentenceBoundaryEnabled: "false",
        sessionEndEnabled: true,
        visemeEnabled: settings.visemes,
        wordBoundaryEnabled: String(settings.words),
      },
      outputFormat: requested(settings.format),
    },
    language: { autoDetection: false },
    ...(settings.mode === "streaming" && { input: streamed(settings) }),
  },
});

function streamed(settings: TtsSettings): object {
  const { language, voice, style, rate, pitch, volume } = mannerOf(settings);
  return {
    bidirectionalStreamingMode: true,
    voiceName: voice,
    language,
    ...(style !== undefined && { style }),
    ...(rate !== undefined && { rate }),
    ...(pitch !== undefined && { pitch }),
    ...(volume !== undefined && { volume }),
  };
}

/** The body of `speech.config` of a client that speaks. */
export const speakConfig = {
  context: { system: { name: "parlando", version: "1", build: "Bun", lang: "TypeScript" } },
};
