import { z } from "zod";
import { AUDIO_LIMITS, defineNode, EngineError, takeChannel } from "#engine/plugin";

const name = z.string().regex(/^[a-z][a-z0-9-]*$/, "wanted a name of small letters, digits and hyphens");

const config = z
  .strictObject({
    names: z
      .array(name)
      .min(1)
      .max(AUDIO_LIMITS.maxChannels)
      .default(["left", "right"])
      .describe("The outputs, in the order of the channels; there are as many as the audio has."),
  })
  .superRefine(({ names }, issues) => {
    if (new Set(names).size < names.length)
      issues.addIssue({ code: "custom", path: ["names"], message: "two channels have one name" });
  });

/** Gives each channel an output of its own, at the same positions. Speech marks go to every output. */
export const split = defineNode({
  type: "core.split",
  summary: "Takes the channels of a stream apart, each to an output of its own.",
  role: "filter",
  inputs: ({ names }) => ({ audio: { kinds: ["audio", "speech"], audio: { channels: names.length } } }),
  outputs: ({ names }) => Object.fromEntries(names.map((port) => [port, { kinds: ["audio", "speech"] }])),
  config,
  create: ({ names }) => ({
    onFrame(frame, emit) {
      if (frame.kind === "speech") {
        for (const port of names) emit(frame, port);
        return;
      }
      if (frame.kind !== "audio" || frame.channels !== names.length)
        throw new EngineError(
          "AUDIO_FORMAT_UNSUPPORTED",
          `core.split input: ${frame.kind === "audio" ? `${frame.channels} channels` : frame.kind}; wanted ${names.length}, one for each of names`,
        );
      for (const [channel, port] of names.entries())
        emit({ ...frame, pcm: takeChannel(frame.pcm, frame.channels, channel), channels: 1 }, port);
    },
  }),
});
