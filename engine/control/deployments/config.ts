import { z } from "zod";
import { workflowUse } from "../gateways/config.ts";

const UNITS_MS = { s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const;

/** `90s`, `15m`, `6h`, `1d`: in milliseconds. */
const duration = z
  .string()
  .regex(/^[1-9]\d{0,5}[smhd]$/, "a whole number with s, m, h or d, such as 15m")
  .transform((text) => Number(text.slice(0, -1)) * UNITS_MS[text.slice(-1) as keyof typeof UNITS_MS]);

const seconds = z.number().min(0.1).max(86_400);

const schedule = z.strictObject({
  schedule: z.string().min(1).describe("five fields of cron: minute, hour, day of the month, month, day of the week"),
  timeZone: z.string().min(1).default("UTC").describe("by which the fields are read, such as Europe/Berlin"),
});

const every = z.strictObject({ every: duration.describe("a whole number with s, m, h or d, such as 15m") });

const folder = z.strictObject({
  folder: z.string().min(1).describe("each file that is complete in it becomes a job of one run"),
  files: z
    .string()
    .min(1)
    .default("*.{wav,mp3,ogg,opus,flac,m4a}")
    .describe("which of them; names that begin with a dot or end with .part or .tmp are never taken"),
  input: z.string().min(1).optional().describe("the input of the workflow; its only one where left out"),
  lookSeconds: seconds.default(2).describe("how often it is looked at"),
  quietSeconds: seconds.default(2).describe("a file that has not changed for so long is complete"),
  done: z.string().min(1).default("done").describe("where files go that were worked on, beside them"),
  failed: z.string().min(1).default("failed").describe("where files go whose job failed"),
  attempts: z
    .number()
    .int()
    .min(1)
    .max(20)
    .default(3)
    .describe("of a file; only failures that may pass are tried again"),
  concurrency: z.number().int().min(1).max(64).default(4).describe("files at once"),
});

const gateway = z.strictObject({
  gateway: z.string().min(1).describe("a gateway of this file: a run for each client"),
});

export const deploymentSchema = z.strictObject({
  ...workflowUse,
  project: z
    .string()
    .min(1)
    .default("default")
    .describe("whose runs they are; a gateway's clients have that of their key"),
  when: z.union([schedule, every, folder, gateway]).describe("what starts it: a time, a file, or a gateway's client"),
});

/** A deployment as `parlando.yaml` has it. */
export type DeploymentConfig = z.output<typeof deploymentSchema>;
export type ScheduleWhen = z.output<typeof schedule> | z.output<typeof every>;
export type FolderWhen = z.output<typeof folder>;
