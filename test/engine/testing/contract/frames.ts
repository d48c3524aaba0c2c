import type { AudioFrame, SpeechMark, TextFrame } from "#engine/plugin";
import { audio as audioAt, text as textAt } from "#test/doubles";

export const RATE = 16000;
export const SAMPLES = 320;

/** The frame of that number. */
export const audio = (n: number, value = n): AudioFrame => audioAt(n * SAMPLES, SAMPLES, value);
export const mark = (which: "start" | "end", utterance: string, n: number): SpeechMark => ({
  kind: "speech",
  mark: which,
  utterance,
  atSample: n * SAMPLES,
  sampleRateHz: RATE,
});
export const text = (utterance: string, words: string, more: Partial<TextFrame> = {}): TextFrame =>
  textAt(words, 0, { utterance, ...more });

/** Two utterances in texts, the first of which was revised. */
export const said = () => [
  text("a", "uno", { revision: 1, final: false, stableChars: 0 }),
  text("a", "uno dos", { revision: 2 }),
  text("b", "tres", { startSample: 1000, endSample: 2000 }),
];
