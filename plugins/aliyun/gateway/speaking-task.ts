import { asEngineError, type Frame, promptFrame, readSsml, SpokenOut, samplesToMs } from "#engine/plugin";
import { type Refusal, refusal, refusalOf } from "./outlet.ts";
import { flag, numberIn, type Payload, ServedTask, wordIn } from "./task.ts";

const RATES_HZ = [8000, 11025, 16000, 22050, 24000, 32000, 44100, 48000];
const FORMATS = ["pcm", "wav", "mp3"] as const;
const MESSAGE_BYTES = 3200;

export const notSsml = refusal(41020001, "Gateway:TTS_CLIENT_ERROR:413:Invalid SSML!");

/** Gives a client's texts to the workflow, and what it speaks back to the client. */
export abstract class SpeakingTask extends ServedTask {
  protected out: SpokenOut | undefined;
  protected subtitles = false;
  protected ssml = false;

  /** Checks what all kinds of synthesis are asked for. */
  protected async prepare(payload: Payload): Promise<Refusal | undefined> {
    const named = wordIn(payload, "format") ?? "pcm";
    const format = FORMATS.find((each) => each === named);
    if (!format) return refusal(41010100, "Gateway:UNSUPPORTED_FORMAT:Unsupported audio format!");
    const rate = numberIn(payload, "sample_rate") ?? 16000;
    if (!RATES_HZ.includes(rate)) return refusal(41010101, "Gateway:UNSUPPORTED_SAMPLE_RATE:Unsupported sample rate!");
    for (const [name, least, most] of RANGES) {
      const value = payload[name];
      if (value !== undefined && !(typeof value === "number" && value >= least && value <= most))
        return refusal(40000003, `Gateway:PARAMETER_INVALID:Invalid ${name}!`);
    }
    this.subtitles = flag(payload, "enable_subtitle");
    this.ssml = flag(payload, "enable_ssml");
    try {
      const options = { format, sampleRateHz: rate, messageBytes: MESSAGE_BYTES };
      this.out = await SpokenOut.open(options, (bytes) => this.place.outlet.audio(bytes));
    } catch (error) {
      return refusalOf(asEngineError(error, "INTERNAL", "audio"));
    }
    return undefined;
  }

  protected override release(): void {
    this.out?.close();
  }

  protected abstract onSpoken(frame: Extract<Frame, { kind: "audio" }>): void;

  protected override onOutput(frame: Frame): void {
    if (frame.kind === "audio") this.onSpoken(frame);
  }

  /** Ms of audio so far, of all that was spoken in the task. */
  protected get spokenMs(): number {
    return this.out ? Math.round(samplesToMs(this.out.samples, this.out.options.sampleRateHz)) : 0;
  }

  protected say(text: string, number: number): void {
    const said = this.ssml ? (readSsml(text)?.text ?? "") : text; // the workflow's voice does not know the markup
    const sampleRateHz = this.out?.options.sampleRateHz;
    void this.run?.push(promptFrame(said, `${this.id}-${number}`, { sampleRateHz })); // texts are few, and bounded by the service's own limits
  }
}

/** `volumn` is what the vendor's library for Python sends. */
const RANGES = [
  ["volume", 0, 100],
  ["volumn", 0, 100],
  ["speech_rate", -500, 500],
  ["pitch_rate", -500, 500],
] as const;

/** Under the names of the settings of `aliyun.tts`, for a workflow that declares such params. */
export function spokenParams(payload: Payload): Payload {
  const volume = payload.volume ?? payload.volumn;
  return {
    ...(payload.voice !== undefined && { voice: payload.voice }),
    ...(volume !== undefined && { volume }),
    ...(payload.speech_rate !== undefined && { speechRate: payload.speech_rate }),
    ...(payload.pitch_rate !== undefined && { pitchRate: payload.pitch_rate }),
    ...(payload.sample_rate !== undefined && { sampleRateHz: payload.sample_rate }),
  };
}
