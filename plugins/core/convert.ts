import { z } from "zod";
import { AUDIO_LIMITS, type Conversion, defineNode, type Emit, EngineError, type OutputPort } from "#engine/plugin";
import { type Arithmetic, arithmetic } from "./convert/arithmetic.ts";
import { decoded, encodingInto } from "./convert/g711-frames.ts";
import { StreamConversion } from "./convert/stream-conversion.ts";

const { minRateHz, maxRateHz, maxChannels } = AUDIO_LIMITS;

const config = z.strictObject({
  sampleRateHz: z
    .number()
    .int()
    .min(minRateHz)
    .max(maxRateHz)
    .optional()
    .describe("The rate to give; as it comes when left out."),
  channels: z
    .number()
    .int()
    .min(1)
    .max(maxChannels)
    .optional()
    .describe("How many channels to give: 1 is the mean of all that come, more are copies of the one that comes."),
  channel: z
    .number()
    .int()
    .min(0)
    .max(maxChannels - 1)
    .optional()
    .describe("The one channel to take, counted from 0, before `channels` applies."),
  frameMs: z
    .number()
    .min(1)
    .max(10_000)
    .optional()
    .describe("The exact length of frames to give; only the last before a mark, a gap or the end may be shorter."),
  codec: z
    .enum(["alaw", "mulaw"])
    .optional()
    .describe("Gives packets of this codec instead of plain audio. Such packets are also taken, and decoded."),
});

type Settings = z.output<typeof config>;

/** Turns audio into another format; speech marks stay where they were in it. What has the wanted format already passes untouched. */
export const convert = defineNode({
  type: "core.convert",
  summary: "Turns audio into another sample rate, number of channels, frame length or telephone codec.",
  role: "filter",
  inputs: { audio: { kinds: ["audio", "speech", "encoded"] } },
  outputs: (settings) => ({
    audio: settings.codec ? { kinds: ["encoded", "speech"] } : { kinds: ["audio", "speech"], ...outputAudio(settings) },
  }),
  config,
  passes: "time",
  converts: ({ sampleRateHz, channels, frameMs, channel }: Conversion) => ({
    ...(sampleRateHz !== undefined && { sampleRateHz }),
    ...(channels !== undefined && { channels }),
    ...(frameMs !== undefined && { frameMs }),
    ...(channel !== undefined && { channel }),
  }),
  create({ codec, ...settings }, ctx) {
    let stream: StreamConversion | undefined;
    let found: Arithmetic | undefined;
    const computing = () => {
      found ??= arithmetic(ctx);
      return found;
    };
    if (codec || settings.sampleRateHz !== undefined) computing(); // opened, and maybe compiled, before the first frame comes
    const outOf = (emit: Emit): Emit => (codec ? encodingInto(codec, computing, emit) : emit);
    return {
      onFrame(frame, emit) {
        if (frame.kind === "speech") {
          if (stream) stream.mark(frame, outOf(emit));
          else emit(frame);
          return;
        }
        if (frame.kind !== "audio" && frame.kind !== "encoded")
          throw new EngineError("NODE_PROTOCOL", `core.convert takes audio and speech marks; found ${frame.kind}`);
        const audio = frame.kind === "encoded" ? decoded(frame, computing) : frame;
        stream ??= new StreamConversion(settings, audio, computing);
        stream.audio(audio, outOf(emit));
      },
      onControl(control, emit) {
        if (control.kind === "flush") stream?.flush(outOf(emit));
        else if (control.kind === "end") stream?.finish(outOf(emit));
      },
      held: () => stream?.held() ?? 0,
    };
  },
});

/** The outgoing format where the config alone tells it. */
function outputAudio({ sampleRateHz, channels, channel, frameMs }: Settings): Pick<OutputPort, "audio"> {
  const given = channels ?? (channel === undefined ? undefined : 1);
  if (sampleRateHz === undefined && given === undefined) return { audio: "same" };
  if (sampleRateHz === undefined || given === undefined) return {};
  return { audio: { sampleRateHz, channels: given, ...(frameMs !== undefined && { frameMs }) } };
}
