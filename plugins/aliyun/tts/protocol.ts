import type { Attempt, DialRequest, LinkProtocol, NodeContext, Peer, Session, SpokenSoFar, Wire } from "#engine/plugin";
import type { Access } from "../access.ts";
import { NlsPeer } from "../task.ts";
import type { TtsSettings } from "./config.ts";
import { FlowingSession, type WrittenSoFar } from "./flowing-session.ts";
import type { SynthesisOptions } from "./synthesis-session.ts";
import { TextSession } from "./text-session.ts";

/** Synthesis as a link needs it: a connection for each text. */
export class SynthesisProtocol implements LinkProtocol {
  readonly vendor = "aliyun";
  readonly #soFar: SpokenSoFar = { endSample: 0 };
  readonly #written: WrittenSoFar = { utterance: undefined, chars: 0 };
  #settings: TtsSettings;

  constructor(
    settings: TtsSettings,
    readonly ctx: NodeContext,
    readonly access: Access,
  ) {
    this.#settings = settings;
  }

  get secrets(): readonly string[] {
    return this.access.secrets;
  }

  dial(attempt: Attempt): Promise<DialRequest> {
    return this.access.request(attempt);
  }

  /** Live settings have changed; they hold from the next text on. */
  update(settings: TtsSettings): void {
    this.#settings = settings;
  }

  connect(wire: Wire): Peer {
    return new NlsPeer(this.ctx, this.access.canRenew, (session) => this.#open(session, wire));
  }

  #open(session: Session, wire: Wire): FlowingSession | TextSession {
    const options: SynthesisOptions = { settings: this.#settings, ctx: this.ctx, wire, soFar: this.#soFar };
    return this.#settings.mode === "flowing"
      ? new FlowingSession(session, options, this.#written)
      : new TextSession(session, options);
  }
}
