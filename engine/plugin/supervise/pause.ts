import { levelDbfs } from "#engine/audio";
import { type Frame, samplesToUs } from "#engine/frames";

/** How far back a pause is looked for, in ms of media time. */
const LOOK_BACK_MS = 2000;
/** Shorter silences lie within words: that of a stop, such as the p of "open", lasts up to 100 ms. */
const PAUSE_MS = 100;
/** A frame is silent that is so much softer than the loudest around it. */
const SILENT_DB = 20;

/** The end of what is final, among what was kept. */
export interface Cut {
  /** How many of what was kept are done with. */
  readonly done: number;
  /** Speech before the end of what is final is heard again. */
  readonly overlaps: boolean;
}

/**
 * How much of what was kept is done with when all is final up to a time. Where that time lies in the midst of speech, or the service has it
 * wrong by less than a word, it is what lies before the last pause: who begins there hears whole words.
 * @param kept undefined for what is no frame; what is no audio of one sort ends the search.
 */
export function cutAtPause(kept: (index: number) => Frame | undefined, length: number, untilUs: number): Cut {
  let end = 0;
  while (end < length && endUs(kept(end)) <= untilUs) end++;
  const seam = kept(end);
  const before = kept(end - 1);
  if (seam?.kind !== "audio" || (before && before.kind !== "audio")) return { done: end, overlaps: false };
  const fromUs = untilUs - LOOK_BACK_MS * 1000;
  let first = end;
  let loudest = levelDbfs(seam.pcm);
  for (let frame = kept(first - 1); frame?.kind === "audio" && startUs(frame) >= fromUs; frame = kept(first - 1)) {
    loudest = Math.max(loudest, levelDbfs(frame.pcm));
    first--;
  }
  const isSilent = (frame: Frame | undefined) =>
    frame?.kind !== "audio" || levelDbfs(frame.pcm) < loudest - SILENT_DB || loudest === Number.NEGATIVE_INFINITY;
  const straddles = startUs(seam) < untilUs;
  if (isSilent(seam) || (!straddles && isSilent(before))) return { done: end, overlaps: false };
  let silentUs = 0;
  for (let at = end; at > first; at--) {
    const frame = kept(at - 1);
    if (!isSilent(frame)) silentUs = 0;
    else silentUs += endUs(frame) - startUs(frame);
    if (silentUs >= PAUSE_MS * 1000) return { done: at - 1, overlaps: straddles || at - 1 < end };
  }
  return { done: first, overlaps: straddles || first < end };
}

function startUs(frame: Frame | undefined): number {
  if (frame?.kind === "audio" || frame?.kind === "encoded") return samplesToUs(frame.startSample, frame.sampleRateHz);
  return frame?.kind === "speech" ? samplesToUs(frame.atSample, frame.sampleRateHz) : 0;
}

/** 0 for what takes no place of its own: it ends where it stands, behind what came before it. */
export function endUs(frame: Frame | undefined): number {
  if (frame?.kind === "audio")
    return samplesToUs(frame.startSample + frame.pcm.length / frame.channels, frame.sampleRateHz);
  if (frame?.kind === "encoded") return samplesToUs(frame.startSample + frame.sampleCount, frame.sampleRateHz);
  return startUs(frame);
}
