import type { Frame, Session } from "#engine/plugin";
import { piecesOf } from "./pieces.ts";
import { type SynthesisOptions, SynthesisSession } from "./synthesis-session.ts";

/** Plain and long synthesis: a task for each text, or for each piece of one that is over the limit, beyond which the service cuts it. */
export class TextSession extends SynthesisSession {
  #pieces: string[] = [];

  constructor(session: Session, options: SynthesisOptions) {
    super(session, options, options.settings.mode === "long" ? "SpeechLongSynthesizer" : "SpeechSynthesizer");
  }

  async open(): Promise<void> {}

  send(frame: Frame): void {
    if (frame.kind !== "text") return;
    this.text = frame;
    this.#pieces = piecesOf(frame.text, this.options.settings);
  }

  finish(): Promise<void> {
    this.next();
    return this.completed.promise;
  }

  /** The vendor's library for Java shows that a socket may carry one task after the other. */
  protected next(): void {
    const piece = this.#pieces.shift();
    if (piece === undefined) this.done();
    else this.start(piece);
  }
}
