import type { Word } from "#engine/plugin";

/** The words of a text with even shares of a stretch of the stream. Positions in samples. */
export function evenWords(text: string, startSample: number, endSample: number): Word[] {
  const words = text.split(/\s+/u).filter((word) => word !== "");
  const at = (index: number) => startSample + Math.round((index * (endSample - startSample)) / words.length);
  return words.map((word, i) => ({ text: word, startSample: at(i), endSample: at(i + 1) }));
}
