import type { Frame, TextFrame } from "#engine/plugin";

export const textsOf = (frames: readonly Frame[]): TextFrame[] =>
  frames.filter((frame): frame is TextFrame => frame.kind === "text");

/** A final text to be spoken. */
export const prompt = (utterance: string, text: string, more: Partial<TextFrame> = {}): TextFrame => ({
  kind: "text",
  role: "prompt",
  text,
  utterance,
  revision: 1,
  final: true,
  stableChars: text.length,
  startSample: 0,
  endSample: 0,
  sampleRateHz: 16_000,
  ...more,
});
