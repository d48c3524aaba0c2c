import type { TextFrame } from "../../frames/index.ts";

/** A text that a client wants to hear: whole, and with no place in any audio. */
export const promptFrame = (
  text: string,
  utterance: string,
  {
    language,
    sampleRateHz = 16_000,
  }: { readonly language?: string | undefined; readonly sampleRateHz?: number | undefined } = {},
): TextFrame => ({
  kind: "text",
  role: "prompt",
  text,
  utterance,
  revision: 1,
  final: true,
  stableChars: text.length,
  startSample: 0,
  endSample: 0,
  sampleRateHz,
  ...(language !== undefined && { language }),
});
