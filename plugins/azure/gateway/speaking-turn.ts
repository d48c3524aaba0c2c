import {
  asEngineError,
  type EngineError,
  type Frame,
  promptFrame,
  readSsml,
  SentenceCutter,
  ServedRun,
  SpokenOut,
  samplesToMs,
} from "#engine/plugin";
import { hexId, msToTicks, type SpeechMessage } from "../wire.ts";
import { type SpeakAsked, speakAsked } from "./asked.ts";
import type { ServedTurn, TurnPlace } from "./place.ts";
import { type OutFormat, outFormat } from "./spoken-format.ts";
import { boundaries } from "./spoken-text.ts";

/** 100 ms at 16 kHz: what the service's clients are used to. */
const MESSAGE_BYTES = 3200;
/** The service speaks no longer than ten minutes at once; this is what fits into them. */
const MOST_CHARS = 20_000;

/** A client's turn of synthesis: SSML, or text in pieces; audio out, and what belongs to it. */
export class SpeakingTurn implements ServedTurn {
  readonly #streamId: string;
  readonly #cutter = new SentenceCutter();
  #asked: SpeakAsked | undefined;
  #run: ServedRun | undefined;
  #out: SpokenOut | undefined;
  #text = "";
  #sentences = 0;
  #over = false;

  constructor(private readonly place: TurnPlace) {
    this.#streamId = hexId(place.host.newId());
  }

  async message(message: SpeechMessage): Promise<void> {
    if (this.#over) return;
    const body = typeof message.body === "string" ? message.body : "";
    switch (message.path) {
      case "synthesis.context":
        return this.#context(body);
      case "ssml":
        return this.#ssml(body);
      case "text.piece":
        return this.#piece(body);
      case "text.end":
        for (const sentence of this.#cutter.rest()) this.#say(sentence);
        return this.#end();
      default:
    }
  }

  vendorError(): void {
    this.#refuse(1011, "An internal error occurred.");
  }

  leave(): void {
    this.#over = true;
    this.#run?.leave();
    this.#out?.close();
  }

  async gone(): Promise<void> {
    await this.#run?.gone();
  }

  async #context(body: string): Promise<void> {
    this.#asked = speakAsked(jsonOf(body));
    if (!this.#asked) return this.#refuse(1007, "The synthesis context cannot be read.");
    if (this.#asked.streaming) await this.#begin(this.#asked, this.#asked.voice);
  }

  async #ssml(body: string): Promise<void> {
    const read = readSsml(body);
    if (!this.#asked || !read) return this.#refuse(1007, "The SSML cannot be read.");
    if (read.text.length > MOST_CHARS) return this.#refuse(1007, "The text is too long.");
    await this.#begin(this.#asked, read.voice);
    if (this.#over) return;
    if (read.text !== "") this.#say(read.text);
    await this.#end();
  }

  #piece(text: string): void {
    if (!this.#run) return this.#refuse(1007, "A text came before its context.");
    if (this.#text.length + text.length > MOST_CHARS) return this.#refuse(1007, "The text is too long.");
    for (const sentence of this.#cutter.push(text)) this.#say(sentence);
  }

  async #begin(asked: SpeakAsked, voice: string | undefined): Promise<void> {
    const format = outFormat(asked.format);
    if (!format) return this.#refuse(1007, `The output format ${asked.format} is not supported here.`);
    try {
      this.#out = await this.#open(format);
    } catch (error) {
      return this.#failed(asEngineError(error, "INTERNAL", "encoder"));
    }
    const { outlet, host, key, path } = this.place;
    outlet.turnStart();
    outlet.json("response", {
      context: { serviceTag: this.#streamId.toLowerCase() },
      audio: { type: "inline", streamId: this.#streamId },
    });
    if (this.#over) return; // a fault script may answer a message by an error
    const params = { ...(voice !== undefined && { voice }), sampleRateHz: format.sampleRateHz };
    this.#run = new ServedRun(
      host,
      { key, input: { kind: "text" }, params, labels: { service: path } },
      {
        ready() {},
        output: (frame) => this.#heard(frame),
        completed: () => this.#finish(),
        failed: (error) => this.#failed(error),
      },
    );
    await this.#run.settled;
  }

  /** Over the socket RIFF is asked for as raw: its header is the client's own affair. */
  #open({ format, ...of }: OutFormat): Promise<SpokenOut> {
    const sent = format === "wav" ? "pcm" : format;
    return SpokenOut.open({ ...of, format: sent, messageBytes: MESSAGE_BYTES }, (bytes) => {
      if (!this.#over) this.place.outlet.audio(this.#streamId, bytes);
    });
  }

  #say(text: string): void {
    this.#text += text;
    const utterance = `${this.place.outlet.requestId.toLowerCase()}-${++this.#sentences}`;
    const sampleRateHz = this.#out?.options.sampleRateHz;
    void this.#run?.push(promptFrame(text.trim(), utterance, { sampleRateHz })); // texts are few, and bounded above
  }

  async #end(): Promise<void> {
    await this.#run?.settled;
    this.#run?.end();
  }

  #heard(frame: Frame): void {
    if (frame.kind === "audio" && !this.#over) this.#out?.push(frame);
  }

  #finish(): void {
    if (this.#over) return;
    const out = this.#out;
    out?.end();
    const durationMs = out ? samplesToMs(out.samples, out.options.sampleRateHz) : 0;
    this.#metadata(durationMs);
    this.place.outlet.turnEnd();
    this.#over = true;
    out?.close();
    this.place.over();
  }

  #metadata(durationMs: number): void {
    const { outlet } = this.place;
    const tell = (Type: string, Data: object) => outlet.json("audio.metadata", { Metadata: [{ Type, Data }] });
    if (this.#asked?.wordBoundaries)
      for (const { text, offsetMs, durationMs: own, kind } of boundaries(this.#text, durationMs))
        tell("WordBoundary", {
          Offset: msToTicks(offsetMs),
          Duration: msToTicks(own),
          text: { Text: text, Length: text.length, BoundaryType: kind },
        });
    if (this.#asked?.sentenceBoundaries)
      tell("SentenceBoundary", {
        Offset: 0,
        Duration: msToTicks(durationMs),
        text: { Text: this.#text, Length: this.#text.length, BoundaryType: "SentenceBoundary" },
      });
    tell("SessionEnd", { Offset: msToTicks(durationMs) });
  }

  #failed(error: EngineError | undefined): void {
    const code = error?.code ?? "INTERNAL";
    const busy = code === "SERVER_BUSY" || code === "QUOTA_EXCEEDED" || code === "VENDOR_RATE_LIMITED";
    const bad = code === "CONFIG_INVALID" || code === "VOICE_UNKNOWN" || code === "LANGUAGE_UNSUPPORTED";
    this.#refuse(busy ? 4429 : bad ? 1007 : 1011, `The text was not spoken: ${code}`);
  }

  #refuse(close: 1007 | 1011 | 4429, reason: string): void {
    if (this.#over) return;
    this.leave();
    this.place.refuse({ close, reason });
  }
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
