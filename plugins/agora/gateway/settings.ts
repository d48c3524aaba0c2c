import { z } from "#engine/plugin";
import { labelledVadFields } from "../vad/config.ts";

/** What stands in `with:` of the gateway. */
export const gatewaySettings = z.strictObject({
  appId: z.string().min(1).describe("The app id of the project."),
  scenario: z.enum(["aiServer", "chorus"]).default("aiServer").describe("As of the nodes."),
  vad: z
    .strictObject(labelledVadFields)
    .optional()
    .describe(
      "Cuts each user's audio by VAD V2 with the vendor's own labels, a detector for each; without it the workflow gets all of it.",
    ),
  leadFrames: z.literal([10, 18]).default(10).describe("Frames of 10 ms of an answer that go out ahead of time."),
  bargeIn: z.boolean().default(true).describe("With `vad`: who begins to speak ends the answer that is being spoken."),
});

export type GatewaySettings = z.output<typeof gatewaySettings>;
