import type { Frame } from "#engine/plugin";
import { TaskSession } from "../task/session.ts";
import { splitText, spokenResult, timedWords } from "../wire/spoken.ts";
import { type Payload, readPayload, type TaskEvent } from "../wire.ts";
import { speakPayload } from "./config.ts";
import { Saying, type SayingOptions } from "./saying.ts";

/** Characters in one message, as the oldest model takes them. */
const MESSAGE_CHARS = 2000;

/** What CosyVoice and Sambert have in common: audio in binary messages, and events around them. */
abstract class SpeakingSession extends TaskSession {
  protected readonly saying: Saying;
  /** Where the audio of the sentence under way begins, in ms of the task's. */
  #sentenceMs = 0;
  #billed = 0;

  constructor(readonly options: SayingOptions) {
    super(options);
    this.saying = new Saying(options);
  }

  override event(event: TaskEvent): void {
    this.saying.watch();
    super.event(event);
  }

  override audio(bytes: Uint8Array): void {
    this.saying.watch();
    this.saying.spoken(bytes);
  }

  protected result(payload: Payload): void {
    const result = readPayload(payload, spokenResult, "a result");
    const characters = result.usage?.characters ?? 0;
    if (characters > this.#billed) this.ctx.count("billedCharacters", characters - this.#billed);
    this.#billed = Math.max(this.#billed, characters);
    const type = result.output?.type;
    if (type === "sentence-begin") this.#sentenceMs = this.saying.audio.spokenMs;
    if (type !== "sentence-begin" && type !== "sentence-synthesis") this.#words(result);
  }

  protected ended(payload: Payload): void {
    const byItself = !this.isFinishing;
    this.result(payload);
    this.saying.end();
    this.completed.resolve();
    if (byItself) this.place.session.over();
  }

  #words(result: Parameters<typeof timedWords>[0]): void {
    if (this.options.settings.subtitles) this.saying.audio.words(timedWords(result, this.#sentenceMs));
  }
}

/** CosyVoice: a task for each utterance, given its text while that is still being written, or as a whole. */
export class CosyVoiceSession extends SpeakingSession {
  open(): Promise<void> {
    this.run({ streaming: "duplex", payload: speakPayload(this.options.settings) });
    return this.started.promise;
  }

  send(frame: Frame): void {
    const { settings } = this.options;
    const more = this.saying.next(frame);
    if (more === "") return;
    const { task_group, task, function: called, model } = speakPayload(settings);
    for (const text of settings.ssml ? [more] : splitText(more, MESSAGE_CHARS))
      this.proceed({ task_group, task, function: called, model, input: { text } });
    this.saying.watch();
  }

  finish(): Promise<void> {
    this.finishTask();
    this.saying.watch();
    return this.completed.promise;
  }
}

/** Sambert: a task is given its text at once. */
export class SambertSession extends SpeakingSession {
  #text = "";

  async open(): Promise<void> {}

  send(frame: Frame): void {
    this.#text = this.saying.next(frame);
  }

  finish(): Promise<void> {
    this.run({ streaming: "out", payload: speakPayload(this.options.settings, this.#text) });
    this.saying.watch();
    return this.completed.promise;
  }
}
