import type { TextFrame } from "#engine/plugin";
import type { Payload } from "../wire.ts";
import { HearingTask, msOf, wordsOf } from "./hearing-task.ts";
import { listIn } from "./task.ts";

/** Gummy: an utterance of the workflow is a sentence, of which transcript and translations are told by its number. */
export class GummyTask extends HearingTask {
  readonly #numbers = new Map<string, number>();
  /** Texts that stand without their ends, by sentence, role and language. */
  readonly #open = new Map<string, TextFrame>();
  readonly #ended = new Set<string>();

  protected onText(frame: TextFrame): void {
    if (frame.role === "prompt" || !this.#wants(frame)) return;
    const slot = slotOf(frame);
    if (this.#ended.has(slot) || (frame.text === "" && !this.#open.has(slot))) return;
    this.#say(frame, frame.final);
    if (frame.final) this.#end(slot, frame);
    else this.#open.set(slot, frame);
  }

  protected endSentences(): void {
    for (const frame of this.#open.values()) this.#say({ ...frame, text: "", words: [] }, true);
    this.#open.clear();
  }

  #end(slot: string, frame: TextFrame): void {
    this.#open.delete(slot);
    this.#ended.add(slot);
    if (!this.place.model.startsWith("gummy-chat")) return;
    const last = this.parameters.translation_enabled === true ? "translation" : "transcript";
    if (frame.role === last) this.run?.end(); // it takes one sentence
  }

  #wants({ role }: TextFrame): boolean {
    if (role === "translation") return this.parameters.translation_enabled === true;
    return this.parameters.transcription_enabled !== false;
  }

  #say(frame: TextFrame, final: boolean): void {
    const number = this.#numbers.get(frame.utterance) ?? this.#numbers.size;
    this.#numbers.set(frame.utterance, number);
    const fixed = final || frame.stableChars === frame.text.length;
    const endMs = msOf(frame.endSample, frame);
    const sentence = {
      sentence_id: number,
      begin_time: msOf(frame.startSample, frame),
      end_time: final ? endMs : null,
      current_time: endMs,
      text: frame.text,
      words: wordsOf(frame).map((word) => ({ ...word, fixed, speaker_id: frame.speaker ?? null })),
      sentence_end: final,
    };
    const output: Payload =
      frame.role === "translation"
        ? { translations: [{ ...sentence, lang: this.#languageOf(frame) }] }
        : { transcription: { ...sentence, ...NO_EARLY_END } };
    this.tell("result-generated", { output, usage: final ? this.usage : null });
  }

  #languageOf({ language }: TextFrame): string {
    return language ?? listIn(this.parameters, "translation_target_languages")[0] ?? "";
  }
}

/**
 * The service guesses ends of speech before it is sure; here they are known or not. A `stash` of the next sentence is left out: the
 * vendor's library cannot read one that is null.
 */
const NO_EARLY_END = {
  vad_pre_end: false,
  pre_end_failed: false,
  pre_end_start_time: null,
  pre_end_end_time: null,
};

const slotOf = ({ role, utterance, language = "" }: TextFrame): string => `${utterance} ${role} ${language}`;
