import type { Frame } from "#engine/plugin";
import type { RealtimeSession } from "../realtime/protocol.ts";
import { vendorFailure } from "../status.ts";
import { tell } from "../task/session.ts";
import { clientEvent, type RealtimeEvent } from "../wire/realtime.ts";
import type { Payload } from "../wire.ts";
import { sessionFields } from "./config.ts";
import { Saying, type SayingOptions } from "./saying.ts";

/** Events around the audio that tell nothing that is needed. */
const KNOWN = [
  "input_text_buffer.committed",
  "input_text_buffer.cleared",
  "response.created",
  "response.output_item.added",
  "response.content_part.added",
  "response.audio.done",
  "response.content_part.done",
  "response.output_item.done",
];

/** Qwen's synthesis in real time: a session for each utterance, given its text while that is still being written, or as a whole. */
export class QwenSpeakingSession implements RealtimeSession {
  readonly #saying: Saying;
  readonly #updated: PromiseWithResolvers<void>;
  readonly #finished: PromiseWithResolvers<void>;
  #asked = false;
  #over = false;

  constructor(readonly options: SayingOptions) {
    this.#saying = new Saying(options);
    this.#updated = options.wire.expect();
    this.#finished = options.wire.expect();
  }

  get isOver(): boolean {
    return this.#over;
  }

  open(): Promise<void> {
    this.#send("session.update", { session: sessionFields(this.options.settings) });
    return this.#updated.promise;
  }

  send(frame: Frame): void {
    const text = this.#saying.next(frame);
    if (text === "") return;
    this.#send("input_text_buffer.append", { text });
    this.#saying.watch();
  }

  finish(): Promise<void> {
    if (!this.#asked && !this.#over) {
      this.#asked = true;
      this.#send("session.finish");
      this.#saying.watch();
    }
    return this.#finished.promise;
  }

  event(event: RealtimeEvent): void {
    const { ctx } = this.options;
    this.#saying.watch();
    switch (event.type) {
      case "session.updated":
        tell(ctx, "started", {});
        return this.#updated.resolve();
      case "response.audio.delta":
        return this.#saying.spoken(Buffer.from(event.delta ?? "", "base64"));
      case "response.done":
        return this.#responseDone(event);
      case "session.finished":
        return this.#end();
      default:
        if (!KNOWN.includes(event.type)) ctx.count("unknownEvents");
    }
  }

  #responseDone({ response }: RealtimeEvent): void {
    if (response?.status === "failed") throw vendorFailure({ code: "InternalError" }, "a text");
    const characters = response?.usage?.characters ?? 0;
    if (characters > 0) this.options.ctx.count("billedCharacters", characters);
  }

  #end(): void {
    if (this.#over) return;
    this.#over = true;
    this.#saying.end();
    this.#finished.resolve();
    if (!this.#asked) this.options.session.over();
  }

  #send(type: string, fields?: Payload): void {
    this.options.wire.send(clientEvent(type, this.options.ctx.newId(), fields));
  }
}
