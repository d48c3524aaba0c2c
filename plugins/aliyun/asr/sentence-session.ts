import type { PeerSession, Session } from "#engine/plugin";
import { NO_VALID_AUDIO } from "../status.ts";
import { heardSoFar, recognised } from "../wire/recognised.ts";
import { type NlsEvent, readPayload } from "../wire.ts";
import { RecognitionSession, type SessionOptions } from "./recognition-session.ts";
import { Revisions } from "./revisions.ts";

/** One-sentence recognition: a task is an utterance. */
export class SentenceSession extends RecognitionSession implements PeerSession {
  readonly #texts: Revisions;

  constructor(session: Session, options: SessionOptions) {
    super(session, options, { namespace: "SpeechRecognizer", start: "StartRecognition", stop: "StopRecognition" });
    this.#texts = new Revisions(session.utterance ?? options.ctx.newUtterance(), session, options, this.task.id);
  }

  event(event: NlsEvent): void {
    switch (event.name) {
      case "RecognitionStarted":
        return this.started();
      case "RecognitionResultChanged":
        return this.#texts.partial(heardSoFar(readPayload(event, recognised), false, this.session.timeline.sentMs));
      case "RecognitionCompleted":
        this.#texts.final(heardSoFar(readPayload(event, recognised), true, this.session.timeline.sentMs));
        return this.completed();
      default:
        return this.options.ctx.count("unknownEvents");
    }
  }

  /** That nothing was said is an answer, though the service calls it a failure. */
  override forgives(event: NlsEvent): boolean {
    if (event.status !== NO_VALID_AUDIO) return false;
    this.#texts.takeBack();
    this.completed();
    return true;
  }
}
