import type { TextFrame } from "#engine/plugin";
import { ListeningTask } from "./listening-task.ts";
import { type Refusal, refusal } from "./outlet.ts";
import { flag, numberIn, type Payload } from "./task.ts";

/** What the service takes for one sentence. */
const MOST_MS = 60_000;

/** One-sentence recognition: all texts of the run are one result. */
export class RecognitionTask extends ListeningTask {
  protected readonly startedEvent = "RecognitionStarted";
  readonly #finals: TextFrame[] = [];
  #partial: TextFrame | undefined;
  #detects = false;
  #endsByItself = false;
  #startSilenceMs: number | undefined;

  override start(payload: Payload): Refusal | undefined {
    this.#detects = flag(payload, "enable_voice_detection");
    this.#startSilenceMs = this.#detects ? numberIn(payload, "max_start_silence") : undefined;
    return super.start(payload);
  }

  override directive(name: string): Refusal | undefined {
    if (name === "StopRecognition") return this.#endsByItself ? undefined : this.stop();
    return refusal(40010003, "Gateway:DIRECTIVE_INVALID:Unknown directive!");
  }

  protected startedPayload(): undefined {
    return undefined;
  }

  protected override onHeard(): Refusal | undefined {
    if (this.heardMs > MOST_MS) return refusal(41010104, "Gateway:TOO_LONG_SPEECH:Too long speech!");
    const silent = this.#finals.length === 0 && !this.#partial;
    if (this.#startSilenceMs !== undefined && silent && this.heardMs > this.#startSilenceMs)
      return refusal(40270002, "Gateway:NO_VALID_AUDIO_ERROR:No valid audio!");
    return undefined;
  }

  protected onText(frame: TextFrame): void {
    if (frame.final) {
      this.#finals.push(frame);
      this.#partial = undefined;
      if (!this.#detects || !this.isStarted) return;
      this.#endsByItself = true; // the silence behind a sentence ends the task
      this.stop();
      return;
    }
    this.#partial = frame.text === "" ? undefined : frame;
    if (this.listening.intermediate && this.#partial) this.tell("RecognitionResultChanged", this.#result());
  }

  protected completed(): void {
    this.#partial = undefined;
    this.tell("RecognitionCompleted", this.#result());
  }

  #result(): Payload {
    const texts = this.#partial ? [...this.#finals, this.#partial] : this.#finals;
    const confident = this.#finals.flatMap(({ confidence }) => (confidence === undefined ? [] : [confidence]));
    return {
      result: texts.reduce((all, { text }) => joinTexts(all, text), ""),
      duration: this.heardMs,
      ...(confident.length > 0 && confident.length === texts.length && { confidence: Math.min(...confident) }),
      ...(this.listening.words && { words: texts.flatMap((frame) => this.wordsOf(frame)) }),
    };
  }
}

/** With a blank between, unless the writing has none. */
function joinTexts(before: string, after: string): string {
  const unspaced = /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\u3000-\u303f\uff00-\uffef]/u;
  const [last = ""] = [...before].slice(-1);
  const [first = ""] = after;
  return before === "" || after === "" || (unspaced.test(last) && unspaced.test(first))
    ? before + after
    : `${before} ${after}`;
}
