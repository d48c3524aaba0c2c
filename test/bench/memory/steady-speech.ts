import { type Aggressiveness, WebRtcVad } from "#native/webrtc-vad";
import { framesOf, RATE_HZ, SAMPLES, STRIDE, speechPcm } from "../harness/speech.ts";

/** Of so many streams it is asked, each begun elsewhere in the speech. */
const STREAMS = 8;

/**
 * Frames of speech that a detector hears alike for hours, going round. It goes on learning: of speech that comes again and again it takes more and
 * more for noise, the stricter the longer, and a load that changes so looks like memory that grows.
 * @param fromS, untilS of a stream, in seconds: within them every round is judged as the one before.
 * @throws Error where it is not.
 */
export function steadySpeech(aggressiveness: Aggressiveness, fromS: number, untilS: number): Int16Array[] {
  const frames = framesOf(speechPcm());
  for (let stream = 0; stream < STREAMS; stream++)
    requireSteady(frames, aggressiveness, stream * STRIDE, fromS, untilS);
  return frames;
}

function requireSteady(
  frames: readonly Int16Array[],
  aggressiveness: Aggressiveness,
  first: number,
  fromS: number,
  untilS: number,
): void {
  const detector = WebRtcVad.open(RATE_HZ, aggressiveness);
  const secondsAt = (count: number) => (count * SAMPLES) / RATE_HZ;
  try {
    let before = "";
    for (let count = 0; secondsAt(count) < untilS; count += frames.length) {
      const heard = frames
        .map((_, i) => (detector.isSpeech(frames[(first + i) % frames.length]!) ? "1" : "0"))
        .join("");
      if (secondsAt(count) > fromS && heard !== before)
        throw new Error(`the speech is not steady: judged otherwise at ${secondsAt(count)} s`);
      before = heard;
    }
  } finally {
    detector.close();
  }
}
