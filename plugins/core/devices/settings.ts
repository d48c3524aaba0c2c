import { z } from "zod";
import { THROUGH } from "./programs.ts";

/** What microphone and loudspeaker have in common. */
export const deviceSettings = {
  device: z
    .string()
    .min(1)
    .optional()
    .describe("The device, as what it goes through names it (`arecord -L`); the machine's default where left out."),
  through: z
    .enum(THROUGH)
    .default("auto")
    .describe(
      "What moves the samples: arecord and aplay (alsa), sox, ffmpeg, or the package decibri; auto takes the first program that is installed.",
    ),
  stallMs: z
    .number()
    .int()
    .min(200)
    .max(60_000)
    .default(1500)
    .describe("A device that moves nothing for so long is taken as lost."),
  reopenEveryMs: z
    .number()
    .int()
    .min(50)
    .max(60_000)
    .default(500)
    .describe("Pause between two attempts to open a lost device again."),
  reopenForMs: z
    .number()
    .int()
    .min(0)
    .max(86_400_000)
    .default(10_000)
    .describe("How long a lost device is waited for before the node fails with DEVICE_LOST; 0 does not wait."),
};

export interface DeviceTimes {
  readonly stallMs: number;
  readonly reopenEveryMs: number;
  readonly reopenForMs: number;
}
