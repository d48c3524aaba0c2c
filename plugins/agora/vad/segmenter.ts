import type { AudioFrame, Emit, NodeContext } from "#engine/plugin";
import { configOf, type VadSettings } from "./config.ts";
import { VadDump } from "./vad-dump.ts";
import { type Labels, VadV2 } from "./vad-v2.ts";

type Context = Pick<NodeContext, "newUtterance" | "count" | "gate" | "epochMs">;

/**
 * Cuts one speaker's stream into utterances by VAD V2: an opening mark, what the detector returned, a closing mark. What goes on is always
 * what was returned, never the frame that came in.
 */
export class Segmenter {
  readonly #vad: VadV2<AudioFrame>;
  readonly #dump: VadDump | undefined;
  #utterance = "";
  #emittedEnd = 0;
  #sampleRateHz = 0;

  constructor(
    settings: VadSettings,
    private readonly ctx: Context,
  ) {
    this.#vad = new VadV2(settings.generation, configOf(settings));
    this.#dump =
      settings.dump === undefined ? undefined : new VadDump(settings.dump, ctx.epochMs(), settings.generation);
  }

  /** Samples that wait for a decision. */
  get held(): number {
    return samplesOf(this.#vad.waiting);
  }

  /** @param frame 10 ms, mono. */
  next(frame: AudioFrame, labels: Labels, emit: Emit): void {
    this.#sampleRateHz = frame.sampleRateHz;
    const { state, items, dropped } = this.#vad.process(frame, labels);
    this.#dump?.write({ pcm: frame.pcm, labels, state, returned: items.map(({ pcm }) => pcm) });
    if (dropped) this.ctx.gate(dropped.pcm.length);
    if (state === 1) {
      this.#utterance = this.ctx.newUtterance();
      this.ctx.count("utterances");
      this.#mark("start", items[0]!.startSample, emit);
    }
    for (const item of items) {
      this.#emittedEnd = item.startSample + item.pcm.length;
      emit({ ...item, utterance: this.#utterance });
    }
    if (state === 3) this.#mark("end", this.#emittedEnd, emit);
  }

  /** Closes what is open; what waited for a decision belongs to no utterance. */
  close(emit: Emit): void {
    if (this.#vad.speaking) this.#mark("end", this.#emittedEnd, emit);
    this.ctx.gate(samplesOf(this.#vad.reset()));
  }

  free(): void {
    this.#dump?.close();
  }

  #mark(mark: "start" | "end", atSample: number, emit: Emit): void {
    emit({ kind: "speech", mark, utterance: this.#utterance, atSample, sampleRateHz: this.#sampleRateHz });
  }
}

const samplesOf = (frames: readonly AudioFrame[]): number => frames.reduce((sum, { pcm }) => sum + pcm.length, 0);
