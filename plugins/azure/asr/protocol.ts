import type { Attempt, DialRequest, LinkProtocol, NodeContext, Peer, Wire } from "#engine/plugin";
import { dialRequest, secretsOf, undialled } from "../access.ts";
import { makesTurns, TurnPeer } from "../turn.ts";
import type { ListenSettings } from "./config.ts";
import { ListenSession } from "./listen-session.ts";
import { listenUrl } from "./request.ts";
import type { Ports } from "./sentences.ts";

/** Recognition as a link needs it: a connection, and on it one turn after the other. */
export class ListenProtocol implements LinkProtocol {
  readonly vendor = "azure";
  readonly reusable = true;
  readonly undialled = undialled;
  readonly chunkMs: number;
  readonly secrets: readonly string[];

  constructor(
    private readonly settings: ListenSettings,
    private readonly ctx: NodeContext,
    ports: Ports,
  ) {
    const order = { endSample: 0 };
    makesTurns(
      ctx,
      (session, wire, isFirst) => new ListenSession(session, { settings, ctx, wire, ports, order, isFirst }),
    );
    this.chunkMs = settings.chunkMs;
    this.secrets = secretsOf(settings);
  }

  dial(attempt: Attempt): DialRequest {
    return dialRequest(listenUrl(this.settings), this.settings, attempt, () => this.ctx.newId());
  }

  connect(wire: Wire): Peer {
    return new TurnPeer(wire);
  }
}
