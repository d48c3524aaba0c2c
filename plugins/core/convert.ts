import { z } from "zod";
import {
  AUDIO_LIMITS,
  type AudioFormat,
  asEngineError,
  type Control,
  type Conversion,
  defineNode,
  type Emit,
  EngineError,
  type Frame,
  fittingRate,
  type InlineNode,
  loadOpus,
  type NodeContext,
  OPUS_PACKET_MS,
  OPUS_RATES_HZ,
  type OpusCodec,
  type OutputPort,
} from "#engine/plugin";
import { type Arithmetic, arithmetic } from "./convert/arithmetic.ts";
import { type Coders, PACKET_CODECS, PacketReader, PacketWriter } from "./convert/packets.ts";
import { type ConversionSettings, StreamConversion } from "./convert/stream-conversion.ts";

const { minRateHz, maxRateHz, maxChannels } = AUDIO_LIMITS;

/** What RFC 6716 allows in one packet of speech or music. */
const OPUS_LENGTHS_MS: readonly number[] = [2.5, 5, 10, 20, 40, 60];

const fields = z.strictObject({
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
    .enum(PACKET_CODECS)
    .optional()
    .describe(
      "Gives packets of this codec instead of plain audio: A-law, mu-law or Opus. Such packets are also taken, and decoded, whatever this says.",
    ),
  bitrate: z
    .number()
    .int()
    .min(6000)
    .max(510_000)
    .optional()
    .describe("Bits a second of Opus; what is fit for rate and channels where left out."),
});

const config = fields.superRefine(({ codec, sampleRateHz, channels, frameMs, bitrate }, issues) => {
  const refuse = (field: string, message: string) => issues.addIssue({ code: "custom", path: [field], message });
  if (codec !== "opus") {
    if (bitrate !== undefined) refuse("bitrate", "only packets of Opus have one: state codec: opus");
    return;
  }
  const rates: readonly number[] = OPUS_RATES_HZ;
  if (sampleRateHz !== undefined && !rates.includes(sampleRateHz))
    refuse("sampleRateHz", `${sampleRateHz} Hz; Opus has ${rates.join(", ")}`);
  if ((channels ?? 1) > 2) refuse("channels", `${channels} channels; Opus has one or two`);
  if (frameMs !== undefined && !OPUS_LENGTHS_MS.includes(frameMs))
    refuse("frameMs", `${frameMs} ms; a packet of Opus has ${OPUS_LENGTHS_MS.join(", ")}`);
});

type Settings = z.output<typeof config>;

/** Turns audio into another format; speech marks stay where they were in it. What has the wanted format already passes untouched. */
export const convert = defineNode({
  type: "core.convert",
  summary:
    "Turns audio into another sample rate, number of channels, frame length, or into packets of a codec and back.",
  role: "filter",
  inputs: { audio: { kinds: ["audio", "speech", "encoded"] } },
  outputs: (settings) => ({
    audio: settings.codec ? { kinds: ["encoded", "speech"] } : { kinds: ["audio", "speech"], ...outputAudio(settings) },
  }),
  config,
  passes: "time",
  delays: ({ codec, frameMs }) =>
    codec === "opus" ? [{ ms: frameMs ?? OPUS_PACKET_MS, why: "a packet is made when its audio is whole" }] : [],
  converts: ({ sampleRateHz, channels, frameMs, channel }: Conversion) => ({
    ...(sampleRateHz !== undefined && { sampleRateHz }),
    ...(channels !== undefined && { channels }),
    ...(frameMs !== undefined && { frameMs }),
    ...(channel !== undefined && { channel }),
  }),
  async create(settings, ctx) {
    const coders = await openCoders(settings, ctx);
    // opened, and maybe compiled, before the first frame comes
    if (settings.codec || settings.sampleRateHz !== undefined) coders.arithmetic();
    return new Converter(settings, ctx, coders);
  },
});

class Converter implements InlineNode {
  readonly #settings: Settings;
  readonly #coders: Coders;
  readonly #reader: PacketReader;
  readonly #writer: PacketWriter | undefined;
  #stream: StreamConversion | undefined;

  constructor(settings: Settings, ctx: NodeContext, coders: Coders) {
    const { codec, frameMs, bitrate } = settings;
    this.#settings = settings;
    this.#coders = coders;
    this.#reader = new PacketReader(coders);
    this.#writer = codec && new PacketWriter({ codec, frameMs, bitrate }, coders, ctx);
  }

  onFrame(frame: Frame, emit: Emit): void {
    const out = this.#out(emit);
    if (frame.kind === "speech") {
      if (this.#stream) this.#stream.mark(frame, out);
      else emit(frame);
      return;
    }
    if (frame.kind !== "audio" && frame.kind !== "encoded")
      throw new EngineError("NODE_PROTOCOL", `core.convert takes audio, packets and speech marks; found ${frame.kind}`);
    const audio = frame.kind === "encoded" ? this.#reader.read(frame) : frame;
    this.#stream ??= new StreamConversion(this.#wanted(audio), audio, this.#coders.arithmetic);
    this.#stream.audio(audio, out);
  }

  onControl(control: Control, emit: Emit): void {
    if (control.kind === "flush") this.#stream?.flush(this.#out(emit));
    else if (control.kind === "end") this.#stream?.finish(this.#out(emit));
  }

  held(): number {
    return this.#stream?.held() ?? 0;
  }

  close(): void {
    this.#reader.close();
    this.#writer?.close();
  }

  #out(emit: Emit): Emit {
    return this.#writer ? this.#writer.into(emit) : emit;
  }

  /** Opus takes no other rates and lengths than its own. */
  #wanted({ sampleRateHz }: AudioFormat): ConversionSettings {
    const settings = this.#settings;
    if (settings.codec !== "opus") return settings;
    return {
      ...settings,
      sampleRateHz: settings.sampleRateHz ?? fittingRate(sampleRateHz, OPUS_RATES_HZ),
      frameMs: settings.frameMs ?? OPUS_PACKET_MS,
    };
  }
}

/** Opus is loaded where its packets are to be made, or may come: a format that the plan knows is one of plain audio. */
async function openCoders({ codec }: Settings, ctx: NodeContext): Promise<Coders> {
  let found: Arithmetic | undefined;
  const mayCome = ctx.formats.audio === undefined;
  const opus = codec === "opus" || mayCome ? await ctx.outside(loadedOpus) : undefined;
  if (opus instanceof EngineError && codec === "opus") throw opus;
  return {
    arithmetic() {
      found ??= arithmetic(ctx);
      return found;
    },
    opus() {
      if (opus instanceof EngineError) throw opus;
      if (opus) return opus;
      throw new EngineError(
        "AUDIO_FORMAT_UNSUPPORTED",
        "core.convert input: Opus packets; wanted the plain audio planned",
      );
    },
  };
}

/** What is not installed is an error only for whoever needs it. */
const loadedOpus = (): Promise<OpusCodec | EngineError> =>
  loadOpus().catch((error: unknown) => asEngineError(error, "ENGINE_MISSING", "Opus"));

/** The outgoing format where the config alone tells it. */
function outputAudio({ sampleRateHz, channels, channel, frameMs }: Settings): Pick<OutputPort, "audio"> {
  const given = channels ?? (channel === undefined ? undefined : 1);
  if (sampleRateHz === undefined && given === undefined) return { audio: "same" };
  if (sampleRateHz === undefined || given === undefined) return {};
  return { audio: { sampleRateHz, channels: given, ...(frameMs !== undefined && { frameMs }) } };
}
