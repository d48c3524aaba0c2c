import { z } from "zod";
import { dbToFactor } from "#engine/plugin";
import { exactlyOne } from "./one-of.ts";

/** What a scripted stretch of audio sounds like. */
export const sound = z
  .strictObject({
    toneHz: z.number().min(1).max(96_000).optional().describe("A sine of this frequency."),
    noise: z.literal(true).optional().describe("White noise, the same in every run with the same seed."),
    silence: z.literal(true).optional().describe("Zeros."),
    ms: z.number().positive().max(86_400_000).describe("How long it lasts."),
    levelDb: z
      .number()
      .min(-96)
      .max(-5)
      .optional()
      .describe("Mean power in dBFS, where a square wave of full scale is 0. Default -20."),
  })
  .superRefine((given, ctx) => {
    exactlyOne(given, ["toneHz", "noise", "silence"], ctx);
    if (given.silence && given.levelDb !== undefined)
      ctx.addIssue({ code: "custom", path: ["levelDb"], message: "silence has no level" });
  });

export type Sound = z.output<typeof sound>;

const DEFAULT_LEVEL_DB = -20;

/** A sound that stands at its place in a stream; positions in samples per channel. */
export interface PlacedSound {
  readonly sound: Sound;
  readonly startSample: number;
  readonly endSample: number;
}

/**
 * Writes the part of a sound that lies in a frame, the same on all channels.
 * @param pcm interleaved; begins at `frameStart`.
 * @param random a number from 0 to below 1, asked once for each sample of noise.
 */
export function renderSound(
  placed: PlacedSound,
  pcm: Int16Array,
  frame: { readonly startSample: number; readonly sampleRateHz: number; readonly channels: number },
  random: () => number,
): void {
  const { sound, startSample } = placed;
  if (sound.silence) return;
  const from = Math.max(startSample, frame.startSample);
  const to = Math.min(placed.endSample, frame.startSample + pcm.length / frame.channels);
  const rms = 32768 * dbToFactor(sound.levelDb ?? DEFAULT_LEVEL_DB);
  const step = (2 * Math.PI * (sound.toneHz ?? 0)) / frame.sampleRateHz;
  for (let at = from; at < to; at++) {
    // The peak of a sine is √2 of its mean level, that of uniform noise √3.
    const value = sound.noise
      ? rms * Math.sqrt(3) * (2 * random() - 1)
      : rms * Math.SQRT2 * Math.sin(step * (at - startSample));
    const base = (at - frame.startSample) * frame.channels;
    pcm.fill(Math.round(value), base, base + frame.channels);
  }
}
