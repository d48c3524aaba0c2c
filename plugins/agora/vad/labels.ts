import { levelDbfs } from "#engine/plugin";
import type { Generation, Labels } from "./vad-v2.ts";

/** Full scale in the vendor's count of decibels. */
const RMS_RANGE_DB = 127;

/**
 * The labels that the vendor's library gives a 10 ms frame, made here for audio from elsewhere: its level, and a detector's verdict as
 * the voice's probability. Everybody counts as near; pitch and music are not looked at.
 */
export function labelsOf(pcm: Int16Array, voiced: boolean, generation: Generation): Labels {
  const db = Math.round(Math.max(-RMS_RANGE_DB, Math.min(0, levelDbfs(pcm))));
  return generation === "A"
    ? { farField: 1, rms: db, voiceProb: voiced ? 100 : 0, musicProb: 0, pitch: 0 }
    : { farField: 1, rms: RMS_RANGE_DB + db, voiceProb: voiced ? 1 : 0, musicProb: 0, pitch: 0 };
}
