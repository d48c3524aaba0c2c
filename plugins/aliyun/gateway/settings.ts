import { z } from "zod";

const ms = (what: string, standard: number) => z.number().int().min(0).max(3_600_000).default(standard).describe(what);

/** What stands in `with:` of the gateway. */
export const gatewaySettings = z.strictObject({
  badToken: z
    .enum(["upgrade", "task"])
    .default("upgrade")
    .describe("Where a bad token is turned down: at the upgrade with status 403, or by TaskFailed on the open socket."),
  tokenHours: z.number().min(0.01).max(720).default(24).describe("How long tokens of CreateToken are good."),
  synthesisStarted: z
    .boolean()
    .default(false)
    .describe("Sends SynthesisStarted in plain and long synthesis too, which older clients do not know."),
  statusWord: z
    .enum(["status_text", "status_message"])
    .default("status_text")
    .describe("What the word beside `status` is called; the service is known with both."),
  idleMs: ms("How long a client may let nothing be heard, not even a ping, in ms; 0 is off.", 10_000),
  flowingIdleMs: ms("In flowing synthesis, the longest time between two directives, in ms; 0 is off.", 23_000),
  result: z
    .enum(["transcript", "translation"])
    .default("transcript")
    .describe("Which texts of the workflow are the result of recognition."),
});

export type GatewaySettings = z.output<typeof gatewaySettings>;
