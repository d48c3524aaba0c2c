import type { TextFacts, TextFrame } from "#engine/plugin";
import type { TextResult } from "../wire.ts";

/** Where a result stands in the run. */
export interface Place {
  readonly sampleRateHz: number;
  /** Turns ms on the clock of our `ts` into a position of the run. */
  position(ts: number): number;
  /** No transcript begins before it: the end of the final before. */
  readonly fromSample: number;
  /** Of a translation: the transcript that it was made from, as it was sent on. Its times are the translation's, too. */
  readonly transcript?: TextFrame | undefined;
}

/** One name for a sentence in all streams of a node. */
export const sentenceKey = (streamId: bigint, taskId: number | string): string => `${streamId}/${taskId}`;

/** A result in the engine's terms. What the vendor says of times is kept in order: nothing ends before it begins. */
export function textFacts(result: TextResult, key: string, place: Place): TextFacts {
  const { role, text, final, lang } = result;
  const { transcript, sampleRateHz } = place;
  const startSample = transcript?.startSample ?? Math.max(place.fromSample, place.position(result.startTs));
  const endSample = transcript?.endSample ?? Math.max(startSample, place.position(result.endTs));
  return {
    key,
    role,
    text,
    final,
    startSample,
    endSample,
    sampleRateHz,
    ...(lang !== undefined && { language: lang }),
    ...(transcript && { madeFrom: madeFrom(transcript) }),
    vendor: vendorFacts(result),
  };
}

const madeFrom = ({ text, language }: TextFrame) => ({ text, ...(language !== undefined && { language }) });

/** The vendor's own ids and times, by its own names. */
function vendorFacts({ streamId, taskId, startTs, endTs, recTs, lang }: TextResult): NonNullable<TextFrame["vendor"]> {
  return {
    streamId,
    startTs,
    endTs,
    ...(recTs !== undefined && { recTs }),
    ...(taskId !== undefined && { taskId }),
    ...(lang !== undefined && { lang }),
  };
}
