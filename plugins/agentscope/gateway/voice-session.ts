import {
  convertChannels,
  type EngineError,
  type Frame,
  type GatewayHost,
  type GatewayKey,
  SampleDecoder,
  ServedRun,
  type TextFrame,
} from "#engine/plugin";
import type { VoiceChatEvent } from "../wire.ts";
import type { Asked } from "./asked.ts";
import { ResponseAudio } from "./response-audio.ts";
import type { GatewaySettings } from "./settings.ts";

/** What a session stands on. */
export interface SessionPlace {
  readonly id: string;
  readonly asked: Asked;
  readonly key: GatewayKey;
  readonly host: GatewayHost;
  readonly settings: GatewaySettings;
  tell(event: VoiceChatEvent): void;
  audio(bytes: Uint8Array): void;
  /** It has ended in order. */
  over(): void;
  failed(error: EngineError | undefined): void;
}

/** A client's session: what is said goes to a run of the workflow; what the workflow hears, answers and speaks comes back as events. */
export class VoiceSession {
  readonly #run: ServedRun;
  readonly #voice: ResponseAudio;
  readonly #decoder: SampleDecoder;
  #samples = 0;
  #heard = "";
  /** Of the answer that is being written, what was told. */
  readonly #told = { utterance: "", chars: 0 };
  #over = false;

  constructor(private readonly place: SessionPlace) {
    const { host, key, asked, settings, id } = place;
    const { sampleRateHz, channels } = asked.input;
    this.#decoder = new SampleDecoder("s16le", channels);
    this.#voice = new ResponseAudio(host.clock, settings, asked.output, {
      started: () => this.#tell("ResponseAudioStarted"),
      audio: (bytes) => place.audio(bytes),
      ended: () => this.#tell("ResponseAudioEnded"),
      failed: (error) => this.#failed(error as EngineError),
    });
    this.#run = new ServedRun(
      host,
      {
        key,
        input: { kind: "audio", format: { sampleRateHz, channels: 1 } },
        params: { ...asked.params, sampleRateHz: asked.output.sampleRateHz },
        labels: { service: "voice-chat", session: id },
      },
      {
        ready: () => this.#tell("SessionStarted"),
        output: (frame) => this.#output(frame),
        completed: () => void this.#finish(),
        failed: (error) => this.#failed(error),
      },
    );
  }

  /** Samples as they come, of any length; resolves when there is room for more. */
  async push(bytes: Uint8Array): Promise<void> {
    const { channels, sampleRateHz } = this.place.asked.input;
    const pcm = convertChannels(this.#decoder.push(bytes), channels, 1);
    if (pcm.length === 0) return;
    const startSample = this.#samples;
    this.#samples += pcm.length;
    await this.#run.settled;
    await this.#run.push({ kind: "audio", pcm, sampleRateHz, channels: 1, startSample });
  }

  /** What was said so far is still answered. */
  async stop(): Promise<void> {
    await this.#run.settled;
    this.#run.end();
  }

  /** The client has gone, or gets no more. */
  leave(): void {
    this.#over = true;
    this.#voice.close();
    this.#run.leave();
  }

  gone(): Promise<void> {
    return this.#run.gone();
  }

  #output(frame: Frame): void {
    if (this.#over) return;
    if (frame.kind === "audio" && this.place.asked.audio) this.#voice.push(frame);
    if (frame.kind === "text" && frame.role === "transcript") this.#transcript(frame);
    else if (frame.kind === "text" && this.place.asked.text) this.#response(frame);
  }

  #transcript({ text, final, utterance }: TextFrame): void {
    if (text === "") return;
    if (utterance !== this.#heard && this.place.settings.bargeIn) this.#voice.interrupt();
    this.#heard = utterance;
    const { tell, id } = this.place;
    tell({ event: "AudioTranscript", payload: { session_id: id, text, finished: final } });
  }

  /** Of an answer that is still being written only what stays as it is. */
  #response({ text, final, utterance, stableChars }: TextFrame): void {
    if (utterance !== this.#told.utterance) Object.assign(this.#told, { utterance, chars: 0 });
    const piece = text.slice(this.#told.chars, final ? text.length : stableChars);
    this.#told.chars = final ? 0 : Math.max(this.#told.chars, stableChars);
    if (piece === "" && !final) return;
    const { tell, id } = this.place;
    tell({ event: "ResponseText", payload: { session_id: id, text: piece, tool_calls: [], finished: final } });
  }

  async #finish(): Promise<void> {
    await this.#voice.finish();
    if (this.#over) return;
    this.#over = true;
    this.#tell("SessionStopped");
    this.place.over();
  }

  #failed(error: EngineError | undefined): void {
    if (this.#over) return;
    this.leave();
    this.place.failed(error);
  }

  #tell(event: "SessionStarted" | "SessionStopped" | "ResponseAudioStarted" | "ResponseAudioEnded"): void {
    this.place.tell({ event, payload: { session_id: this.place.id } });
  }
}
