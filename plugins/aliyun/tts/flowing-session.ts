import type { Frame, Session } from "#engine/plugin";
import { piecesOf } from "./pieces.ts";
import { type SynthesisOptions, SynthesisSession } from "./synthesis-session.ts";

/** How much of an utterance was given to the service. */
export interface WrittenSoFar {
  utterance: string | undefined;
  chars: number;
}

/**
 * Flowing synthesis: a task for each utterance, given its text while that is still being written. Of a partial, what no later revision
 * changes is sent; of the final, the rest.
 */
export class FlowingSession extends SynthesisSession {
  readonly #started: PromiseWithResolvers<void>;

  /** @param progress of the node: an utterance whose session was finished early goes on where it was. */
  constructor(
    session: Session,
    options: SynthesisOptions,
    readonly progress: WrittenSoFar,
  ) {
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
    const { progress } = this;
    if (progress.utterance !== frame.utterance) Object.assign(progress, { utterance: frame.utterance, chars: 0 });
    const more = (frame.final ? frame.text : frame.text.slice(0, frame.stableChars)).slice(progress.chars);
    if (more.trim() === "") return; // blanks go with what follows
    progress.chars += more.length;
    for (const text of piecesOf(more, this.options.settings)) this.directive("RunSynthesis", { text });
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
