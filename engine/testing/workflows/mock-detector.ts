import {
  type AudioFrame,
  type AwaitableEmit,
  defaultPort,
  endSample,
  msToSamples,
  type NodeContext,
  sampleCount,
  type TaskInput,
  type TaskNode,
} from "#engine/plugin";
import type { MockMaking } from "./mock-script.ts";

/** Marks speech where its script says, to the frame, and lets nothing else through. */
export class MockDetector implements TaskNode {
  readonly #ctx: NodeContext;
  readonly #port: string | undefined;
  readonly #wanted: readonly { readonly fromMs: number; readonly toMs: number }[];
  #next = 0;
  #utterance: string | undefined;
  #heardTo = 0;

  constructor({ script, definition, config, ctx }: MockMaking) {
    this.#ctx = ctx;
    this.#port = defaultPort(definition.outputs(config));
    this.#wanted = script.mock.utterances ?? [];
  }

  async run(input: TaskInput, emit: AwaitableEmit): Promise<void> {
    let rateHz = 16_000;
    for (let got = await input.next(); got; got = input.poll() ?? (await input.next())) {
      if (got.frame.kind !== "audio") continue;
      rateHz = got.frame.sampleRateHz;
      const room = this.#hear(got.frame, emit);
      if (room) await room;
    }
    await this.#end(emit, rateHz);
  }

  #hear(frame: AudioFrame, emit: AwaitableEmit): Promise<void> | undefined {
    const { sampleRateHz, startSample } = frame;
    const wanted = this.#wanted[this.#next];
    const at = (ms: number) => msToSamples(ms, sampleRateHz);
    if (!wanted || endSample(frame) <= at(wanted.fromMs)) return void this.#ctx.gate(sampleCount(frame));
    if (this.#utterance === undefined) {
      this.#utterance = this.#ctx.newUtterance();
      const mark = { mark: "start", utterance: this.#utterance, atSample: startSample, sampleRateHz } as const;
      void emit({ kind: "speech", ...mark, voicedSample: startSample }, this.#port);
    }
    this.#heardTo = endSample(frame);
    const room = emit({ ...frame, utterance: this.#utterance }, this.#port);
    return this.#heardTo >= at(wanted.toMs) ? this.#end(emit, sampleRateHz) : room;
  }

  #end(emit: AwaitableEmit, sampleRateHz: number): Promise<void> | undefined {
    if (this.#utterance === undefined) return undefined;
    const mark = { mark: "end", utterance: this.#utterance, atSample: this.#heardTo, sampleRateHz } as const;
    this.#utterance = undefined;
    this.#next++;
    return emit({ kind: "speech", ...mark }, this.#port);
  }
}
