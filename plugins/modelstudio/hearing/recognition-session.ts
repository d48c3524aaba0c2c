import { type AudioFrame, type Frame, msToSamples } from "#engine/plugin";
import { hearingFamily } from "../models.ts";
import { NO_VALID_AUDIO } from "../status.ts";
import { type TaskPlace, TaskSession } from "../task/session.ts";
import { gummyResult, heardByGummy, heardSentence, sentenceResult } from "../wire/heard.ts";
import { type Payload, readPayload } from "../wire.ts";
import type { AudioWriter } from "./audio.ts";
import type { HearingSettings } from "./config.ts";
import { runPayload } from "./parameters.ts";
import type { Sentences } from "./sentences.ts";

export interface RecognitionOptions {
  /** As they are when the session opens. */
  readonly settings: HearingSettings;
  readonly writer: AudioWriter;
  readonly sentences: Sentences;
  readonly vocabularyId: () => Promise<string | undefined>;
  /** A sentence had its final. */
  readonly heardOne: () => void;
}

/** How much silence keeps a task. */
const SILENCE_MS = 100;

/** Recognition by tasks: a task for the stream or for an utterance. */
export class RecognitionSession extends TaskSession {
  /** Counts the sentences that had their final, to name the one under way. */
  #ended = 0;
  #sentMs: number;
  #over = false;

  constructor(
    place: TaskPlace,
    readonly options: RecognitionOptions,
  ) {
    super(place);
    this.#sentMs = this.ctx.clock.nowMs();
  }

  async open(): Promise<void> {
    const { settings, vocabularyId } = this.options;
    this.run({ streaming: "duplex", payload: runPayload(settings, await vocabularyId()) });
    await this.started.promise;
  }

  send(frame: Frame): void {
    if (this.#over) return this.ctx.count("unheardFrames"); // of an utterance that the service took for over
    const bytes = this.options.writer.write(frame);
    if (!bytes) return;
    this.#sentMs = this.ctx.clock.nowMs();
    this.place.wire.send(bytes);
  }

  finish(): Promise<void> {
    if (!this.#over) this.finishTask();
    return this.completed.promise;
  }

  /** A little silence after a time without audio, which the service takes for life; it counts it like any other audio. */
  override keepAlive(): void {
    const { settings } = this.options;
    if (!settings.heartbeat || this.isFinishing || this.ctx.clock.nowMs() - this.#sentMs < QUIET_MS) return;
    const { timeline } = this.place.session;
    const { sampleRateHz } = settings;
    const pcm = new Int16Array(msToSamples(SILENCE_MS, sampleRateHz));
    const frame: AudioFrame = { kind: "audio", pcm, sampleRateHz, channels: 1, startSample: timeline.endSample };
    timeline.add(timeline.endSample, pcm.length);
    this.ctx.count("heartbeats");
    this.send(frame);
  }

  /** That nothing was said is an answer, though the service calls it a failure. */
  override forgives(code: string): boolean {
    if (code !== NO_VALID_AUDIO) return false;
    this.endTask();
    this.ended();
    return true;
  }

  protected result(payload: Payload): void {
    const { sentences, settings, heardOne } = this.options;
    const heard =
      hearingFamily(settings.model) === "gummy"
        ? heardByGummy(readPayload(payload, gummyResult, "a result"))
        : [heardSentence(readPayload(payload, sentenceResult, "a result"), this.#ended)];
    for (const each of heard) {
      if (!each) continue;
      sentences.hear({ ...each, vendor: { taskId: this.taskId ?? "", ...each.vendor } });
      if (!each.final) continue;
      if (each.role === "transcript") this.#ended++;
      heardOne();
    }
  }

  protected ended(): void {
    const byItself = !this.isFinishing;
    this.#over = true;
    const { sentences, writer } = this.options;
    writer.close();
    sentences.close();
    this.completed.resolve();
    if (byItself && this.options.settings.mode === "continuous") this.place.session.over();
  }
}

/** Without anything sent for so long, a task is given silence. */
const QUIET_MS = 5000;
