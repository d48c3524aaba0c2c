import type { TextFrame } from "#engine/plugin";
import { HearingTask, msOf, wordsOf } from "./hearing-task.ts";

/** Paraformer and Fun-ASR: an utterance of the workflow is a sentence. Sentences do not overlap and have no names, so one is open at a time. */
export class SentenceTask extends HearingTask {
  #number = 0;
  #open: TextFrame | undefined;
  /** Their ends were told: what still comes of them is late. */
  readonly #ended = new Set<string>();

  protected onText(frame: TextFrame): void {
    if (frame.role !== this.place.settings.result || this.#ended.has(frame.utterance)) return;
    const open = this.#open;
    if (open && open.utterance !== frame.utterance) {
      if (!frame.final && open.text !== "") return; // an earlier sentence is not ended yet: only finals come for sure, and in order
      this.#end({ ...open, text: "", words: [] });
    }
    if (!this.#open && frame.text === "") return;
    if (frame.final) return this.#end(frame);
    this.#say(frame, false);
    this.#open = frame;
  }

  protected endSentences(): void {
    if (this.#open) this.#end({ ...this.#open, text: "", words: [] });
  }

  #end(frame: TextFrame): void {
    this.#say(frame, true);
    this.#open = undefined;
    this.#number++;
    this.#ended.add(frame.utterance);
  }

  #say(frame: TextFrame, final: boolean): void {
    const sentence = {
      ...(this.place.model.startsWith("fun-asr") && { sentence_id: this.#number + 1, sentence_begin: !this.#open }),
      begin_time: msOf(frame.startSample, frame),
      end_time: final ? msOf(frame.endSample, frame) : null,
      text: frame.text,
      words: wordsOf(frame),
      heartbeat: false,
      sentence_end: final,
    };
    this.tell("result-generated", { output: { sentence }, usage: final ? this.usage : null });
  }
}
