import type { PeerSession, Session } from "#engine/plugin";
import { NO_VALID_AUDIO } from "../status.ts";
import { tell } from "../task.ts";
import { heardSentence, sentence, sentenceBegin } from "../wire/recognised.ts";
import { type NlsEvent, readPayload, SUCCESS } from "../wire.ts";
import type { AsrSettings } from "./config.ts";
import { controlPayload } from "./payload.ts";
import { RecognitionSession, type SessionOptions } from "./recognition-session.ts";
import { Revisions } from "./revisions.ts";

interface OpenSentence {
  readonly texts: Revisions;
  readonly beganMs: number;
}

/** Transcription: a task is a stream, which the service cuts into sentences. Each becomes an utterance. */
export class TranscriptionSession extends RecognitionSession implements PeerSession {
  /** By the vendor's index; more than one only while events come out of order. */
  readonly #open = new Map<number, OpenSentence>();
  #lastEnded = 0;
  #settings: AsrSettings;

  constructor(session: Session, options: SessionOptions) {
    super(session, options, {
      namespace: "SpeechTranscriber",
      start: "StartTranscription",
      stop: "StopTranscription",
    });
    this.#settings = options.settings;
  }

  /** Changes parameters in the middle of the task. */
  update(settings: AsrSettings): void {
    const payload = controlPayload(this.#settings, settings);
    this.#settings = settings;
    if (!payload || this.taskId === undefined) return;
    this.task.send("ControlTranscriber", payload);
    tell(this.options.ctx, "controlled", { taskId: this.task.id, parameters: Object.keys(payload) });
  }

  event(event: NlsEvent): void {
    switch (event.name) {
      case "TranscriptionStarted":
        return this.started();
      case "SentenceBegin":
        return this.#begin(event);
      case "TranscriptionResultChanged":
        return this.#change(event);
      case "SentenceEnd":
        return this.#end(event);
      case "TranscriptionCompleted":
        return this.#complete();
      default:
        return this.options.ctx.count("unknownEvents");
    }
  }

  override forgives(event: NlsEvent): boolean {
    if (event.status !== NO_VALID_AUDIO) return false;
    this.#complete();
    return true;
  }

  #begin(event: NlsEvent): void {
    const { index, time } = readPayload(event, sentenceBegin);
    if (!this.#sentence(index, time ?? this.session.timeline.sentMs)) return;
    tell(this.options.ctx, "sentenceBegin", { taskId: this.task.id, index });
  }

  #change(event: NlsEvent): void {
    const payload = readPayload(event, sentence);
    const open = this.#sentence(payload.index, payload.begin_time ?? payload.time ?? 0);
    open?.texts.partial(heardSentence(payload, false, open.beganMs));
  }

  #end(event: NlsEvent): void {
    const payload = readPayload(event, sentence);
    const open = this.#sentence(payload.index, payload.begin_time ?? 0);
    if (!open) return;
    if ((payload.status ?? SUCCESS) !== SUCCESS) this.options.ctx.count("sentenceTimeouts");
    this.#open.delete(payload.index);
    this.#lastEnded = Math.max(this.#lastEnded, payload.index);
    open.texts.final(heardSentence(payload, true, open.beganMs));
  }

  /** The sentence of an index; undefined for one that has ended: what comes of it now comes twice, or late. */
  #sentence(index: number, beganMs: number): OpenSentence | undefined {
    const known = this.#open.get(index);
    if (known) return known;
    if (index <= this.#lastEnded) {
      this.options.ctx.count("strayEvents");
      return undefined;
    }
    const utterance = this.options.ctx.newUtterance();
    const open = { texts: new Revisions(utterance, this.session, this.options, this.task.id), beganMs };
    this.#open.set(index, open);
    return open;
  }

  /** A sentence that never got its end is not known. */
  #complete(): void {
    for (const { texts } of this.#open.values()) texts.takeBack();
    this.#open.clear();
    this.completed();
  }
}
