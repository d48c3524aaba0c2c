import { samplesToUs, type TextFrame, type Word } from "#engine/frames";
import { leadingOverlap, type SpokenWord, wordsOf } from "./overlap.ts";

interface Said {
  readonly word: string;
  /** Where the final ended that it stood in, in µs. */
  readonly endUs: number;
}

/** What one sort of text has said, such as the transcripts of channel 1. */
interface Track {
  readonly said: Said[];
  /** Words that an instance after a failure may say again; undefined once it is past them. */
  again: readonly string[] | undefined;
  /** The utterance of which words of this instance have gone out. */
  shown: string | undefined;
}

/** Words that are remembered: more than two seconds, the longest stretch that is heard twice, can hold. */
const REMEMBERED_WORDS = 24;

/**
 * Joins the texts of one instance to those of the next, which hears the end of what was final already once more: words that it says again
 * are taken away from the beginning of what it says. Texts that begin later than that pass as they are.
 */
export class Seam {
  readonly #tracks = new Map<string, Track>();
  #untilUs = 0;

  /** @param onMerged told how many words of a final were taken away. */
  constructor(readonly onMerged: (words: number) => void) {}

  /** From here on another instance speaks. @param untilUs up to where it hears again what was final; undefined: nothing of it. */
  restart(untilUs: number | undefined): void {
    this.#untilUs = untilUs ?? 0;
    for (const track of this.#tracks.values()) {
      track.shown = undefined;
      track.again =
        untilUs === undefined ? undefined : track.said.filter(({ endUs }) => endUs <= untilUs).map(({ word }) => word);
    }
  }

  /** The frame to send on; undefined for one that says nothing but what was said. */
  pass(frame: TextFrame): TextFrame | undefined {
    const track = this.#track(frame);
    const joined = this.#join(frame, track);
    if (joined?.text) track.shown = frame.utterance;
    if (joined && frame.final) remember(track, joined);
    return joined;
  }

  #join(frame: TextFrame, track: Track): TextFrame | undefined {
    const { again } = track;
    if (!again || samplesToUs(frame.startSample, frame.sampleRateHz) >= this.#untilUs) {
      if (frame.final) track.again = undefined;
      return frame;
    }
    const words = wordsOf(frame.text);
    const untilSample = Math.round((this.#untilUs * frame.sampleRateHz) / 1e6);
    const times = timesOf(frame, untilSample);
    const found = leadingOverlap(again, words, { partial: !frame.final, most: countBefore(words, times.mayEndAt) });
    const cut = Math.max(found.words, countBefore(words, times.endsAt));
    const rest = cut === 0 ? frame : without(frame, words, cut, untilSample);
    if (frame.final) {
      if (cut > 0) this.onMerged(cut);
      track.again = rest.text === "" ? again.slice(found.through) : undefined;
    }
    if (cut === 0 || rest.text !== "") return rest;
    // what this instance has shown of the utterance is taken back
    return track.shown === frame.utterance ? { ...rest, final: false, stableChars: 0 } : undefined;
  }

  #track({ role, language = "", channel }: TextFrame): Track {
    // what is spoken need not be named alike by two services; of translations there may be several
    const target = role === "translation" ? language.split("-")[0]?.toLowerCase() : "";
    const key = `${role} ${target} ${channel ?? ""}`;
    const track = this.#tracks.get(key) ?? { said: [], again: undefined, shown: undefined };
    this.#tracks.set(key, track);
    return track;
  }
}

function remember({ said }: Track, final: TextFrame): void {
  if (!final.final) return;
  const endUs = samplesToUs(final.endSample, final.sampleRateHz);
  for (const { word } of wordsOf(final.text).slice(-REMEMBERED_WORDS)) said.push({ word, endUs });
  said.splice(0, said.length - REMEMBERED_WORDS);
}

/**
 * What the times of words say, as places in the text: those that end by `untilSample` were heard before, and those that begin at or after it
 * were not. Without times nothing is certain.
 */
function timesOf({ text, words = [] }: TextFrame, untilSample: number): { endsAt: number; mayEndAt: number } {
  let at = 0;
  let endsAt = 0;
  let mayEndAt = words.length === 0 ? text.length : 0;
  for (const word of words) {
    const found = text.indexOf(word.text, at);
    if (found >= 0) at = found + word.text.length;
    if (word.endSample <= untilSample) endsAt = at;
    if (word.startSample < untilSample) mayEndAt = at;
  }
  return { endsAt, mayEndAt };
}

/** How many words lie before that place of the text. */
const countBefore = (words: readonly SpokenWord[], at: number): number => words.filter(({ end }) => end <= at).length;

/** The frame without its first `cut` words. */
function without(frame: TextFrame, words: readonly SpokenWord[], cut: number, untilSample: number): TextFrame {
  const at = words[cut]?.start ?? frame.text.length;
  const kept = keptWords(frame, words[cut - 1]?.end ?? 0);
  const from = Math.max(untilSample, kept?.[0]?.startSample ?? frame.startSample); // services differ by some ms
  const startSample = Math.min(from, frame.endSample);
  return {
    ...frame,
    text: frame.text.slice(at),
    stableChars: Math.max(0, frame.stableChars - at),
    startSample,
    ...(kept && { words: kept.map((word) => laterThan(word, startSample)) }),
  };
}

const laterThan = (word: Word, sample: number): Word => ({
  ...word,
  startSample: Math.max(word.startSample, sample),
  endSample: Math.max(word.endSample, sample),
});

/** Words with times that stand behind that place of the text. */
function keptWords({ text, words }: TextFrame, end: number): TextFrame["words"] {
  let at = 0;
  return words?.filter((word) => {
    const found = text.indexOf(word.text, at);
    if (found >= 0) at = found + word.text.length;
    return at > end;
  });
}
