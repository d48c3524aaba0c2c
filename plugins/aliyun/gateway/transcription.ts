import { samplesToMs, type TextFrame } from "#engine/plugin";
import { SUCCESS } from "../wire.ts";
import { ListeningTask } from "./listening-task.ts";
import { type Refusal, refusal } from "./outlet.ts";
import type { Payload } from "./task.ts";

interface OpenSentence {
  readonly utterance: string;
  readonly last: TextFrame;
}

/** Transcription: an utterance of the workflow is a sentence. Sentences do not overlap, so the next begins when the one before has ended. */
export class TranscriptionTask extends ListeningTask {
  protected readonly startedEvent = "TranscriptionStarted";
  #index = 0;
  #open: OpenSentence | undefined;
  /** Their ends were told: what still comes of them is late. */
  readonly #ended = new Set<string>();

  override directive(name: string): Refusal | undefined {
    if (name === "StopTranscription") return this.stop();
    // Libraries disagree about the name. It is taken and not answered, as by the service; the run behind keeps its settings.
    if (name === "ControlTranscriber" || name === "ControlTranscription") return undefined;
    return refusal(40010003, "Gateway:DIRECTIVE_INVALID:Unknown directive!");
  }

  protected startedPayload(): Payload {
    return { session_id: this.place.host.newId().replaceAll("-", "") };
  }

  protected onText(frame: TextFrame): void {
    if (this.#ended.has(frame.utterance)) return;
    if (this.#open && this.#open.utterance !== frame.utterance) {
      if (!frame.final) return; // an earlier sentence is not ended yet: only finals come for sure, and in order
      this.#end(this.#open.last, "");
    }
    if (!this.#open && frame.text === "") return;
    if (!this.#open) this.#begin(frame);
    this.#open = { utterance: frame.utterance, last: frame };
    if (frame.final) this.#end(frame, frame.text);
    else if (this.listening.intermediate) this.tell("TranscriptionResultChanged", this.#sentence(frame, frame.text));
  }

  protected completed(): void {
    if (this.#open) this.#end(this.#open.last, "");
    this.tell("TranscriptionCompleted");
  }

  #begin(frame: TextFrame): void {
    this.#index++;
    this.tell("SentenceBegin", { index: this.#index, time: msOf(frame.startSample, frame) });
  }

  #end(frame: TextFrame, text: string): void {
    this.#open = undefined;
    this.#ended.add(frame.utterance);
    this.tell("SentenceEnd", {
      ...this.#sentence(frame, text),
      begin_time: msOf(frame.startSample, frame),
      stash_result: { sentenceId: 0, beginTime: 0, currentTime: 0, text: "" },
    });
  }

  #sentence(frame: TextFrame, result: string): Payload {
    return {
      index: this.#index,
      time: msOf(frame.endSample, frame),
      result,
      ...(frame.confidence !== undefined && { confidence: frame.confidence }),
      words: this.wordsOf(frame),
      status: SUCCESS,
    };
  }
}

const msOf = (sample: number, { sampleRateHz }: TextFrame): number => Math.round(samplesToMs(sample, sampleRateHz));
