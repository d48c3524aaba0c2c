import { Resampler } from "#engine/audio";
import { NativeAudio, type Way } from "#native/audio";
import { fitTone, tone } from "#test/signals";
import { cpuNanos, type Question, serve } from "../harness/serve.ts";
import { findSpeexDsp, type SpeexResampler } from "../peers/speexdsp/peer.ts";

/** Asked of this program: nanoseconds for 20 ms by one of the resamplers, or the least signal-to-noise ratio of a tone, in dB. */
export interface ResampleQuestion extends Question {
  readonly ask: "time" | "snr";
  readonly by: Way | "typescript" | "speexdsp";
  readonly fromHz: number;
  readonly toHz: number;
}

const FRAME_MS = 20;
const FRAMES = 5000;
const SPEEX_QUALITY = 3;
/** Of the lower Nyquist frequency: what stays clear of the filter's edge. */
const TONES = [0.0523, 0.2511, 0.5317, 0.7513, 0.8409];

const speex = findSpeexDsp();
const open = new Map<string, SpeexResampler | Resampler>();

function opened({ by, fromHz, toHz }: ResampleQuestion): SpeexResampler | Resampler {
  if (by === "speexdsp") {
    if ("missing" in speex) throw new Error(speex.missing);
    return speex.open(fromHz, toHz, SPEEX_QUALITY);
  }
  if (by === "typescript") return new Resampler({ fromHz, toHz });
  const native = NativeAudio.open(by);
  return new Resampler({ fromHz, toHz, kernel: (filter, window, output) => native.resample(filter, window, output) });
}

/** The same stream goes on from one measurement to the next. */
async function time(question: ResampleQuestion): Promise<number> {
  const { by, fromHz, toHz } = question;
  const key = `${by} ${fromHz} ${toHz}`;
  const resampler = open.get(key) ?? opened(question);
  open.set(key, resampler);
  const pcm = tone({ ms: 1000, hz: 440, rateHz: fromHz });
  const samples = (fromHz * FRAME_MS) / 1000;
  const frames = Array.from({ length: pcm.length / samples }, (_, i) => pcm.slice(i * samples, (i + 1) * samples));
  let came = 0;
  const nanos = await cpuNanos(() => {
    for (let i = 0; i < FRAMES; i++) came += resampler.push(frames[i % frames.length]!).length;
  });
  const wanted = (FRAMES * toHz * FRAME_MS) / 1000;
  if (Math.abs(came - wanted) > toHz / 10) throw new Error(`${by}: ${came} samples came of ${wanted}`);
  return nanos / FRAMES;
}

function snr(question: ResampleQuestion): number {
  const { fromHz, toHz } = question;
  return Math.min(
    ...TONES.map((share) => {
      const hz = (share * Math.min(fromHz, toHz)) / 2;
      const pcm = tone({ ms: 1000, hz, rateHz: fromHz });
      const resampler = opened(question);
      const parts: number[] = [];
      for (let at = 0; at < pcm.length; at += fromHz / 50)
        parts.push(...resampler.push(pcm.slice(at, at + fromHz / 50)));
      // what lies near the ends knows only one side of the signal
      return fitTone(Int16Array.from(parts).subarray(toHz / 20, -toHz / 20), hz, toHz).snrDb;
    }),
  );
}

await serve<ResampleQuestion>((question) => (question.ask === "time" ? time(question) : snr(question)));
