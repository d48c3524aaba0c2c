import { z } from "zod";
import { AUDIO_LIMITS, type AudioFormat, defineNode, type Emit, EngineError, Mixer, msToSamples } from "#engine/plugin";

const { minRateHz, maxRateHz, maxChannels } = AUDIO_LIMITS;
const MAX_INPUTS = 32;
const name = z.string().regex(/^[a-z][a-z0-9-]*$/, "wanted a name of small letters, digits and hyphens");

const config = z
  .strictObject({
    inputs: z
      .union([z.number().int().min(1).max(MAX_INPUTS), z.array(name).min(1).max(MAX_INPUTS)])
      .default(2)
      .describe("The inputs: their names, or their number, which names them in1, in2 and so on."),
    gainDb: z
      .record(name, z.number().min(-120).max(40))
      .default({})
      .describe("What to add to the level of an input, by its name, in decibels."),
    sampleRateHz: z
      .number()
      .int()
      .min(minRateHz)
      .max(maxRateHz)
      .default(16000)
      .describe("The rate of all inputs and of the mix; what comes at another one is converted."),
    channels: z
      .number()
      .int()
      .min(1)
      .max(maxChannels)
      .default(1)
      .describe("The channels of all inputs and of the mix."),
    frameMs: z
      .number()
      .int()
      .min(1)
      .max(1000)
      .default(20)
      .describe("The length of the frames to give; gaps and the end make shorter ones."),
    waitMs: z
      .number()
      .int()
      .min(0)
      .max(600_000)
      .default(5000)
      .describe("How much audio of one input waits for another before that one is taken as silent."),
  })
  .superRefine((settings, issues) => {
    const names = inputNames(settings.inputs);
    if (new Set(names).size < names.length)
      issues.addIssue({ code: "custom", path: ["inputs"], message: "two inputs have one name" });
    for (const gained of Object.keys(settings.gainDb))
      if (!names.includes(gained))
        issues.addIssue({
          code: "custom",
          path: ["gainDb", gained],
          message: `no such input; there are ${names.join(", ")}`,
        });
  });

const inputNames = (inputs: number | readonly string[]): readonly string[] =>
  typeof inputs === "number" ? Array.from({ length: inputs }, (_, i) => `in${i + 1}`) : inputs;

/**
 * Adds audio streams, each sample at its own position, so that a stream that starts later falls in place. An input that has ended is
 * silent. Where no input has audio the mix has a gap, too.
 */
export const mix = defineNode({
  type: "core.mix",
  summary: "Adds several audio streams into one, aligned by their positions.",
  role: "filter",
  inputs: ({ inputs, sampleRateHz, channels }) =>
    Object.fromEntries(
      inputNames(inputs).map((input) => [input, { kinds: ["audio"], audio: { sampleRateHz, channels } }]),
    ),
  outputs: ({ sampleRateHz, channels }) => ({ audio: { kinds: ["audio"], audio: { sampleRateHz, channels } } }),
  config,
  create({ inputs, gainDb, sampleRateHz, channels, frameMs, waitMs }, ctx) {
    const names = inputNames(inputs);
    const format: AudioFormat = { sampleRateHz, channels };
    const mixer = new Mixer({
      ...format,
      gainsDb: names.map((input) => gainDb[input] ?? 0),
      frameSamples: Math.max(1, msToSamples(frameMs, sampleRateHz)),
      maxHeldSamples: msToSamples(waitMs, sampleRateHz),
    });
    const giveOut = (emit: Emit) => {
      for (let mixed = mixer.next(); mixed; mixed = mixer.next()) {
        emit({ kind: "audio", ...format, pcm: mixed.pcm, startSample: mixed.startSample });
        if (mixed.clipped > 0) ctx.count("clippedSamples", mixed.clipped);
      }
    };
    return {
      onFrame(frame, emit, port) {
        if (frame.kind !== "audio" || frame.sampleRateHz !== sampleRateHz || frame.channels !== channels)
          throw new EngineError(
            "AUDIO_FORMAT_UNSUPPORTED",
            `core.mix input ${port}: ${frame.kind === "audio" ? `${frame.sampleRateHz} Hz, ${frame.channels} channels` : frame.kind}; wanted audio of ${sampleRateHz} Hz, ${channels}`,
          );
        const late = mixer.push(names.indexOf(port), frame.pcm, frame.startSample);
        if (late > 0) ctx.count("lateSamples", late);
        giveOut(emit);
      },
      onControl(control, emit) {
        if (control.kind !== "end") return;
        mixer.end(names.indexOf(control.port));
        giveOut(emit);
      },
    };
  },
});
