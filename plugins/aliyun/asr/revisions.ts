import type { Session } from "#engine/plugin";
import { tell } from "../task.ts";
import { type Heard, textFrame } from "../wire/recognised.ts";
import type { SessionOptions } from "./recognition-session.ts";

/** The texts of one utterance as the workflow gets them: rising revisions, then a final, or a partial taken back. */
export class Revisions {
  #revision = 0;
  #last: Heard | undefined;
  #done = false;

  constructor(
    readonly utterance: string,
    readonly session: Session,
    readonly options: Pick<SessionOptions, "ctx" | "settings" | "order">,
    readonly taskId: string,
  ) {}

  partial(heard: Heard): void {
    if (this.#done || (heard.text === "" && !this.#last?.text)) return;
    tell(this.options.ctx, "changed", { taskId: this.taskId, utterance: this.utterance });
    this.#emit(heard, "partial");
  }

  final(heard: Heard): void {
    if (this.#done) return this.options.ctx.count("strayEvents");
    if (heard.text === "") return this.takeBack();
    this.#done = true;
    this.#emit(heard, "final");
  }

  /** Nothing was said, or it will not be known. */
  takeBack(): void {
    if (this.#done) return;
    this.#done = true;
    const { ctx } = this.options;
    ctx.count("emptyUtterances");
    ctx.report({ type: "emptyUtterance", utterance: this.utterance });
    const { words: _words, confidence: _confidence, ...last } = this.#last ?? { text: "" };
    if (last.text !== "" && "endMs" in last) this.#emit({ ...last, text: "", final: false }, "partial");
  }

  #emit(heard: Heard, port: "partial" | "final"): void {
    const { settings, order } = this.options;
    const { timeline } = this.session;
    this.#last = heard;
    const frame = textFrame(heard, {
      utterance: this.utterance,
      revision: ++this.#revision,
      taskId: this.taskId,
      ...(settings.language !== undefined && { language: settings.language }),
      sampleRateHz: timeline.sampleRateHz,
      position: (ms) => timeline.positionOfMs(ms),
      fromSample: Math.max(order.endSample, timeline.position(0)),
    });
    if (heard.final) order.endSample = frame.endSample;
    this.session.emit(frame, port);
  }
}
