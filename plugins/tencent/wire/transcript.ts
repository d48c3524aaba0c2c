import type { TextFrame, Word } from "#engine/plugin";
import type { Heard } from "../wire.ts";

/** Where and as what a sentence stands in the run. */
export interface Place {
  readonly utterance: string;
  readonly revision: number;
  readonly language?: string;
  readonly channel?: number;
  readonly sampleRateHz: number;
  /** Turns ms of the session or recording into positions of the run. */
  position(ms: number): number;
  /** Nothing begins before it: the end of the final before. */
  readonly fromSample: number;
  /** The vendor's own ids. */
  readonly vendor: Readonly<Record<string, string | number>>;
}

/** The frame that a sentence becomes. What the vendor says of times is kept in order: nothing ends before it begins, no word lies outside. */
export function textFrame(heard: Heard, place: Place): TextFrame {
  const startSample = Math.max(place.fromSample, place.position(heard.beginMs));
  const endSample = Math.max(startSample, place.position(heard.endMs));
  const { words = [], speaker, text, final } = heard;
  return {
    kind: "text",
    role: "transcript",
    text,
    utterance: place.utterance,
    revision: place.revision,
    final,
    stableChars: final ? text.length : 0,
    startSample,
    endSample,
    sampleRateHz: place.sampleRateHz,
    ...(place.language !== undefined && { language: place.language }),
    ...(words.length > 0 && { words: placedWords(words, place, startSample, endSample) }),
    ...(speaker !== undefined && { speaker }),
    ...(place.channel !== undefined && { channel: place.channel }),
    vendor: place.vendor,
  };
}

function placedWords(words: NonNullable<Heard["words"]>, place: Place, from: number, to: number): Word[] {
  let end = from;
  return words.map(({ text, beginMs, endMs }) => {
    const startSample = Math.min(to, Math.max(end, place.position(beginMs)));
    end = Math.min(to, Math.max(startSample, place.position(endMs)));
    return { text, startSample, endSample: end };
  });
}
