import {
  credentialLimits,
  type LinkSettings,
  linkNode,
  linkPool,
  linkSettings,
  type NodeContext,
  type TaskNode,
} from "#engine/plugin";
import { credentialOf } from "../access.ts";
import { type ListenSettings, modeOf } from "./config.ts";
import { ListenProtocol } from "./protocol.ts";
import { listenUrl } from "./request.ts";
import type { Ports } from "./sentences.ts";

/**
 * The vendor's own clients send the first five seconds at once and then at most twice as fast as real time; the service closes sockets that
 * were idle for three minutes.
 */
const LINK: Partial<LinkSettings> = {
  openMs: 10_000,
  finishMs: 15_000,
  pace: 2,
  aheadMs: 5000,
  keepAliveMs: 20_000,
  poolMs: 60_000,
};

/** The node of both types. */
export async function listenNode(settings: ListenSettings, ctx: NodeContext, ports: Ports): Promise<TaskNode> {
  const limits = { concurrency: settings.concurrency, perSecond: 0, waitMs: 30_000 };
  return linkNode({
    ctx,
    protocol: new ListenProtocol(settings, ctx, ports),
    settings: linkSettings(LINK, settings.link),
    sessions: modeOf(settings) === "once" ? "utterance" : "stream",
    limits: await ctx.resource(credentialLimits(limits, ...credentialOf(settings))),
    pool: await ctx.resource(linkPool(...credentialOf(settings), listenUrl(settings))),
  });
}
