import { samplesToUs, type TextFrame, type Word } from "#engine/plugin";

/** A text frame as people and programs outside the run read it: times in milliseconds, nothing that JSON cannot hold. */
export interface TextFacts {
  /** The utterance. */
  readonly id: string;
  readonly role: TextFrame["role"];
  readonly language?: string;
  readonly final: boolean;
  readonly revision: number;
  /** From the start of the stream, exact to the microsecond; as are all times here. */
  readonly startMs: number;
  readonly endMs: number;
  readonly text: string;
  readonly speaker?: string;
  readonly channel?: number;
  readonly confidence?: number;
  readonly words?: readonly WordFacts[];
  readonly madeFrom?: TextFrame["madeFrom"];
  /** The vendor's own ids and times; what does not fit a JSON number stands as a string. */
  readonly vendor?: Readonly<Record<string, string | number>>;
}

export interface WordFacts {
  readonly text: string;
  readonly startMs: number;
  readonly endMs: number;
  readonly confidence?: number;
}

/** The facts of a frame, in the order in which they are written. */
export function textFacts(frame: TextFrame): TextFacts {
  const { sampleRateHz, language, speaker, channel, confidence, words, madeFrom, vendor } = frame;
  return {
    id: frame.utterance,
    role: frame.role,
    ...(language === undefined ? {} : { language }),
    final: frame.final,
    revision: frame.revision,
    startMs: timeMs(frame.startSample, sampleRateHz),
    endMs: timeMs(frame.endSample, sampleRateHz),
    text: frame.text,
    ...(speaker === undefined ? {} : { speaker }),
    ...(channel === undefined ? {} : { channel }),
    ...(confidence === undefined ? {} : { confidence }),
    ...(words === undefined ? {} : { words: words.map((word) => wordFacts(word, sampleRateHz)) }),
    ...(madeFrom === undefined ? {} : { madeFrom }),
    ...(vendor === undefined ? {} : { vendor: vendorFacts(vendor) }),
  };
}

/** A position in milliseconds, exact to the microsecond. */
export const timeMs = (samples: number, sampleRateHz: number): number => samplesToUs(samples, sampleRateHz) / 1000;

const wordFacts = ({ text, startSample, endSample, confidence }: Word, sampleRateHz: number): WordFacts => ({
  text,
  startMs: timeMs(startSample, sampleRateHz),
  endMs: timeMs(endSample, sampleRateHz),
  ...(confidence === undefined ? {} : { confidence }),
});

const vendorFacts = (vendor: NonNullable<TextFrame["vendor"]>): Record<string, string | number> =>
  Object.fromEntries(
    Object.entries(vendor).map(([key, value]) => [key, typeof value === "bigint" ? String(value) : value]),
  );
