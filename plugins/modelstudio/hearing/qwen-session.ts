import type { Frame, NodeContext, Session, Wire } from "#engine/plugin";
import type { RealtimeSession } from "../realtime/protocol.ts";
import { vendorFailure } from "../status.ts";
import { tell } from "../task/session.ts";
import { clientEvent, type RealtimeEvent } from "../wire/realtime.ts";
import type { Payload } from "../wire.ts";
import type { AudioWriter } from "./audio.ts";
import type { HearingSettings } from "./config.ts";
import { sessionFields } from "./parameters.ts";
import type { Sentences } from "./sentences.ts";

const TRANSCRIPTION = "conversation.item.input_audio_transcription";

export interface QwenOptions {
  readonly ctx: NodeContext;
  readonly wire: Wire;
  readonly session: Session;
  /** As they are when the session opens. */
  readonly settings: HearingSettings;
  readonly writer: AudioWriter;
  readonly sentences: Sentences;
  readonly heardOne: () => void;
}

/** Where an item of the service's conversation lies, in ms of the session. */
interface Item {
  readonly beginMs: number;
  endMs?: number;
}

/** Qwen's recognition in real time: an item of the service's is a sentence. */
export class QwenSession implements RealtimeSession {
  readonly #updated: PromiseWithResolvers<void>;
  readonly #finished: PromiseWithResolvers<void>;
  readonly #items = new Map<string, Item>();
  /** Where the last item ended that was said of; the next begins there unless the service says it. */
  #endMs = 0;
  #asked = false;
  #over = false;

  constructor(readonly options: QwenOptions) {
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
    const bytes = this.#over ? undefined : this.options.writer.write(frame);
    if (bytes) this.#send("input_audio_buffer.append", { audio: Buffer.from(bytes).toString("base64") });
  }

  finish(): Promise<void> {
    if (!this.#asked && !this.#over) {
      this.#asked = true;
      const { settings, session } = this.options;
      if (settings.mode === "utterance" && session.timeline.sentSamples > 0) this.#send("input_audio_buffer.commit");
      this.#send("session.finish");
    }
    return this.#finished.promise;
  }

  event(event: RealtimeEvent): void {
    const { ctx, session } = this.options;
    const { item_id: id } = event;
    switch (event.type) {
      case "session.updated":
        tell(ctx, "started", {});
        return this.#updated.resolve();
      case "input_audio_buffer.speech_started":
        if (id) this.#items.set(id, { beginMs: event.audio_start_ms ?? session.timeline.sentMs });
        return;
      case "input_audio_buffer.speech_stopped":
        if (id) this.#item(id).endMs = event.audio_end_ms ?? session.timeline.sentMs;
        return;
      case "input_audio_buffer.committed":
      case "input_audio_buffer.cleared":
      case "conversation.item.created":
        return;
      case `${TRANSCRIPTION}.text`:
        return this.#hear(event, { settled: event.text ?? "", stash: event.stash ?? "", final: false });
      case `${TRANSCRIPTION}.completed`:
        return this.#hear(event, { settled: event.transcript ?? "", stash: "", final: true });
      case `${TRANSCRIPTION}.failed`:
        throw vendorFailure({ code: `${event.error?.code ?? "unnamed"}` }, "a sentence");
      case "session.finished":
        return this.#end();
      default:
        return ctx.count("unknownEvents");
    }
  }

  #hear(
    event: RealtimeEvent,
    { settled, stash, final }: { readonly settled: string; readonly stash: string; readonly final: boolean },
  ): void {
    const key = event.item_id ?? "";
    const item = this.#item(key);
    const endMs = item.endMs ?? this.options.session.timeline.sentMs;
    if (final) this.#endMs = endMs;
    this.options.sentences.hear({
      key,
      role: "transcript",
      ...(event.language && { language: event.language }),
      text: settled + stash,
      final,
      stableChars: settled.length,
      beginMs: item.beginMs,
      endMs,
      words: [],
      vendor: { item: key, ...(event.emotion && { emotion: event.emotion }) },
    });
    if (final) this.options.heardOne();
  }

  #item(id: string): Item {
    let item = this.#items.get(id);
    if (!item) {
      item = { beginMs: this.#endMs };
      this.#items.set(id, item);
    }
    return item;
  }

  #end(): void {
    if (this.#over) return;
    this.#over = true;
    const { ctx, writer, sentences, session } = this.options;
    writer.close();
    sentences.close();
    tell(ctx, "completed", { byItself: !this.#asked });
    this.#finished.resolve();
    if (!this.#asked) session.over();
  }

  #send(type: string, fields?: Payload): void {
    this.options.wire.send(clientEvent(type, this.options.ctx.newId(), fields));
  }
}
