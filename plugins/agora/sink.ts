import {
  type AudioFrame,
  type AwaitableEmit,
  type Control,
  defineNode,
  EngineError,
  type NodeContext,
  type NodeDefinition,
  samplesToMs,
  type TaskInput,
  type TaskNode,
  z,
} from "#engine/plugin";
import { AudioConsumer, UNDERFLOW } from "./audio-consumer.ts";
import { type Channel, channelResource, eventOf } from "./rtc/channel.ts";
import { channelFields, channelOf, RATE_HZ, serviceOf } from "./rtc/config.ts";
import { type OpenService, requireSame, rtcResource } from "./rtc/service.ts";

/** The vendor asks for 40 to 80. */
const CONSUME_MS = 40;
/** What waits here at most; the rest waits where it comes from. */
const MOST_WAITING_MS = 500;

const config = z.strictObject({
  ...channelFields,
  leadFrames: z
    .literal([10, 18])
    .default(10)
    .describe("Frames of 10 ms that are handed over ahead of time: 10 since release 2.2.1, 18 before."),
});

type Settings = z.output<typeof config>;

/** @param open how the process gets its service; tests stand in for it. */
export const sink = (open: OpenService): NodeDefinition =>
  defineNode({
    type: "agora.sink",
    shape: "task",
    summary: "Speaks into an Agora channel at its pace.",
    role: "sink",
    inputs: {
      audio: {
        kinds: ["speech", "audio"],
        requires: ["audio"],
        audio: { sampleRateHz: [16000, 8000, 24000, 32000, 48000], channels: [1, 2] },
      },
    },
    outputs: {},
    effects: ["network"],
    config,
    async create(settings, ctx) {
      const wanted = serviceOf(settings, RATE_HZ);
      const rtc = await ctx.resource(rtcResource(wanted, open));
      requireSame(rtc, wanted);
      const member = await ctx.resource(channelResource(rtc, ctx.runId, channelOf(settings, 0)));
      const speaker = new Speaker(settings, ctx, member.channel);
      await member.channel.enter(ctx.clock, ctx.signal);
      member.channel.publish();
      return speaker;
    },
  });

/** Hands speech to the channel as fast as it is heard there. An utterance's end goes out however short it is. */
class Speaker implements TaskNode {
  readonly #consumer: AudioConsumer;
  #utterance: string | undefined;
  #sent = 0;
  #ended = false;

  constructor(
    settings: Settings,
    private readonly ctx: NodeContext,
    private readonly channel: Channel,
  ) {
    const { sampleRateHz, channels } = ctx.format;
    this.#consumer = new AudioConsumer({
      sampleRateHz,
      channels,
      leadFrames: settings.leadFrames,
      clock: ctx.clock,
      send: (pcm, samples) => {
        channel.send(pcm, channels, sampleRateHz);
        this.#sent += samples;
      },
    });
    channel.listen({
      event: (event) => {
        const told = eventOf(event);
        if (told) ctx.report(told);
      },
    });
  }

  async run(input: TaskInput, _emit: AwaitableEmit, signal: AbortSignal): Promise<void> {
    const taking = this.#take(input, signal).finally(() => {
      this.#ended = true;
    });
    let failure: unknown;
    taking.catch((error) => {
      failure = error;
    });
    while (!this.#ended || this.#consumer.length > 0 || (this.#sent > 0 && !this.#consumer.completed)) {
      if (failure) throw failure;
      this.channel.poll();
      if (this.#consumer.consume() === UNDERFLOW && this.#ended && this.#consumer.length > 0) this.#consumer.flush();
      await this.ctx.clock.sleep(CONSUME_MS, signal);
    }
    await taking;
    const { sampleRateHz } = this.ctx.format;
    this.ctx.report({ type: "played", ms: samplesToMs(this.#sent, sampleRateHz) });
  }

  onControl(control: Control): void {
    if (control.kind === "flush") this.#consumer.flush();
    if (control.kind !== "barge-in") return;
    // as the vendor wants it: first what waits here, then what waits there
    const dropped = this.#consumer.clear();
    this.channel.clear();
    this.ctx.count("bargedInSamples", dropped / this.ctx.format.channels);
  }

  onUpdate(config: unknown): void {
    const { token } = config as Settings;
    if (token !== undefined) this.channel.renewToken(token);
  }

  close(): void {
    this.#consumer.release();
  }

  async #take(input: TaskInput, signal: AbortSignal): Promise<void> {
    const { sampleRateHz, channels } = this.ctx.format;
    const most = (MOST_WAITING_MS * sampleRateHz * channels) / 1000;
    for await (const frame of input) {
      while (this.#consumer.length > most) await this.ctx.clock.sleep(CONSUME_MS, signal);
      if (frame.kind === "audio") this.#push(frame);
      else if (frame.kind !== "speech")
        throw new EngineError("NODE_PROTOCOL", `agora.sink takes audio; found ${frame.kind}`);
      else if (frame.mark === "end") this.#consumer.flush();
    }
    this.#consumer.flush();
  }

  #push(frame: AudioFrame): void {
    if (this.#utterance !== undefined && frame.utterance !== this.#utterance) this.#consumer.flush();
    this.#utterance = frame.utterance;
    this.#consumer.push(frame.pcm);
  }
}
