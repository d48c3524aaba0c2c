import { z } from "zod";
import { defineNode, live, msToSamples } from "#engine/plugin";
import { NoiseSuppressor } from "#native/speexdsp";
import { AlignedStream } from "./enhance/aligned.ts";

const BLOCK_MS = 20;

const config = z.strictObject({
  on: live(z.boolean().default(false)).describe(
    "Whether it takes noise away; off, audio passes as it is. Word error rate of pocketsphinx without and with it, in 13 recordings: 0.330 and 0.415 clean, 0.660 and 0.453 in white noise of 20 dB, 0.962 and 0.953 of 10 dB, 0.896 and 0.708 in pink noise of 10 dB (`bun run prove denoise`).",
  ),
  suppressDb: z.number().min(1).max(60).default(15).describe("By how much steady noise is lowered at most."),
});

type Settings = z.output<typeof config>;

/** Takes steady noise out of speech, for people who listen. Off unless it is switched on. */
export const denoise = defineNode({
  type: "core.denoise",
  summary:
    "Takes steady noise out of speech, for listeners; off by default, because recognisers hear clean speech worse behind it.",
  role: "filter",
  inputs: {
    audio: { kinds: ["audio", "speech"], audio: { sampleRateHz: [16_000, 8000, 32_000, 48_000], channels: 1 } },
  },
  outputs: { audio: { kinds: ["audio", "speech"], audio: "same" } },
  passes: "time",
  delays: ({ on }) =>
    on ? [{ ms: BLOCK_MS * 2, why: "noise is taken out of a block with the next one at hand" }] : [],
  config,
  create(settings, { format: { sampleRateHz } }) {
    let { on } = settings;
    const blockSamples = msToSamples(BLOCK_MS, sampleRateHz);
    let open: NoiseSuppressor | undefined;
    const close = () => {
      open?.close();
      open = undefined;
    };
    const suppress = (block: Int16Array) => {
      open ??= new NoiseSuppressor(blockSamples, sampleRateHz, settings.suppressDb);
      return open.run(block);
    };
    if (on) suppress(new Int16Array(blockSamples)); // a missing library is said before the run starts
    close();
    const stream = new AlignedStream({ blockSamples, delaySamples: blockSamples }, suppress, close);
    return {
      onFrame(frame, emit) {
        if (!on && stream.inside > 0) stream.flush(emit);
        if (!on) emit(frame);
        else if (frame.kind === "audio") stream.push(frame, emit);
        else stream.mark(frame, emit);
      },
      onControl(control, emit) {
        if (control.kind === "end") stream.flush(emit);
      },
      onUpdate(changed) {
        ({ on } = changed as Settings);
      },
      held: () => stream.inside,
      close,
    };
  },
});
