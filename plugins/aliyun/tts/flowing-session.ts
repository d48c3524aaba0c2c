import type { Frame, Session } from "#engine/plugin";
import { splitText } from "../wire/spoken.ts";
import { TEXT_LIMIT } from "./config.ts";
import { type SynthesisOptions, SynthesisSession } from "./synthesis-session.ts";

/**
 * Flowing synthesis: a task for each utterance, given its text while that is still being written. Of a partial, what no later revision
 * changes is sent; of the final, the rest.
 */
export class FlowingSession extends SynthesisSession {
  readonly #started: PromiseWithResolvers<void>;
  #sentChars = 0;

  constructor(session: Session, options: SynthesisOptions) {
    super(session, options, "FlowingSpeechSynthesizer");
    this.#started = options.wire.expect();
  }

  open(): Promise<void> {
    this.start();
    return this.#started.promise;
  }

  send(frame: Frame): void {
    if (frame.kind !== "text") return;
    this.text = frame;
    const stable = frame.final ? frame.text : frame.text.slice(0, frame.stableChars);
    const more = stable.slice(this.#sentChars);
    this.#sentChars = Math.max(this.#sentChars, stable.length);
    if (more.trim() === "" && !frame.final)
      this.#sentChars -= more.length; // blanks go with what follows
    else
      for (const text of this.options.settings.ssml ? [more] : splitText(more, TEXT_LIMIT.flowing))
        this.directive("RunSynthesis", { text });
  }

  finish(): Promise<void> {
    this.directive("StopSynthesis");
    return this.completed.promise;
  }

  protected override started(): void {
    this.#started.resolve();
  }

  protected next(): void {
    this.done();
  }
}
