import type { AudioFrame } from "#engine/plugin";
import type { Payload } from "../wire.ts";
import { type Refusal, refusal } from "./refusal.ts";
import { SpeakingTask, spokenParams, spokenText } from "./speaking-task.ts";
import { type TaskAsked, wordIn } from "./task.ts";

const MOST_CHARS = 10_000;

/** Sambert: the text comes with the task, and the client says no more. */
export class SambertTask extends SpeakingTask {
  #text = "";

  override get waitsForClient(): boolean {
    return false;
  }

  protected begun({ parameters, input }: TaskAsked): Refusal | undefined {
    const text = wordIn(input, "text") ?? "";
    this.characters = [...text].length;
    if (text.trim() === "") return refusal("InvalidParameter", "input.text is missing");
    if (this.characters > MOST_CHARS) return refusal("InvalidParameter", "the text is too long");
    const spoken = spokenText(text, parameters.text_type === "SSML");
    if (typeof spoken !== "string") return spoken;
    this.#text = spoken;
    this.begin({ input: { kind: "text" }, params: spokenParams(parameters) }, () => {
      this.say(this.#text, 1);
      this.run?.end();
    });
    return undefined;
  }

  /** The service tells where it is in the text between pieces of audio; measured, that is the whole, at the end. */
  protected announce(): void {}

  protected onSpoken(frame: AudioFrame): void {
    this.out?.push(frame);
  }

  protected completed(): void {
    this.out?.end();
    const words = [{ text: this.#text, begin_time: 0, end_time: this.spokenMs }];
    const sentence = { begin_time: 0, end_time: this.spokenMs, words };
    const usage: Payload = { characters: this.characters };
    this.tell("result-generated", { output: { sentence }, usage });
    this.tell("task-finished", { output: { sentence: { ...sentence, words: [] } }, usage });
  }
}
