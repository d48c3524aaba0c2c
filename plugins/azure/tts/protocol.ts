import type { Attempt, DialRequest, LinkProtocol, NodeContext, Peer, Wire } from "#engine/plugin";
import { dialRequest, secretsOf } from "../access.ts";
import { TurnReader } from "../turn.ts";
import { speakUrl, type TtsSettings } from "./config.ts";
import { SpeakSession } from "./speak-session.ts";

/** Synthesis as a link needs it: a connection that carries one text after the other. */
export class SpeakProtocol implements LinkProtocol {
  readonly vendor = "azure";
  readonly reusable = true;
  readonly #soFar = { endSample: 0 };
  readonly #written = { utterance: undefined, chars: 0 };
  #settings: TtsSettings;

  constructor(
    settings: TtsSettings,
    private readonly ctx: NodeContext,
  ) {
    this.#settings = settings;
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
    const reader = new TurnReader(this.ctx);
    let isFirst = true;
    return {
      message: (message) => reader.message(message),
      ended: (end) => reader.ended(end),
      session: (session) => {
        const turn = new SpeakSession(session, {
          settings: this.#settings,
          ctx: session.ctx,
          wire,
          soFar: this.#soFar,
          written: this.#written,
          isFirst,
        });
        isFirst = false;
        reader.current = turn;
        return turn;
      },
    };
  }
}
