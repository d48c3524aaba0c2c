import type { HeardWord } from "#engine/plugin";
import type { SherpaHeard } from "#native/sherpa";

/**
 * Words from tokens: one that begins with a blank begins a word. Each ends where the next begins, the last with the utterance, for a model
 * tells only where tokens begin.
 * @returns undefined where the model tells no times, or its tokens are not divided into words (Chinese).
 */
export function wordsOf(heard: SherpaHeard, rateHz: number, heardSamples: number): HeardWord[] | undefined {
  const { tokens, timestamps } = heard;
  if (tokens.length === 0 || tokens.length !== timestamps.length || !tokens.some((token) => BLANK.test(token)))
    return undefined;
  const begun: { text: string; startSample: number }[] = [];
  for (const [i, token] of tokens.entries()) {
    const last = begun.at(-1);
    if (last && !BLANK.test(token)) last.text += token;
    else begun.push({ text: token.replace(BLANK, ""), startSample: Math.round(timestamps[i]! * rateHz) });
  }
  const words = begun.filter(({ text }) => text !== "");
  return words.map(({ text, startSample }, i) => {
    const start = Math.min(startSample, heardSamples);
    return {
      text,
      startSample: start,
      endSample: Math.max(start, Math.min(words[i + 1]?.startSample ?? heardSamples, heardSamples)),
    };
  });
}

const BLANK = /^[ ▁]/u;
