import { path, z } from "#engine/plugin";
import { VAD_V2_DEFAULTS, type VadV2Config } from "./vad-v2.ts";

const count = (least: number, most: number) => z.number().int().min(least).max(most);

/** Of audio that has the vendor's labels: those say which generation it is. Names of our own; the vendor's stand in the descriptions. */
export const labelledVadFields = {
  preStartFrames: count(0, 200)
    .default(VAD_V2_DEFAULTS.preStartRecognizeCount)
    .describe("`preStartRecognizeCount`: frames of 10 ms that an utterance has before its decision window."),
  startFrames: count(1, 500)
    .default(VAD_V2_DEFAULTS.startRecognizeCount)
    .describe("`startRecognizeCount`: the window in which speech is decided on."),
  stopFrames: count(1, 500)
    .default(VAD_V2_DEFAULTS.stopRecognizeCount)
    .describe("`stopRecognizeCount`: the window in which its end is decided on; less answers sooner."),
  activePercent: z
    .number()
    .min(0)
    .max(1)
    .default(VAD_V2_DEFAULTS.activePercent)
    .describe("A: active share that opens."),
  inactivePercent: z
    .number()
    .min(0)
    .max(1)
    .default(VAD_V2_DEFAULTS.inactivePercent)
    .describe("A: inactive share that closes."),
  startVoiceProb: count(0, 100)
    .default(VAD_V2_DEFAULTS.startVoiceProb)
    .describe("A, `start_voiceprob`: a frame outside speech is active above it."),
  stopVoiceProb: count(0, 100)
    .default(VAD_V2_DEFAULTS.stopVoiceProb)
    .describe("A, `stop_voiceporb`: a frame inside speech is active above it."),
  rmsThresholdDb: z
    .number()
    .min(-100)
    .max(0)
    .default(VAD_V2_DEFAULTS.rmsThreshold)
    .describe("`rmsThreshold`: -50 for a quiet room, -40 for a noisy one, -30 for a very noisy one."),
  adaptiveRms: z.boolean().default(true).describe("B: the threshold follows the level of the last utterance."),
  adaptiveRmsFactor: z
    .number()
    .min(0)
    .max(1)
    .default(VAD_V2_DEFAULTS.adaptiveRmsFactor)
    .describe("B: the part of that level that counts."),
  dump: path(z.string().min(1), "write")
    .optional()
    .describe("A folder in which a dump of this detector is made, for looking into a fault."),
};

/** Of audio from anywhere. */
export const vadFields = {
  generation: z
    .enum(["A", "B"])
    .default("A")
    .describe("Which of the vendor's detectors: A of releases 2.1.1 to 2.3, B of 2.4.0 and later."),
  ...labelledVadFields,
};

const vadSettings = z.strictObject(vadFields);

export type VadSettings = z.output<typeof vadSettings>;

/** The same under the vendor's names. */
export const configOf = (settings: VadSettings): VadV2Config => ({
  preStartRecognizeCount: settings.preStartFrames,
  startRecognizeCount: settings.startFrames,
  stopRecognizeCount: settings.stopFrames,
  activePercent: settings.activePercent,
  inactivePercent: settings.inactivePercent,
  startVoiceProb: settings.startVoiceProb,
  stopVoiceProb: settings.stopVoiceProb,
  rmsThreshold: settings.rmsThresholdDb,
  adaptiveRms: settings.adaptiveRms,
  adaptiveRmsFactor: settings.adaptiveRmsFactor,
});
