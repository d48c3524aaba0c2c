import {
  type AudioFrame,
  asEngineError,
  type Frame,
  looksLikeSsml,
  promptFrame,
  readSsml,
  SpokenOut,
  type SpokenOutOptions,
  samplesToMs,
} from "#engine/plugin";
import type { Payload } from "../wire.ts";
import { type Refusal, refusal, refusalOf } from "./refusal.ts";
import { isSpoken, MESSAGE_BYTES, SPOKEN_RATES_HZ } from "./spoken-formats.ts";
import { listIn, numberIn, renamed, ServedTask, type TaskAsked, wordIn } from "./task.ts";

/** What the vendor's library means where its user chose no format. */
const DEFAULT = { format: "mp3", sampleRateHz: 22_050 };

/** Gives a client's texts to the workflow, and what it speaks back to the client. */
export abstract class SpeakingTask extends ServedTask {
  protected out: SpokenOut | undefined;
  protected characters = 0;

  protected abstract begun(asked: TaskAsked): Refusal | undefined;
  protected abstract onSpoken(frame: AudioFrame): void;
  /** Before each message of audio. */
  protected abstract announce(): void;

  override async start(asked: TaskAsked): Promise<Refusal | undefined> {
    const wanted = formatOf(asked.parameters);
    if ("code" in wanted) return wanted;
    try {
      this.out = await SpokenOut.open(wanted, (bytes) => {
        this.announce();
        this.place.outlet.audio(bytes);
      });
    } catch (error) {
      return refusalOf(asEngineError(error, "INTERNAL", "audio"));
    }
    return this.begun(asked);
  }

  protected override release(): void {
    this.out?.close();
  }

  protected override onOutput(frame: Frame): void {
    if (frame.kind === "audio") this.onSpoken(frame);
  }

  /** Ms of audio so far, of all that was spoken in the task. */
  protected get spokenMs(): number {
    return this.out ? Math.round(samplesToMs(this.out.samples, this.out.options.sampleRateHz)) : 0;
  }

  protected say(text: string, number: number): void {
    const sampleRateHz = this.out?.options.sampleRateHz;
    void this.run?.push(promptFrame(text, `${this.id}-${number}`, { sampleRateHz })); // texts are few, and bounded by the service's own limits
  }
}

const RANGES = [
  ["volume", 0, 100],
  ["rate", 0.5, 2],
  ["pitch", 0.5, 2],
  ["bit_rate", 6, 510],
  ["seed", 0, 65_535],
] as const;

/** What is to be sent, with what stands in for what was not asked for; or why it cannot be. */
export function formatOf(parameters: Payload): SpokenOutOptions | Refusal {
  const named = wordIn(parameters, "format") ?? "Default";
  const format = named === "Default" ? DEFAULT.format : named;
  const sampleRateHz = numberIn(parameters, "sample_rate") || DEFAULT.sampleRateHz;
  if (!isSpoken(format)) return refusal("UNSUPPORTED_FORMAT", "the format is not known");
  const rates = format === "opus" ? SPOKEN_RATES_HZ.filter((rate) => 48_000 % rate === 0) : SPOKEN_RATES_HZ;
  if (!rates.includes(sampleRateHz)) return refusal("InvalidParameter", "sample_rate is not one of the format's");
  for (const [name, least, most] of RANGES) {
    const value = parameters[name];
    if (value !== undefined && value !== null && !(typeof value === "number" && value >= least && value <= most))
      return refusal("InvalidParameter", `${name} is out of range`);
  }
  const kbps = numberIn(parameters, "bit_rate");
  return { format, sampleRateHz, ...(kbps !== undefined && { bitRate: kbps * 1000 }), messageBytes: MESSAGE_BYTES };
}

/** Under the names of the settings of `modelstudio.tts`, for a workflow that declares such params. */
export function spokenParams(parameters: Payload): Payload {
  const [language] = listIn(parameters, "language_hints");
  const names = {
    voice: "voice",
    volume: "volume",
    rate: "speed",
    pitch: "pitch",
    instruction: "instruction",
    seed: "seed",
  };
  return { ...renamed(parameters, names), ...(language !== undefined && { language }) };
}

/**
 * What is read out of a text that may be SSML, without the markup, which the workflow's voice does not know. The vendor's library says of every
 * text that it hands over at once that it may be: what has no `speak` is plain.
 */
export function spokenText(text: string, maybeSsml: boolean): string | Refusal {
  if (!maybeSsml || !looksLikeSsml(text)) return text;
  return readSsml(text)?.text ?? refusal("InvalidParameter", "the text is no well-formed SSML");
}
