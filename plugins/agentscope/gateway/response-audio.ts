import {
  type AudioFrame,
  type Clock,
  EngineError,
  SpokenOut,
  type SpokenOutOptions,
  samplesToMs,
} from "#engine/plugin";
import type { GatewaySettings } from "./settings.ts";

export interface ResponseListener {
  started(): void;
  audio(bytes: Uint8Array): void;
  ended(): void;
  failed(error: unknown): void;
}

/** Longer frames are cut, so that an interruption need not wait. */
const PIECE_MS = 100;

/** What a session speaks, response after response, little faster than it is heard: whoever interrupts it has heard nearly all that was sent. */
export class ResponseAudio {
  readonly #queue: AudioFrame[] = [];
  #queuedMs = 0;
  #speaking: Promise<void> | undefined;
  #wake: (() => void) | undefined;
  #closed = false;
  /** Nothing more comes of the response that is being spoken. */
  #last = false;
  /** Of the response that is being spoken. */
  #utterance: string | undefined;
  /** The response that was interrupted last: what still comes of it is dropped, too. */
  #silenced: string | undefined;

  constructor(
    private readonly clock: Clock,
    private readonly settings: Pick<GatewaySettings, "leadMs" | "quietMs" | "mostQueuedMs">,
    private readonly format: Omit<SpokenOutOptions, "messageBytes">,
    private readonly listener: ResponseListener,
  ) {}

  push(frame: AudioFrame): void {
    if (this.#closed) return;
    const { pcm, channels, sampleRateHz, utterance } = frame;
    if (utterance !== undefined && utterance === this.#silenced && !frame.protected) return;
    const size = Math.max(1, Math.round((sampleRateHz * PIECE_MS) / 1000)) * channels;
    for (let at = 0; at < pcm.length; at += size) this.#queue.push({ ...frame, pcm: pcm.subarray(at, at + size) });
    this.#queuedMs += samplesToMs(pcm.length / channels, sampleRateHz);
    if (this.#queuedMs > this.settings.mostQueuedMs)
      return this.listener.failed(
        new EngineError("AUDIO_TOO_LONG", `more than ${this.settings.mostQueuedMs} ms of speech wait to be heard`),
      );
    this.#wake?.();
    this.#speaking ??= this.#speak().catch((error) => this.listener.failed(error));
  }

  /** Somebody speaks over it: what was not sent is dropped, unless it is protected. */
  interrupt(): void {
    if (!this.#speaking) return;
    this.#silenced = this.#utterance;
    const kept = this.#queue.filter((frame) => frame.protected);
    this.#queue.splice(0, this.#queue.length, ...kept);
    this.#queuedMs = kept.reduce((sum, piece) => sum + lengthMs(piece), 0);
    if (kept.length > 0) return;
    this.#last = true;
    this.#wake?.();
  }

  /** Nothing more comes; resolves when all of it was sent, and told. */
  async finish(): Promise<void> {
    while (this.#speaking) {
      this.#last = true;
      this.#wake?.();
      await this.#speaking;
    }
  }

  /** Falls silent without a word. */
  close(): void {
    this.#closed = true;
    this.#queue.length = 0;
    this.#wake?.();
  }

  /** Speaks one response: what was spoken for one utterance, without a pause. */
  async #speak(): Promise<void> {
    const out = await SpokenOut.open({ ...this.format, messageBytes: this.#messageBytes }, (bytes) => {
      if (!this.#closed) this.listener.audio(bytes);
    });
    try {
      if (!this.#closed) this.listener.started();
      await this.#sayAll(out);
      if (this.#closed) return;
      out.end();
      this.listener.ended();
    } finally {
      out.close();
      this.#speaking = undefined;
      this.#last = false;
      const [next] = this.#queue;
      if (next && !this.#closed) this.#speaking = this.#speak().catch((error) => this.listener.failed(error));
    }
  }

  async #sayAll(out: SpokenOut): Promise<void> {
    this.#utterance = this.#queue[0]?.utterance;
    let heardMs = this.clock.nowMs(); // when what was sent so far will have been heard
    while (!this.#closed) {
      const piece = this.#queue.shift();
      const nowMs = this.clock.nowMs();
      if (!piece) {
        if (this.#last) return;
        await this.#pause(Math.max(0, heardMs - nowMs) + this.settings.quietMs);
        if (this.#queue.length === 0) return;
        continue;
      }
      if (piece.utterance !== this.#utterance) return void this.#queue.unshift(piece);
      out.push(piece);
      this.#queuedMs -= lengthMs(piece);
      heardMs = Math.max(heardMs, nowMs) + lengthMs(piece);
      while (heardMs - this.clock.nowMs() > this.settings.leadMs && !this.#closed && !this.#dropped)
        await this.#pause(Math.ceil(heardMs - this.clock.nowMs() - this.settings.leadMs));
    }
  }

  /** It was interrupted, and nothing that has to be said is left. */
  get #dropped(): boolean {
    return this.#last && this.#queue.length === 0;
  }

  get #messageBytes(): number {
    return Math.max(320, Math.round((this.format.sampleRateHz * 2 * PIECE_MS) / 1000));
  }

  /** Until something comes, or that time has passed. */
  #pause(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const over = () => {
        callOff();
        this.#wake = undefined;
        resolve();
      };
      const callOff = this.clock.after(ms, over);
      this.#wake = over;
    });
  }
}

const lengthMs = ({ pcm, channels, sampleRateHz }: AudioFrame): number =>
  samplesToMs(pcm.length / channels, sampleRateHz);
