import { z } from "zod";

const ms = (what: string, standard: number) => z.number().int().min(0).max(3_600_000).default(standard).describe(what);

/** What stands beside `type: modelstudio` of a gateway. */
export const gatewaySettings = z.strictObject({
  result: z
    .enum(["transcript", "translation"])
    .default("transcript")
    .describe("Which texts of the workflow are the result of recognition; Gummy is given both."),
  idleMs: ms("How long a task may be given nothing, in ms; 0 is off.", 23_000),
  socketIdleMs: ms("How long a socket may be without a task, in ms; 0 is off.", 60_000),
  recordingMs: ms("How long a recording may take to be transcribed, in ms.", 1_800_000),
  publicUrl: z
    .url({ protocol: /^https?$/ })
    .optional()
    .describe(
      "Where clients find results of recordings, and speech as a file; where it is not said, at the host that they called.",
    ),
});

export type GatewaySettings = z.output<typeof gatewaySettings>;
