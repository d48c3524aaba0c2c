import { type Frame, promptFrame, type TextFrame } from "#engine/plugin";

export const textsOf = (frames: readonly Frame[]): TextFrame[] =>
  frames.filter((frame): frame is TextFrame => frame.kind === "text");

/** A final text to be spoken. */
export const prompt = (utterance: string, text: string, more: Partial<TextFrame> = {}): TextFrame => ({
  ...promptFrame(text, utterance),
  ...more,
});
