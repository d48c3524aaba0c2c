import { type SessionSettings, VadSessions, type Way } from "#native/vad-session";
import { type Aggressiveness, WebRtcVad } from "#native/webrtc-vad";
import { extremes, pinkNoise, randomFrom, silence, voice, whiteNoise } from "./detector-signals.ts";
import { recordingNames, recordingPcm } from "./recordings.ts";

const RATES_HZ = [8000, 16000, 32000];
const LENGTHS_MS = [10, 20, 30];
const MODES: Aggressiveness[] = [0, 1, 2, 3];
/** More than one group of lanes, and not a multiple of one. */
const STREAMS = 21;

/** What came of it. A mismatch is a verdict, step or level that differs from the plain detector's or the one-by-one way's. */
export interface LaneComparison {
  readonly frames: number;
  readonly voiced: number;
  readonly mismatches: Readonly<Record<string, number>>;
  /** Of the first mismatch, for people. */
  readonly first?: string;
}

/** The ways of judging that this processor knows. */
export function waysHere(): Way[] {
  return (["avx2", "portable", "scalar"] as const).filter((way) => {
    try {
      VadSessions.create(way).close();
      return true;
    } catch {
      return false;
    }
  });
}

/**
 * Judges the same frames by the plain detector and by every way of sessions: at every rate, frame length and mode, speech, noise, extreme
 * signals and silence that follow each other at random, in batches in which a random part of the streams is ready.
 * @param atLeast frames, each of which every way judges.
 */
export function compareLanes(atLeast: number, ways: readonly Way[] = waysHere(), seed = 1): LaneComparison {
  const random = randomFrom(seed);
  const mismatches: Record<string, number> = Object.fromEntries(ways.map((way) => [way, 0]));
  let [frames, voiced] = [0, 0];
  let first: string | undefined;
  const combinations = RATES_HZ.length * LENGTHS_MS.length * MODES.length;
  for (const rate of RATES_HZ) {
    const sounds = soundsAt(rate, seed);
    for (const frameMs of LENGTHS_MS)
      for (const mode of MODES) {
        const setup = { rate, frameMs, mode, ways, sounds, random, frames: Math.ceil(atLeast / combinations) };
        const found = compareSetup(setup);
        frames += found.frames;
        voiced += found.voiced;
        for (const way of ways) mismatches[way]! += found.mismatches[way]!;
        first ??= found.first && `${rate} Hz, ${frameMs} ms, mode ${mode}, ${found.first}`;
      }
  }
  return { frames, voiced, mismatches, ...(first ? { first } : {}) };
}

interface Setup {
  readonly rate: number;
  readonly frameMs: number;
  readonly mode: Aggressiveness;
  readonly ways: readonly Way[];
  readonly sounds: readonly Int16Array[];
  readonly random: () => number;
  readonly frames: number;
}

/** One stream that wanders from sound to sound, with what judges it. */
interface Stream {
  sound: Int16Array;
  at: number;
  left: number;
  readonly plain: WebRtcVad;
  readonly ids: readonly number[];
}

function compareSetup({ rate, frameMs, mode, ways, sounds, random, frames: wanted }: Setup): LaneComparison {
  const samples = (rate / 1000) * frameMs;
  const pools = ways.map((way) => VadSessions.create(way));
  const settings: SessionSettings = { ...SETTINGS, sampleRateHz: rate, frameMs, aggressiveness: mode };
  const streams: Stream[] = Array.from({ length: STREAMS }, () => ({
    sound: silence(0),
    at: 0,
    left: 0,
    plain: WebRtcVad.open(rate, mode, "native"),
    ids: pools.map((pool) => pool.open(settings)),
  }));
  const mismatches: Record<string, number> = Object.fromEntries(ways.map((way) => [way, 0]));
  let [frames, voiced] = [0, 0];
  let first: string | undefined;
  while (frames < wanted) {
    const share = random();
    const ready = streams.filter(() => random() < share);
    const verdicts = ready.map((stream) => {
      const frame = nextFrame(stream, sounds, samples, random);
      for (const [i, pool] of pools.entries()) pool.stage(stream.ids[i]!, frame);
      return stream.plain.isSpeech(frame);
    });
    const batches = pools.map((pool) => pool.run());
    const oracle = batches.at(-1)!;
    for (const [item, verdict] of verdicts.entries()) {
      frames++;
      if (verdict) voiced++;
      for (const [i, batch] of batches.entries()) {
        const same =
          batch.voiced(item, 0) === verdict &&
          batch.step(item, 0) === oracle.step(item, 0) &&
          batch.levelDbfs(item, 0) === oracle.levelDbfs(item, 0);
        if (same) continue;
        mismatches[ways[i]!]!++;
        first ??= `${ways[i]}, ${ready.length} ready, frame ${frames}`;
      }
    }
  }
  for (const pool of pools) pool.close();
  for (const { plain } of streams) plain.close();
  return { frames, voiced, mismatches, ...(first ? { first } : {}) };
}

const SETTINGS = { preRollMs: 300, minSpeechMs: 60, endpointMs: 500, maxSegmentMs: 4000, settleMs: 200 };

/** The stream's next frame; now and then, in the middle of nothing, it goes over to another sound. */
function nextFrame(stream: Stream, sounds: readonly Int16Array[], samples: number, random: () => number): Int16Array {
  if (stream.left === 0 || stream.at + samples > stream.sound.length) {
    stream.sound = sounds[Math.floor(random() * sounds.length)]!;
    stream.at = Math.floor(random() * (stream.sound.length - samples));
    stream.left = 1 + Math.floor(random() * 200);
  }
  stream.left--;
  const frame = stream.sound.subarray(stream.at, stream.at + samples);
  stream.at += samples;
  return frame;
}

/** Recorded speech plays too fast or too slowly at other rates than its own, which is one more kind of signal. */
function soundsAt(rate: number, seed: number): Int16Array[] {
  const length = rate * 8;
  const recorded = recordingNames().map(recordingPcm);
  const synthetic = [voice(length, rate, seed), voice(length, rate, seed + 1, 40)];
  return [
    ...(recorded.length > 0 ? [...recorded, ...synthetic] : [...synthetic, ...synthetic]),
    ...[15, 300, 5000].map((peak, i) => whiteNoise(length, peak, seed + i)),
    ...[30, 1000, 30_000].map((peak, i) => pinkNoise(length, peak, seed + i)),
    ...[1, 2, 3].map((i) => extremes(length, seed + i)),
    silence(length),
  ];
}
