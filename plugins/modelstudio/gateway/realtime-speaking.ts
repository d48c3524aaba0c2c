import {
  type AudioFrame,
  asEngineError,
  type Frame,
  promptFrame,
  SentenceCutter,
  ServedRun,
  SpokenOut,
} from "#engine/plugin";
import type { Payload } from "../wire.ts";
import type { ClientEvent, RealtimePlace, RealtimeServed } from "./realtime-served.ts";
import { type Refusal, refusal, refusalOf } from "./refusal.ts";
import { isSpoken, MESSAGE_BYTES } from "./spoken-formats.ts";
import { numberIn, renamed, wordIn } from "./task.ts";

const RATES_HZ = [8000, 16_000, 24_000, 48_000];
const SESSION_CHARS = 200_000;

/** Events of one response, with the ids that they share. */
interface Response {
  readonly utterance: string | undefined;
  readonly id: string;
  readonly item: string;
  readonly characters: number;
}

/** Synthesis in real time: a sentence of the client's, or what it commits, is a response. */
export class RealtimeSpeaking implements RealtimeServed {
  readonly #cutter = new SentenceCutter();
  #run: ServedRun | undefined;
  #out: SpokenOut | undefined;
  #voice = "";
  /** The client says when to speak. */
  #byCommit = false;
  readonly #texts = new Map<string, string>();
  #characters = 0;
  #response: Response | undefined;

  constructor(readonly place: RealtimePlace) {}

  async update(session: Payload): Promise<Refusal | undefined> {
    const { outlet, key, host, model } = this.place;
    if (this.#run) {
      outlet.event("session.updated", { session: { model, ...session } });
      return undefined;
    }
    const refused = refusedSession(session);
    if (refused) return refused;
    this.#voice = wordIn(session, "voice") ?? "";
    this.#byCommit = session.mode === "commit";
    const format = wordIn(session, "response_format") ?? "pcm";
    if (!isSpoken(format)) return refusal("invalid_value", "session.response_format is not known");
    const kbps = numberIn(session, "bit_rate");
    const options = {
      format,
      sampleRateHz: numberIn(session, "sample_rate") ?? 24_000,
      ...(kbps !== undefined && { bitRate: kbps * 1000 }),
      messageBytes: MESSAGE_BYTES,
    };
    try {
      this.#out = await SpokenOut.open(options, (bytes) => this.#delta(bytes));
    } catch (error) {
      return refusalOf(asEngineError(error, "INTERNAL", "audio"));
    }
    this.#run = new ServedRun(
      host,
      { key, input: { kind: "text" }, params: paramsOf(session), labels: { model } },
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
    if (!this.#run) return refusal("invalid_value", "session.update has to come first");
    switch (type) {
      case "input_text_buffer.append":
        return this.#append(wordIn(fields, "text"));
      case "input_text_buffer.commit":
        this.#speak(this.#cutter.rest());
        return undefined;
      case "input_text_buffer.clear":
        this.#cutter.rest();
        this.place.outlet.event("input_text_buffer.cleared");
        return undefined;
      case "response.cancel":
        return undefined; // what is being spoken is spoken
      case "session.finish":
        this.#speak(this.#cutter.rest());
        this.#run.end();
        return undefined;
      default:
        return refusal("invalid_value", "the type of the event is not known");
    }
  }

  leave(): void {
    this.#run?.leave();
    this.#out?.close();
    this.#out = undefined;
  }

  async gone(): Promise<void> {
    await this.#run?.gone();
  }

  #append(text: string | undefined): Refusal | undefined {
    if (text === undefined) return refusal("invalid_value", "text is missing");
    this.#characters += [...text].length;
    if (this.#characters > SESSION_CHARS) return refusal("invalid_value", "the text is too long");
    const sentences = this.#cutter.push(text);
    this.#speak(this.#byCommit ? [] : sentences);
    return undefined;
  }

  #speak(sentences: readonly string[]): void {
    for (const text of sentences) {
      const utterance = `${this.place.outlet.client.connection.id}-${this.#texts.size + 1}`;
      this.#texts.set(utterance, text);
      this.place.outlet.event("input_text_buffer.committed", { item_id: this.place.outlet.newId("item") });
      void this.#run?.push(promptFrame(text, utterance)); // texts are few, and bounded by the service's own limits
    }
  }

  #output(frame: Frame): void {
    if (frame.kind !== "audio") return;
    if (!this.#response || (frame.utterance !== undefined && frame.utterance !== this.#response.utterance)) {
      this.#endResponse();
      this.#beginResponse(frame);
    }
    this.#out?.push(frame);
  }

  #beginResponse({ utterance }: AudioFrame): void {
    const { outlet } = this.place;
    const characters = [...(this.#texts.get(utterance ?? "") ?? "")].length;
    const response = { utterance, id: outlet.newId("resp"), item: outlet.newId("item"), characters };
    this.#response = response;
    outlet.event("response.created", { response: this.#facts(response, "in_progress") });
    outlet.event("response.output_item.added", this.#within(response, { item: itemOf(response, "in_progress") }));
    outlet.event("response.content_part.added", this.#within(response, { content_index: 0, part: PART }));
  }

  #delta(bytes: Uint8Array): void {
    if (!this.#response) return;
    const delta = Buffer.from(bytes).toString("base64");
    this.place.outlet.event("response.audio.delta", this.#within(this.#response, { content_index: 0, delta }));
  }

  #endResponse(last = false): void {
    const response = this.#response;
    if (!response) return;
    if (last) this.#out?.end();
    else this.#out?.flush();
    this.#response = undefined;
    const { outlet } = this.place;
    outlet.event("response.audio.done", this.#within(response, { content_index: 0 }));
    outlet.event("response.content_part.done", this.#within(response, { content_index: 0, part: PART }));
    outlet.event("response.output_item.done", this.#within(response, { item: itemOf(response, "completed") }));
    const usage = { characters: response.characters };
    outlet.event("response.done", { response: { ...this.#facts(response, "completed"), usage } });
  }

  #facts({ id }: Response, status: string): Payload {
    const facts = { id, object: "realtime.response", conversation_id: "", status, modalities: ["text", "audio"] };
    return { ...facts, voice: this.#voice, output: [] };
  }

  #within({ id, item }: Response, fields: Payload): Payload {
    return { response_id: id, item_id: item, output_index: 0, ...fields };
  }

  #completed(): void {
    this.#endResponse(true);
    this.#out?.close();
    this.#out = undefined;
    this.place.outlet.event("session.finished");
  }
}

const PART = { type: "audio", text: "" };

const itemOf = ({ item }: Response, status: string): Payload => ({
  id: item,
  object: "realtime.item",
  type: "message",
  status,
  role: "assistant",
  content: [],
});

function refusedSession(session: Payload): Refusal | undefined {
  if (wordIn(session, "voice") === undefined) return refusal("invalid_value", "session.voice is missing");
  if (!RATES_HZ.includes(numberIn(session, "sample_rate") ?? 24_000))
    return refusal("invalid_value", "session.sample_rate is not one of 8000, 16000, 24000, 48000");
  for (const [name, least, most] of RANGES) {
    const value = session[name];
    if (value !== undefined && value !== null && !(typeof value === "number" && value >= least && value <= most))
      return refusal("invalid_value", `session.${name} is out of range`);
  }
  return undefined;
}

const RANGES = [
  ["volume", 0, 100],
  ["speech_rate", 0.5, 2],
  ["pitch_rate", 0.5, 2],
  ["bit_rate", 6, 510],
] as const;

/** Under the names of the settings of `modelstudio.tts`, for a workflow that declares such params. */
function paramsOf(session: Payload): Payload {
  const names = {
    voice: "voice",
    volume: "volume",
    speech_rate: "speed",
    pitch_rate: "pitch",
    instructions: "instruction",
  };
  const language = wordIn(session, "language_type");
  return { ...renamed(session, names), ...(language !== undefined && language !== "Auto" && { language }) };
}
