import { type AudioFrame, readSsml } from "#engine/plugin";
import { countedLength, splitText } from "../wire/spoken.ts";
import { type Refusal, refusal } from "./outlet.ts";
import { notSsml, SpeakingTask, spokenParams } from "./speaking-task.ts";
import { type Payload, wordIn } from "./task.ts";

/** Of plain synthesis; what is longer is cut, as the service does it. */
const PLAIN_CHARS = 300;
const LONG_CHARS = 100_000;

/** Plain and long synthesis: one text, its audio, and that it is done. */
export class SynthesisTask extends SpeakingTask {
  #text = "";

  override get waitsForClient(): boolean {
    return false;
  }

  override async start(payload: Payload): Promise<Refusal | undefined> {
    const text = wordIn(payload, "text") ?? "";
    if (text.trim() === "") return refusal(40010003, "Gateway:DIRECTIVE_INVALID:No text specified!");
    const long = this.namespace === "SpeechLongSynthesizer";
    if (long && countedLength(text) > LONG_CHARS) return refusal(40000003, "Gateway:PARAMETER_INVALID:Too long text!");
    const refused = await this.prepare(payload);
    if (refused) return refused;
    if (this.ssml && !readSsml(text)) return notSsml;
    this.#text = long || this.ssml ? text : (splitText(text, PLAIN_CHARS)[0] ?? "");
    if (this.#text !== text)
      this.place.host.log.warn("a text was cut", { characters: text.length - this.#text.length });
    this.begin({ input: { kind: "text" }, params: spokenParams(payload) }, () => {
      if (this.place.settings.synthesisStarted) this.tell("SynthesisStarted");
      this.say(this.#text, 1);
      this.stop();
    });
    return undefined;
  }

  override directive(): Refusal | undefined {
    return refusal(40010003, "Gateway:DIRECTIVE_INVALID:Unknown directive!");
  }

  protected onSpoken(frame: AudioFrame): void {
    this.out?.push(frame);
  }

  protected completed(): void {
    this.out?.end();
    if (this.subtitles) this.tell("MetaInfo", { subtitles: [this.#whole()] });
    this.tell("SynthesisCompleted");
  }

  /** One entry for the whole text: its times are measured, those of single words would be guessed. */
  #whole(): Payload {
    const text = this.#text;
    return { text, begin_time: 0, end_time: this.spokenMs, begin_index: 0, end_index: text.length, phoneme: "null" };
  }
}
