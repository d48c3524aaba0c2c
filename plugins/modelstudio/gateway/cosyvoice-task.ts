import { type AudioFrame, SentenceCutter } from "#engine/plugin";
import type { Payload } from "../wire.ts";
import { type Refusal, refusal } from "./refusal.ts";
import { SpeakingTask, spokenParams, spokenText } from "./speaking-task.ts";
import { type TaskAsked, wordIn } from "./task.ts";

const MESSAGE_CHARS = 20_000;
const TASK_CHARS = 200_000;

interface Spoken {
  readonly utterance: string | undefined;
  readonly text: string;
  readonly index: number;
  readonly beginMs: number;
}

/** CosyVoice: text in pieces; whole sentences are spoken while the rest is still to come. */
export class CosyVoiceTask extends SpeakingTask {
  readonly #cutter = new SentenceCutter();
  /** By utterance, as they were given to the workflow. */
  readonly #sentences = new Map<string, string>();
  #ssml = false;
  #messages = 0;
  #current: Spoken | undefined;
  #index = 0;

  override proceed(input: Payload): Refusal | undefined {
    if (this.run?.isStarted !== true) return refusal("InvalidParameter", "continue-task before task-started");
    if (input.flush === true) return this.#speak(this.#cutter.rest());
    const text = wordIn(input, "text");
    if (text === undefined) return refusal("InvalidParameter", "input.text is missing");
    if (this.#ssml && ++this.#messages > 1)
      return refusal("InvalidParameter", "Text request limit violated, expected 1.");
    const characters = [...text].length;
    this.characters += characters;
    if (characters > MESSAGE_CHARS || this.characters > TASK_CHARS)
      return refusal("InvalidParameter", "the text is too long");
    if (!this.#ssml) return this.#speak(this.#cutter.push(text));
    const spoken = spokenText(text, true);
    return typeof spoken === "string" ? this.#speak([spoken]) : spoken;
  }

  override async finish(): Promise<Refusal | undefined> {
    if (this.run?.isStarted) this.#speak(this.#cutter.rest());
    return super.finish();
  }

  protected begun({ parameters, input }: TaskAsked): Refusal | undefined {
    this.#ssml = parameters.enable_ssml === true;
    const text = wordIn(input, "text");
    this.begin({ input: { kind: "text" }, params: spokenParams(parameters) }, () => {
      if (text !== undefined) this.proceed(input); // the text may come with the task
    });
    return undefined;
  }

  protected announce(): void {
    const { text = "", index = 0 } = this.#current ?? {};
    this.#result("sentence-synthesis", text, { index, words: [] });
  }

  protected onSpoken(frame: AudioFrame): void {
    if (!this.#current || (frame.utterance !== undefined && frame.utterance !== this.#current.utterance)) {
      this.#endSentence();
      const text = this.#sentences.get(frame.utterance ?? "") ?? "";
      this.#current = { utterance: frame.utterance, text, index: this.#index++, beginMs: this.spokenMs };
      this.#result("sentence-begin", text, { index: this.#current.index, words: [] });
    }
    this.out?.push(frame);
  }

  protected completed(): void {
    this.#endSentence(true);
    const attributes = { request_uuid: this.place.host.newId() };
    const output = { sentence: { index: Math.max(0, this.#index - 1), words: [] } };
    this.tell("task-finished", { output, usage: { characters: this.characters } }, attributes);
  }

  #speak(sentences: readonly string[]): undefined {
    for (const text of sentences) {
      if (text.trim() === "") continue;
      const number = this.#sentences.size + 1;
      this.#sentences.set(`${this.id}-${number}`, text);
      this.say(text, number);
    }
  }

  /** One entry for the whole sentence: its times are measured, those of single words would be guessed. */
  #endSentence(last = false): void {
    const sentence = this.#current;
    if (!sentence) return;
    if (last) this.out?.end();
    else this.out?.flush();
    this.#current = undefined;
    const { text, index, beginMs } = sentence;
    const times = { begin_time: beginMs, end_time: this.spokenMs };
    const words = [{ text: text.trim(), begin_index: 0, end_index: text.trim().length, ...times }];
    this.#result("sentence-end", text, { index, words }, { characters: this.characters });
  }

  #result(type: string, text: string, sentence: Payload, usage?: Payload): void {
    this.tell("result-generated", { output: { type, original_text: text, sentence }, ...(usage && { usage }) });
  }
}
