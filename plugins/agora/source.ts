import {
  type AudioFrame,
  type AwaitableEmit,
  defineNode,
  EngineError,
  type Frame,
  type NodeContext,
  type NodeDefinition,
  type TaskInput,
  type TaskNode,
  z,
} from "#engine/plugin";
import type { AgoraEvent, AgoraFrame } from "#native/agora";
import { type Channel, channelResource, eventOf, POLL_MS } from "./rtc/channel.ts";
import { channelFields, channelOf, RATE_HZ, serviceOf } from "./rtc/config.ts";
import { type OpenService, requireSame, rtcResource } from "./rtc/service.ts";
import { labelledVadFields } from "./vad/config.ts";
import { Segmenter } from "./vad/segmenter.ts";
import type { Generation } from "./vad/vad-v2.ts";

const config = z.strictObject({
  ...channelFields,
  speaker: z
    .string()
    .regex(/^\d{1,10}$/)
    .optional()
    .describe("The user who is heard; the first who is heard in the channel where left out."),
  until: z
    .enum(["speakerLeft", "cancelled"])
    .default("speakerLeft")
    .describe("What ends the stream: the speaker's leaving, or only the end of the run."),
  vad: z
    .strictObject(labelledVadFields)
    .optional()
    .describe(
      "Cuts the speaker's audio into utterances by VAD V2 with the vendor's own labels; without it all audio goes on.",
    ),
  volumeMs: z.number().int().min(0).max(10_000).default(0).describe("Between two reports of volumes; 0: none."),
});

type Settings = z.output<typeof config>;

/** @param open how the process gets its service; tests stand in for it. */
export const source = (open: OpenService): NodeDefinition =>
  defineNode({
    type: "agora.source",
    shape: "task",
    summary: "Hears one user of an Agora channel.",
    role: "source",
    inputs: {},
    outputs: ({ vad }) => ({
      audio: {
        kinds: vad ? ["speech", "audio"] : ["audio"],
        audio: { sampleRateHz: RATE_HZ, channels: 1, frameMs: 10 },
        default: true,
      },
      volume: { kinds: ["data"] },
    }),
    effects: ["network"],
    realTime: true,
    config,
    async create(settings, ctx) {
      const wanted = serviceOf(settings, RATE_HZ);
      const rtc = await ctx.resource(rtcResource(wanted, open));
      requireSame(rtc, wanted);
      const member = await ctx.resource(channelResource(rtc, ctx.runId, channelOf(settings, settings.volumeMs)));
      const listener = new Listener(settings, ctx, member.channel, rtc.service.generation);
      await member.channel.enter(ctx.clock, ctx.signal);
      listener.begin();
      return listener;
    },
  });

/** Hears one speaker, until that one leaves. */
class Listener implements TaskNode {
  readonly #waiting: Frame[] = [];
  readonly #segmenter: Segmenter | undefined;
  #speaker: string | undefined;
  #position = 0;
  #left = false;
  #speakers: { readonly user: string; readonly volume: number; readonly speech: boolean }[] = [];
  #speakersToCome = 0;

  constructor(
    private readonly settings: Settings,
    private readonly ctx: NodeContext,
    private readonly channel: Channel,
    generation: Generation,
  ) {
    this.#speaker = settings.speaker;
    this.#segmenter = settings.vad && new Segmenter({ ...settings.vad, generation }, ctx);
    channel.listen({ frame: (frame) => this.#frame(frame), event: (event) => this.#event(event) });
  }

  /** Once the channel is entered. */
  begin(): void {
    this.channel.hear(this.#speaker === undefined ? "everybody" : { user: this.#speaker });
  }

  async run(_input: TaskInput, emit: AwaitableEmit, signal: AbortSignal): Promise<void> {
    while (!this.#left) {
      this.channel.poll();
      await this.#give(emit);
      if (!this.#left) await this.ctx.clock.sleep(POLL_MS, signal);
    }
    this.#segmenter?.close((frame) => void this.#waiting.push(frame));
    await this.#give(emit);
    if (this.channel.dropped > 0) this.ctx.count("droppedByRing", this.channel.dropped);
  }

  onUpdate(config: unknown): void {
    const { token } = config as Settings;
    if (token !== undefined) this.channel.renewToken(token);
  }

  held(): number {
    return this.#segmenter?.held ?? 0;
  }

  close(): void {
    this.#segmenter?.free();
  }

  async #give(emit: AwaitableEmit): Promise<void> {
    for (const frame of this.#waiting.splice(0)) await emit(frame, frame.kind === "data" ? "volume" : "audio");
  }

  #frame({ user, pcm, sampleRateHz, labels }: AgoraFrame): void {
    this.#speaker ??= user;
    if (user !== this.#speaker) return;
    if (sampleRateHz !== RATE_HZ)
      throw new EngineError("AUDIO_FORMAT_UNSUPPORTED", `audio came at ${sampleRateHz} Hz, ${RATE_HZ} were asked for`);
    const frame: AudioFrame = { kind: "audio", pcm, sampleRateHz, channels: 1, startSample: this.#position };
    this.#position += pcm.length;
    if (this.#segmenter) this.#segmenter.next(frame, labels, (made) => void this.#waiting.push(made));
    else this.#waiting.push(frame);
  }

  #event(event: AgoraEvent): void {
    if (event.type === "volume") return this.#volume(event);
    const told = eventOf(event);
    if (told) this.ctx.report(told);
    if (event.type === "userLeft" && event.user === this.#speaker && this.settings.until === "speakerLeft")
      this.#left = true;
  }

  /** A report of all speakers is one piece of data. */
  #volume({ user, value, extra, text }: AgoraEvent): void {
    if (extra > 0) {
      this.#speakers = [];
      this.#speakersToCome = extra;
    }
    this.#speakers.push({ user, volume: value, speech: text === "speech" });
    if (this.#speakers.length !== this.#speakersToCome) return;
    this.#waiting.push({
      kind: "data",
      topic: "agora.volume",
      value: this.#speakers,
      atSample: this.#position,
      sampleRateHz: RATE_HZ,
    });
  }
}
