import {
  credentialLimits,
  type LinkSettings,
  linkNode,
  linkSettings,
  type NodeContext,
  type TaskNode,
} from "#engine/plugin";
import { credentialOf } from "../access.ts";
import type { StreamSettings } from "./config.ts";
import { StreamProtocol } from "./protocol.ts";

/**
 * As the vendor's Go library keeps alive: a ping after 10 s in which nothing was sent; 20 s in which nothing was heard are a loss. The service
 * wants audio at real time; what was held while a connection opened is caught up with a little faster.
 */
const LINK: Partial<LinkSettings> = { keepAliveMs: 10_000, silentMs: 20_000, pace: 1.5, aheadMs: 500 };

/** The node of both types: one stream for all of its input. */
export async function streamNode(settings: StreamSettings, ctx: NodeContext): Promise<TaskNode> {
  const limits = { concurrency: settings.concurrency, perSecond: 0, waitMs: 30_000 };
  return linkNode({
    ctx,
    protocol: await StreamProtocol.open(settings, ctx),
    settings: linkSettings(LINK, settings.link),
    sessions: "stream",
    limits: await ctx.resource(credentialLimits(limits, ...credentialOf(settings))),
  });
}
