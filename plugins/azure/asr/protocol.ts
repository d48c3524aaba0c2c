import type { Attempt, DialRequest, LinkProtocol, NodeContext, Peer, Wire } from "#engine/plugin";
import { dialRequest, secretsOf } from "../access.ts";
import { TurnReader } from "../turn.ts";
import type { ListenSettings } from "./config.ts";
import { ListenSession } from "./listen-session.ts";
import { listenUrl } from "./request.ts";
import type { Ports } from "./sentences.ts";

/** Recognition as a link needs it: a connection, and on it one turn after the other. */
export class ListenProtocol implements LinkProtocol {
  readonly vendor = "azure";
  readonly reusable = true;
  readonly chunkMs: number;
  readonly secrets: readonly string[];
  readonly #order = { endSample: 0 };

  constructor(
    private readonly settings: ListenSettings,
    private readonly ctx: NodeContext,
    private readonly ports: Ports,
  ) {
    this.chunkMs = settings.chunkMs;
    this.secrets = secretsOf(settings);
  }

  dial(attempt: Attempt): DialRequest {
    return dialRequest(listenUrl(this.settings), this.settings, attempt, () => this.ctx.newId());
  }

  connect(wire: Wire): Peer {
    const reader = new TurnReader(this.ctx);
    return {
      message: (message) => reader.message(message),
      ended: (end) => reader.ended(end),
      session: (session) => {
        const { settings, ports } = this;
        const turn = new ListenSession(session, { settings, ctx: session.ctx, wire, ports, order: this.#order });
        reader.current = turn;
        return turn;
      },
    };
  }
}
