import type { Attempt, DialRequest, LinkProtocol, NodeContext, Peer, Wire } from "#engine/plugin";
import { dialRequest, secretsOf, undialled } from "../access.ts";
import { makesTurns, TurnPeer } from "../turn.ts";
import { speakUrl, type TtsSettings } from "./config.ts";
import { SpeakSession } from "./speak-session.ts";

/** Synthesis as a link needs it: a connection that carries one text after the other. */
export class SpeakProtocol implements LinkProtocol {
  readonly vendor = "azure";
  readonly reusable = true;
  readonly undialled = undialled;
  #settings: TtsSettings;

  constructor(
    settings: TtsSettings,
    private readonly ctx: NodeContext,
  ) {
    this.#settings = settings;
    const soFar = { endSample: 0 };
    const written = { utterance: undefined, chars: 0 };
    makesTurns(
      ctx,
      (session, wire, isFirst) =>
        new SpeakSession(session, { settings: this.#settings, ctx, wire, soFar, written, isFirst }),
    );
  }

  get secrets(): readonly string[] {
    return secretsOf(this.#settings);
  }

  /** Live settings have changed; they hold from the next text on. */
  update(settings: TtsSettings): void {
    this.#settings = settings;
  }

  dial(attempt: Attempt): DialRequest {
    return dialRequest(speakUrl(this.#settings), this.#settings, attempt, () => this.ctx.newId());
  }

  connect(wire: Wire): Peer {
    return new TurnPeer(wire);
  }
}
