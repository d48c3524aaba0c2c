import { WebRtcVad } from "#native/webrtc-vad";
import { voice } from "#test/detector-signals";
import { framesOf, RATE_HZ, SAMPLES, STRIDE } from "../harness/speech.ts";

const ROUND_S = 40;
const SEED = 2;
/** Long enough for an utterance to end, and for audio that nobody needs. */
const PAUSE_MS = 1200;
/** The aggressiveness that `webrtc.vad` has by itself. */
const AGGRESSIVENESS = 3;
const PHASES = 4;

/**
 * Frames of a voice that a detector hears alike for hours, going round. It goes on learning: of recorded speech that comes again and again it takes
 * more and more for noise, and a load that changes so looks like memory that grows.
 * @param fromS, untilS of a stream, in seconds: within them every round is judged as the one before.
 * @throws Error where it is not.
 */
export function steadyVoice(fromS: number, untilS: number): Int16Array[] {
  const frames = framesOf(voice(ROUND_S * RATE_HZ, RATE_HZ, SEED, PAUSE_MS));
  for (let phase = 0; phase < PHASES; phase++) requireSteady(frames, phase * STRIDE, fromS, untilS);
  return frames;
}

function requireSteady(frames: readonly Int16Array[], first: number, fromS: number, untilS: number): void {
  const detector = WebRtcVad.open(RATE_HZ, AGGRESSIVENESS);
  const secondsAt = (count: number) => (count * SAMPLES) / RATE_HZ;
  try {
    let before = "";
    for (let count = 0; secondsAt(count) < untilS; count += frames.length) {
      const heard = frames
        .map((_, i) => (detector.isSpeech(frames[(first + i) % frames.length]!) ? "1" : "0"))
        .join("");
      if (secondsAt(count) > fromS && heard !== before)
        throw new Error(`the voice is not steady: judged otherwise at ${secondsAt(count)} s`);
      before = heard;
    }
  } finally {
    detector.close();
  }
}
