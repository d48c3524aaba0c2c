import { z } from "zod";

/** How a link behaves. All times in ms of the run's clock; 0 is off. */
export interface LinkSettings {
  /** For one attempt: dialling, logging in and opening the session. */
  readonly openMs: number;
  /** How often a session is tried to be opened, the first counted. */
  readonly attempts: number;
  /** Before the second attempt; it doubles from there, and half of it is at random. */
  readonly backoffMs: number;
  readonly backoffMaxMs: number;
  /** Audio that is held while the far end is not ready; beyond it the input waits. */
  readonly bufferMs: number;
  /** Dials and logs in before there is anything to send. */
  readonly early: boolean;
  /** Something is sent at least this often, be it a ping. */
  readonly keepAliveMs: number;
  /** Hearing nothing for so long while a session is open, not even a pong, means that the connection is lost. */
  readonly silentMs: number;
  /** A session that was given nothing for so long is finished; the next frame opens another. */
  readonly idleMs: number;
  /** A session that is so old is finished at the next pause between utterances; where there are none, at once. */
  readonly sessionMs: number;
  /** From asking a session to finish until all its results are there. */
  readonly finishMs: number;
  /** How long a reusable connection is kept for another session, of other runs too. */
  readonly poolMs: number;
  /** Audio is sent at most this many times as fast as real time. */
  readonly pace: number;
  /** How much audio may be sent ahead of that pace. */
  readonly aheadMs: number;
}

export const DEFAULT_LINK: LinkSettings = {
  openMs: 10_000,
  attempts: 4,
  backoffMs: 250,
  backoffMaxMs: 5000,
  bufferMs: 10_000,
  early: false,
  keepAliveMs: 0,
  silentMs: 30_000,
  idleMs: 0,
  sessionMs: 0,
  finishMs: 10_000,
  poolMs: 0,
  pace: 0,
  aheadMs: 1000,
};

const ms = (what: string, most = 3_600_000) =>
  z.number().int().min(0).max(most).nullable().optional().describe(`${what}, in ms; 0 or null is off`);

/** What a workflow may say of a node's link, for a field `link` of the node's config. What is left out is the vendor's default. */
export const linkSchema = z
  .strictObject({
    openMs: ms("for one attempt to open a session"),
    attempts: z.number().int().min(1).max(20).optional().describe("to open a session, the first one counted"),
    backoffMs: ms("before the second attempt, doubling from there", 60_000),
    backoffMaxMs: ms("the longest wait between attempts", 600_000),
    bufferMs: z.number().int().min(100).max(120_000).optional().describe("audio held until the vendor is ready, in ms"),
    early: z.boolean().optional().describe("connects before there is anything to send"),
    keepAliveMs: ms("the longest time without sending anything"),
    silentMs: ms("without hearing anything until the connection counts as lost"),
    idleMs: ms("without audio until the session is finished"),
    sessionMs: ms("until a session is replaced by a new one", 86_400_000),
    finishMs: ms("from the end of audio to the last result"),
    poolMs: ms("for which a connection is kept for others"),
    pace: z.number().min(0).max(1000).nullable().optional().describe("times real time at most; 0 or null is off"),
    aheadMs: ms("of audio that may be sent ahead of the pace", 60_000),
  })
  .default({})
  .describe("how the connection behaves");

/** The settings of a link: what the workflow says, else what the vendor's protocol asks for, else what suits most. */
export function linkSettings(vendor: Partial<LinkSettings>, workflow: z.output<typeof linkSchema> = {}): LinkSettings {
  const said = Object.entries(workflow).filter(([, value]) => value !== undefined);
  return { ...DEFAULT_LINK, ...vendor, ...Object.fromEntries(said.map(([name, value]) => [name, value ?? 0])) };
}
