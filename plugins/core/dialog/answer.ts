import type { TextFrame } from "#engine/plugin";

/** An answer belongs to the utterance that it answers: who speaks over it silences it by that. */
export const answerTo = (
  { text, language, utterance, revision, startSample, endSample, sampleRateHz, channel }: TextFrame,
  answer: { readonly text: string; readonly language?: string | undefined; readonly protected?: boolean | undefined },
): TextFrame => ({
  kind: "text",
  role: "prompt",
  text: answer.text,
  utterance,
  revision,
  final: true,
  stableChars: answer.text.length,
  startSample,
  endSample,
  sampleRateHz,
  ...(answer.language !== undefined && { language: answer.language }),
  ...(channel !== undefined && { channel }),
  madeFrom: { text, ...(language !== undefined && { language }) },
  ...(answer.protected && { protected: true }),
});
