import { type Frame, type PeerSession, type Session, samplesToMs, type TextFrame } from "#engine/plugin";
import { readValues, type SpokenResult, startAnswer, type TextResult } from "../wire.ts";
import type { AudioWriter } from "./audio.ts";
import type { Calls } from "./calls.ts";
import { manyTargets, type StreamSettings, startValues, targetsOf } from "./config.ts";
import { portOf } from "./ports.ts";
import type { Sentences } from "./sentences.ts";
import type { SpeechReader } from "./speech.ts";

export interface StreamOptions {
  readonly settings: StreamSettings;
  readonly calls: Calls;
  readonly writer: AudioWriter;
  readonly sentences: Sentences;
  /** Undefined: none was asked for. */
  readonly speech: SpeechReader | undefined;
}

/** One stream of the service: opened, given audio without waiting for each answer, closed when its last results are there. */
export class StreamSession implements PeerSession {
  #streamId: bigint | undefined;
  /** Our time of the first sample of the stream, in Unix ms: the clock of all its `ts`. */
  readonly #baseTs: number;
  /** The application's own count of pieces of audio. */
  #seq = 0;
  #heardMs = 0;

  constructor(
    readonly session: Session,
    readonly options: StreamOptions,
  ) {
    this.#baseTs = Math.floor(session.ctx.epochMs());
  }

  get streamId(): bigint | undefined {
    return this.#streamId;
  }

  async open(): Promise<void> {
    const answer = await this.options.calls.call("voiceStart", startValues(this.options.settings));
    this.#streamId = readValues("the answer to voiceStart", answer, startAnswer).streamId;
    this.session.ctx.report({ type: "started", streamId: this.#streamId.toString() });
  }

  send(frame: Frame): void {
    const data = this.options.writer.write(frame);
    if (!data || this.#streamId === undefined) return;
    const { timeline } = this.session;
    const samples = frame.kind === "audio" ? frame.pcm.length : frame.kind === "encoded" ? frame.sampleCount : 0;
    const ts = this.#baseTs + Math.round(samplesToMs(timeline.sentSamples - samples, timeline.sampleRateHz));
    this.#seq++;
    const { settings, calls } = this.options;
    const targets = manyTargets(settings) ? { destLangs: targetsOf(settings) } : {};
    calls.post("voiceData", { streamId: this.#streamId, seq: this.#seq, data, ts, ...targets });
  }

  /** It is not known whether the last results come before or after the answer, so they are waited for on both sides of it. */
  async finish(): Promise<void> {
    const { calls, sentences, settings } = this.options;
    if (this.#streamId === undefined) return;
    await calls.call("voiceEnd", { streamId: this.#streamId }, false);
    const { clock } = this.session.ctx;
    const answeredMs = clock.nowMs();
    const quietMs = () => clock.nowMs() - Math.max(answeredMs, this.#heardMs);
    const mostMs = settings.lingerMs * 4; // somebody who never stops talking must not keep it open
    while (quietMs() < settings.lingerMs && clock.nowMs() - answeredMs < mostMs)
      await clock.sleep(Math.ceil(settings.lingerMs - quietMs()), this.session.ctx.signal);
    this.#emit(sentences.close(this.#ruler));
    this.close();
  }

  text(result: TextResult): void {
    this.#heardMs = this.session.ctx.clock.nowMs();
    this.#emit(this.options.sentences.take(result, this.#ruler));
  }

  spoken({ data, text }: SpokenResult): void {
    this.#heardMs = this.session.ctx.clock.nowMs();
    const { speech, sentences } = this.options;
    if (!speech) return this.session.ctx.count("strayResults");
    for (const frame of speech.read(data, sentences.utteranceOf(text))) this.session.emit(frame, "speech");
  }

  #emit(frames: readonly TextFrame[]): void {
    for (const frame of frames) this.session.emit(frame, portOf(frame, this.options.settings));
  }

  /** Frees what it holds on to; a second call does nothing. */
  close(): void {
    this.options.writer.close();
  }

  get #ruler() {
    const { timeline } = this.session;
    return {
      sampleRateHz: timeline.sampleRateHz,
      position: (ts: number) => timeline.positionOfMs(ts - this.#baseTs),
    };
  }
}
