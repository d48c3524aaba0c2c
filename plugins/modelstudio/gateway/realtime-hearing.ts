import { asEngineError, type Frame, ServedRun, type TextFrame } from "#engine/plugin";
import type { Payload } from "../wire.ts";
import { type AudioIn, audioIn } from "./audio-in.ts";
import { msOf } from "./hearing-task.ts";
import type { ClientEvent, RealtimePlace, RealtimeServed } from "./realtime-served.ts";
import { type Refusal, refusal, refusalOf } from "./refusal.ts";
import { numberIn, wordIn } from "./task.ts";

const TRANSCRIPTION = "conversation.item.input_audio_transcription";
const MOST_BASE64 = 15 * 1024 * 1024;

interface Item {
  readonly id: string;
  last: TextFrame;
}

/** Recognition in real time: an utterance of the workflow is an item of the conversation. */
export class RealtimeHearing implements RealtimeServed {
  #run: ServedRun | undefined;
  #in: AudioIn | undefined;
  #sampleRateHz = 16_000;
  #samples = 0;
  /** The client says where an utterance ends; else the workflow does, which is told. */
  #manual = false;
  readonly #items = new Map<string, Item>();
  readonly #ended = new Set<string>();
  #previous: string | null = null;

  constructor(readonly place: RealtimePlace) {}

  async update(session: Payload): Promise<Refusal | undefined> {
    const { outlet } = this.place;
    if (this.#run) {
      outlet.event("session.updated", { session: { model: this.place.model, ...session } }); // the run behind keeps its settings
      return undefined;
    }
    const format = wordIn(session, "input_audio_format") ?? "pcm";
    const rate = numberIn(session, "sample_rate") ?? 16_000;
    if (rate !== 8000 && rate !== 16_000) return refusal("invalid_value", "session.sample_rate is not 8000 or 16000");
    if (format !== "pcm" && format !== "opus")
      return refusal("invalid_value", "session.input_audio_format is not known");
    this.#in = await audioIn(format, rate);
    this.#sampleRateHz = rate;
    this.#manual = session.turn_detection === null;
    const input = { kind: "audio", format: { sampleRateHz: rate, channels: 1 } } as const;
    const { key, host, model } = this.place;
    this.#run = new ServedRun(
      host,
      { key, input, params: paramsOf(session), labels: { model } },
      {
        ready: () => outlet.event("session.updated", { session: { model, ...session } }),
        output: (frame) => this.#output(frame),
        completed: () => this.#completed(),
        failed: (error) => this.place.fail(refusalOf(error)),
      },
    );
    await this.#run.settled; // what a client sends meanwhile waits
    return undefined;
  }

  async take({ type, fields }: ClientEvent): Promise<Refusal | undefined> {
    switch (type) {
      case "input_audio_buffer.append":
        return this.#append(wordIn(fields, "audio"));
      case "input_audio_buffer.commit":
        if (!this.#manual) return refusal("invalid_value", "commit is for sessions without turn detection");
        this.#run?.flush();
        return undefined;
      case "input_audio_buffer.clear":
        this.place.outlet.event("input_audio_buffer.cleared");
        return undefined;
      case "session.finish":
        if (!this.#run) this.place.outlet.event("session.finished");
        else this.#run.end();
        return undefined;
      default:
        return refusal("invalid_value", "the type of the event is not known");
    }
  }

  leave(): void {
    this.#run?.leave();
    this.#in?.close();
    this.#in = undefined;
  }

  async gone(): Promise<void> {
    await this.#run?.gone();
  }

  async #append(audio: string | undefined): Promise<Refusal | undefined> {
    if (audio === undefined || audio.length > MOST_BASE64)
      return refusal("invalid_value", "audio is missing or too long");
    if (!this.#run?.isStarted) return this.#run ? undefined : refusal("invalid_value", "audio before session.update");
    try {
      const pcm = await this.#in?.push(Buffer.from(audio, "base64"));
      if (!pcm || pcm.length === 0) return undefined;
      const startSample = this.#samples;
      this.#samples += pcm.length;
      await this.#run.push({ kind: "audio", pcm, sampleRateHz: this.#sampleRateHz, channels: 1, startSample });
    } catch (error) {
      this.place.fail(refusalOf(asEngineError(error, "AUDIO_NOT_RECOGNISED", "audio")));
    }
    return undefined;
  }

  #output(frame: Frame): void {
    if (frame.kind !== "text" || frame.role !== this.place.settings.result || this.#ended.has(frame.utterance)) return;
    if (!this.#items.has(frame.utterance) && frame.text === "") return;
    const item = this.#item(frame);
    item.last = frame;
    if (frame.final) return this.#end(item, frame.text);
    const settled = frame.text.slice(0, frame.stableChars);
    this.#say(item, "text", { text: settled, stash: frame.text.slice(settled.length) });
  }

  #item(frame: TextFrame): Item {
    const known = this.#items.get(frame.utterance);
    if (known) return known;
    const { outlet } = this.place;
    const item: Item = { id: outlet.newId("item"), last: frame };
    this.#items.set(frame.utterance, item);
    if (!this.#manual)
      outlet.event("input_audio_buffer.speech_started", {
        audio_start_ms: msOf(frame.startSample, frame),
        item_id: item.id,
      });
    return item;
  }

  #end(item: Item, transcript: string): void {
    const { outlet } = this.place;
    const { last, id } = item;
    this.#items.delete(last.utterance);
    this.#ended.add(last.utterance);
    if (!this.#manual)
      outlet.event("input_audio_buffer.speech_stopped", { audio_end_ms: msOf(last.endSample, last), item_id: id });
    const place = { previous_item_id: this.#previous, item_id: id };
    outlet.event("input_audio_buffer.committed", place);
    outlet.event("conversation.item.created", {
      previous_item_id: this.#previous,
      item: { id, object: "realtime.item", type: "message", status: "completed", role: "user" },
    });
    this.#previous = id;
    this.#say(item, "completed", { transcript });
  }

  #say({ id, last }: Item, what: string, text: Payload): void {
    const language = last.language === undefined ? {} : { language: last.language.split("-")[0] };
    this.place.outlet.event(`${TRANSCRIPTION}.${what}`, { item_id: id, content_index: 0, ...language, ...text });
  }

  #completed(): void {
    for (const item of [...this.#items.values()]) this.#end(item, "");
    this.#in?.close();
    this.#in = undefined;
    this.place.outlet.event("session.finished");
  }
}

/** Under the names of the settings of `modelstudio.asr`, for a workflow that declares such params. */
function paramsOf(session: Payload): Payload {
  const { input_audio_transcription: said, turn_detection: turns } = session as {
    readonly input_audio_transcription?: { readonly language?: unknown; readonly corpus?: { readonly text?: unknown } };
    readonly turn_detection?: { readonly silence_duration_ms?: unknown } | null;
  };
  const language = said?.language;
  const context = said?.corpus?.text;
  const endSilenceMs = turns?.silence_duration_ms;
  return {
    ...(typeof language === "string" && { language }),
    ...(typeof context === "string" && { context }),
    ...(typeof endSilenceMs === "number" && { endSilenceMs }),
  };
}
