import { z } from "zod";
import {
  AUDIO_LIMITS,
  type AudioFormat,
  type AwaitableEmit,
  BYTES_PER_SAMPLE,
  defineNode,
  Framer,
  hostEnvironment,
  type NodeContext,
  SampleDecoder,
  type TaskNode,
} from "#engine/plugin";
import { Audible } from "./devices/audible.ts";
import type { CaptureLine } from "./devices/line.ts";
import { openCapture } from "./devices/open-line.ts";
import { Recovery, requireRealClock } from "./devices/recovery.ts";
import { RunDevices } from "./devices/run-devices.ts";
import { deviceSettings } from "./devices/settings.ts";

const config = z.strictObject({
  ...deviceSettings,
  sampleRateHz: z
    .number()
    .int()
    .min(8000)
    .max(96_000)
    .default(16_000)
    .describe("Samples per second to ask the device for."),
  channels: z
    .number()
    .int()
    .min(1)
    .max(AUDIO_LIMITS.maxChannels)
    .default(1)
    .describe("Channels to ask the device for."),
  frameMs: z.number().int().min(5).max(200).default(20).describe("The length of the frames to give."),
  halfDuplex: z
    .boolean()
    .default(false)
    .describe(
      "Hears nothing while a core.speaker of the same run is heard: for devices without echo cancellation, where the machine would take its own voice for the user's.",
    ),
  tailMs: z
    .number()
    .int()
    .min(0)
    .max(5000)
    .default(250)
    .describe("With halfDuplex: for how long the room and the devices go on sounding."),
});

type Settings = z.output<typeof config>;

/** Frames come out no faster than this much above real time, as from a device that is none (ALSA's `null`). */
const FASTEST = 1.02;
/** So much may come at once, after a pause of the machine's. */
const BURST_MS = 500;
/** What comes first from a device was heard that much earlier at most: its own buffer. */
const MOST_HEARD_BEFORE_MS = 120;
/** A device may take so long to give its first sample. */
const OPEN_MS = 5000;

/** Listens to a microphone. A device that is lost is told, and opened again; positions go on in real time, so the loss is a gap. */
export const microphone = defineNode({
  type: "core.microphone",
  summary: "Listens to a microphone of this machine.",
  role: "source",
  inputs: {},
  outputs: ({ sampleRateHz, channels, frameMs }) => ({
    audio: { kinds: ["audio"], audio: { sampleRateHz, channels, frameMs } },
  }),
  effects: ["microphone", "program"],
  realTime: true,
  config,
  shape: "task",
  create(settings, ctx) {
    requireRealClock(ctx, "microphone");
    return new MicrophoneSource(settings, ctx);
  },
});

class MicrophoneSource implements TaskNode {
  readonly #settings: Settings;
  readonly #ctx: NodeContext;
  readonly #format: AudioFormat;
  readonly #recovery: Recovery;
  readonly #audible: Audible;
  #line: CaptureLine | undefined;
  #startSample = 0;
  /** When the next frame may go out at the earliest. */
  #nextMs = Number.NEGATIVE_INFINITY;
  readonly #devices: RunDevices;
  #begun = false;

  constructor(settings: Settings, ctx: NodeContext) {
    this.#settings = settings;
    this.#ctx = ctx;
    this.#format = { sampleRateHz: settings.sampleRateHz, channels: settings.channels };
    this.#recovery = new Recovery(ctx, settings, "microphone");
    this.#audible = new Audible(ctx);
    this.#devices = new RunDevices(ctx);
  }

  async run(_input: unknown, emit: AwaitableEmit, signal: AbortSignal): Promise<void> {
    const stop = () => this.#line?.close();
    signal.addEventListener("abort", stop, { once: true });
    try {
      for (;;) {
        signal.throwIfAborted();
        const reason = await this.#listen(emit, signal);
        signal.throwIfAborted();
        await this.#recovery.lost(reason, signal);
      }
    } finally {
      signal.removeEventListener("abort", stop);
      this.#line?.close();
    }
  }

  close(): void {
    this.#line?.close();
    this.#devices.leave();
  }

  /** Until the device is gone. @returns why */
  async #listen(emit: AwaitableEmit, signal: AbortSignal): Promise<string> {
    const { through, device, frameMs } = this.#settings;
    const environment = hostEnvironment();
    this.#line = await openCapture({ through, device, format: this.#format, environment });
    const line = this.#line;
    const decoder = new SampleDecoder("s16le", this.#format.channels);
    const framer = new Framer({ ...this.#format, frameMs });
    let first = true;
    for (;;) {
      const bytes = await this.#inTime(
        line,
        first ? Math.max(OPEN_MS, this.#settings.stallMs) : this.#settings.stallMs,
      );
      if (bytes === "stalled" || bytes === undefined) {
        line.close();
        return bytes === "stalled" ? `nothing came for ${this.#settings.stallMs} ms` : line.reason;
      }
      if (first) this.#resume(bytes.length);
      first = false;
      this.#recovery.moving();
      const frames: Int16Array[] = [];
      framer.push(decoder.push(bytes), (frame) => frames.push(frame));
      for (const pcm of frames) await this.#give(pcm, emit, signal);
    }
  }

  async #inTime(line: CaptureLine, stallMs: number): Promise<Uint8Array | undefined | "stalled"> {
    const stalled = Promise.withResolvers<"stalled">();
    const callOff = this.#ctx.clock.after(stallMs, () => stalled.resolve("stalled"));
    try {
      return await Promise.race([line.next(), stalled.promise]);
    } finally {
      callOff();
    }
  }

  /** The time that a lost device cost is a gap, and so is what came before where another device of the run began it. */
  #resume(bytes: number): void {
    const { sampleRateHz, channels } = this.#format;
    const firstMs = Math.min(MOST_HEARD_BEFORE_MS, (bytes * 1000) / BYTES_PER_SAMPLE.s16le / channels / sampleRateHz);
    const due = this.#devices.sample(this.#ctx.clock.nowMs() - firstMs, sampleRateHz);
    if (due > this.#startSample) {
      if (this.#begun) this.#ctx.count("lostSamples", due - this.#startSample);
      this.#startSample = due;
    }
    this.#begun = true;
  }

  async #give(pcm: Int16Array, emit: AwaitableEmit, signal: AbortSignal): Promise<void> {
    const { clock } = this.#ctx;
    const now = clock.nowMs();
    const earliest = Math.max(this.#nextMs, now - BURST_MS);
    if (earliest > now) await clock.sleep(earliest - now, signal);
    this.#nextMs = earliest + this.#settings.frameMs / FASTEST;
    const startSample = this.#startSample;
    this.#startSample += pcm.length / this.#format.channels;
    await emit({ kind: "audio", pcm: this.#heard(pcm), ...this.#format, startSample });
  }

  /** Silence in the place of the machine's own voice. */
  #heard(pcm: Int16Array): Int16Array {
    const { halfDuplex, tailMs } = this.#settings;
    if (!halfDuplex || !this.#audible.within(tailMs)) return pcm;
    this.#ctx.count("mutedSamples", pcm.length / this.#format.channels);
    return new Int16Array(pcm.length);
  }
}
