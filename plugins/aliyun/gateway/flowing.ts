import { type AudioFrame, readSsml, SentenceCutter } from "#engine/plugin";
import { countedLength } from "../wire/spoken.ts";
import { type Refusal, refusal } from "./outlet.ts";
import { notSsml, SpeakingTask, spokenParams } from "./speaking-task.ts";
import { type Payload, wordIn } from "./task.ts";

const DIRECTIVE_CHARS = 2000;
const TASK_CHARS = 200_000;

interface Spoken {
  readonly text: string;
  readonly index: number;
  readonly beginMs: number;
}

/** Flowing synthesis: text in pieces; whole sentences are spoken while the rest is still to come. */
export class FlowingTask extends SpeakingTask {
  readonly #cutter = new SentenceCutter();
  /** SSML is one text, and not cut. */
  #document = "";
  #characters = 0;
  #runs = 0;
  #sessionId = "";
  /** By utterance, in the order in which they were given to the workflow. */
  readonly #sentences = new Map<string, string>();
  #current: Spoken | undefined;
  #currentUtterance: string | undefined;
  #index = 0;

  override async start(payload: Payload): Promise<Refusal | undefined> {
    const refused = await this.prepare(payload);
    if (refused) return refused;
    this.#sessionId = wordIn(payload, "session_id") ?? this.place.host.newId().replaceAll("-", "");
    this.begin({ input: { kind: "text" }, params: spokenParams(payload) }, () =>
      this.tell("SynthesisStarted", { session_id: this.#sessionId }),
    );
    return undefined;
  }

  override directive(name: string, payload: Payload): Refusal | undefined {
    if (name === "RunSynthesis") return this.#take(payload);
    if (name === "FlushText") return this.#speakRest();
    if (name !== "StopSynthesis") return refusal(40010003, "Gateway:DIRECTIVE_INVALID:Unknown directive!");
    return this.#speakRest() ?? this.stop();
  }

  protected onSpoken(frame: AudioFrame): void {
    if (!this.#current || (frame.utterance !== undefined && frame.utterance !== this.#currentUtterance)) {
      this.#endSentence();
      this.#currentUtterance = frame.utterance;
      const text = this.#sentences.get(frame.utterance ?? "") ?? "";
      this.#current = { text, index: ++this.#index, beginMs: this.spokenMs };
      this.tell("SentenceBegin", { session_id: this.#sessionId, index: this.#index });
    }
    this.out?.push(frame);
  }

  protected completed(): void {
    this.#endSentence();
    this.out?.end();
    this.tell("SynthesisCompleted", { measureType: "TextLengthHD", measureLength: this.#characters });
  }

  #take(payload: Payload): Refusal | undefined {
    if (!this.isStarted) return refusal(40000002, "Gateway:MESSAGE_INVALID:Can't process message in this state!");
    const text = wordIn(payload, "text");
    if (text === undefined) return refusal(40010003, "Gateway:DIRECTIVE_INVALID:No text specified!");
    const length = countedLength(text);
    this.#characters += length;
    if (length > DIRECTIVE_CHARS || this.#characters > TASK_CHARS)
      return refusal(40000003, "Gateway:PARAMETER_INVALID:Too long text!");
    if (this.ssml && ++this.#runs > 1) return refusal(40000003, "Gateway:PARAMETER_INVALID:SSML takes one text only!");
    if (this.ssml) {
      if (!readSsml(text)) return notSsml;
      this.#document = text;
    } else for (const sentence of this.#cutter.push(text)) this.#speak(sentence);
    return undefined;
  }

  #speakRest(): Refusal | undefined {
    if (!this.isStarted) return refusal(40000002, "Gateway:MESSAGE_INVALID:Can't process message in this state!");
    for (const text of this.ssml ? [this.#document] : this.#cutter.rest()) this.#speak(text);
    this.#document = "";
    return undefined;
  }

  #speak(text: string): void {
    if (text.trim() === "") return;
    const number = this.#sentences.size + 1;
    this.#sentences.set(`${this.id}-${number}`, text);
    this.say(text, number);
  }

  #endSentence(): void {
    const sentence = this.#current;
    if (!sentence) return;
    this.out?.flush();
    this.#current = undefined;
    const { text, beginMs } = sentence;
    const whole = { text, begin_time: beginMs, end_time: this.spokenMs, begin_index: 0, end_index: text.length };
    const subtitles = this.subtitles ? [{ ...whole, sentence: true, phoneme_list: [] }] : [];
    if (this.subtitles) this.tell("SentenceSynthesis", { subtitles });
    this.tell("SentenceEnd", { subtitles });
  }
}
