import type { AudioFrame, Frame } from "./frame.ts";

/** Rate and channels of PCM; the sample format is always signed 16 bit, interleaved. */
export interface AudioFormat {
  /** From 1 to 384,000. */
  readonly sampleRateHz: number;
  /** From 1 to 32. */
  readonly channels: number;
}

/** Whole microseconds from the start of a stream to a sample position, rounded to nearest. */
export const samplesToUs = (samples: number, sampleRateHz: number): number =>
  Math.round((samples * 1_000_000) / sampleRateHz);

/** Milliseconds, not rounded, from the start of a stream to a sample position. */
export const samplesToMs = (samples: number, sampleRateHz: number): number => (samples * 1000) / sampleRateHz;

/** The sample position nearest to a time; half a sample rounds up. */
export const msToSamples = (ms: number, sampleRateHz: number): number => Math.round((ms * sampleRateHz) / 1000);

/** A position moved to another rate, rounded to the nearest sample there. */
export const rescaleSamples = (samples: number, fromHz: number, toHz: number): number =>
  fromHz === toHz ? samples : Math.round((samples * toHz) / fromHz);

/** Samples per channel in a frame of audio. */
export const sampleCount = (frame: AudioFrame): number => frame.pcm.length / frame.channels;

/** The position just after a frame of audio. */
export const endSample = (frame: AudioFrame): number => frame.startSample + frame.pcm.length / frame.channels;

/** Length of a frame of audio in milliseconds, not rounded; 0 for every kind that has no length of its own. */
export const durationMs = (frame: Frame): number =>
  frame.kind === "audio"
    ? samplesToMs(frame.pcm.length / frame.channels, frame.sampleRateHz)
    : frame.kind === "encoded"
      ? samplesToMs(frame.sampleCount, frame.sampleRateHz)
      : 0;

/** Where a frame begins on its stream's timeline, in milliseconds, not rounded. A recording begins at 0. */
export function positionMs(frame: Frame): number {
  switch (frame.kind) {
    case "audio":
    case "text":
    case "encoded":
      return samplesToMs(frame.startSample, frame.sampleRateHz);
    case "speech":
    case "data":
      return samplesToMs(frame.atSample, frame.sampleRateHz);
    case "recording":
      return 0;
  }
}
