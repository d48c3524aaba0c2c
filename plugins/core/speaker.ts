import { z } from "zod";
import {
  type AudioFormat,
  type AudioFrame,
  type AwaitableEmit,
  type Control,
  defineNode,
  encodeS16le,
  hostEnvironment,
  type NodeContext,
  type OutputPorts,
  type TaskInput,
  type TaskNode,
} from "#engine/plugin";
import { Audible } from "./devices/audible.ts";
import { HeardTrack } from "./devices/heard.ts";
import { HeardOutput } from "./devices/heard-output.ts";
import type { LineRequest, PlaybackLine } from "./devices/line.ts";
import { openPlayback } from "./devices/open-line.ts";
import { type Owner, Played } from "./devices/played.ts";
import { Recovery, requireRealClock } from "./devices/recovery.ts";
import { RunDevices } from "./devices/run-devices.ts";
import { deviceSettings } from "./devices/settings.ts";

const config = z.strictObject({
  ...deviceSettings,
  leadMs: z
    .number()
    .int()
    .min(20)
    .max(2000)
    .default(100)
    .describe(
      "How far the device is fed ahead of what is heard: so much more can be heard of a protected voice after a barge-in.",
    ),
  played: z
    .boolean()
    .default(false)
    .describe(
      "Adds the output `played`: what was really heard, silence among it, on the time line of the run's devices. Such as for a recording of a conversation.",
    ),
});

type Settings = z.output<typeof config>;

/** The device is fed in pieces of this length. */
const PIECE_MS = 20;
/** More than are ever under way at once. */
const MOST_CUT_OFF = 100;

/**
 * Plays audio. What was really heard of each utterance is told: `{ type: "played", utterance, atMs, playedMs, ofMs, cut }`; and when a barge-in
 * cut it off, how long that took: `{ type: "silenced", utterance, afterMs, triggerMs }`.
 */
export const speaker = defineNode({
  type: "core.speaker",
  summary: "Plays audio on a loudspeaker of this machine, and tells what was heard.",
  role: "sink",
  inputs: { audio: { kinds: ["audio"] } },
  outputs: ({ played }) => (played ? { played: { kinds: ["audio"], audio: "same" } } : ({} as OutputPorts)),
  effects: ["speaker", "program"],
  config,
  shape: "task",
  create(settings, ctx) {
    requireRealClock(ctx, "loudspeaker");
    return new SpeakerSink(settings, ctx);
  },
});

class SpeakerSink implements TaskNode {
  readonly #settings: Settings;
  readonly #ctx: NodeContext;
  readonly #recovery: Recovery;
  readonly #played: Played;
  readonly #audible: Audible;
  readonly #devices: RunDevices;
  #heard: HeardTrack | undefined;
  #line: { readonly format: AudioFormat; readonly line: PlaybackLine } | undefined;
  /** Rises with every barge-in: the frame that is being played then is not played on. */
  #silenced = 0;
  #silencedFor: string | undefined;
  #playing: string | undefined;
  /** Utterances that were cut off: what still comes of them is not played. */
  readonly #cutOff = new Set<string>();
  /** Done when the device that a barge-in closed is silent, and it was told. */
  #silencing: Promise<void> | undefined;

  constructor(settings: Settings, ctx: NodeContext) {
    this.#settings = settings;
    this.#ctx = ctx;
    this.#recovery = new Recovery(ctx, settings, "speaker");
    this.#audible = new Audible(ctx);
    this.#devices = new RunDevices(ctx);
    this.#played = new Played(
      () => ctx.clock.nowMs(),
      ({ fromMs, ...facts }) => {
        ctx.report({ type: "played", atMs: this.#devices.sample(fromMs, 1000), ...facts });
        ctx.count("playedMs", Math.round(facts.playedMs));
      },
    );
    if (settings.played && ctx.formats.audio) this.#follow(ctx.formats.audio);
  }

  async run(input: TaskInput, emit: AwaitableEmit, signal: AbortSignal): Promise<void> {
    const stop = () => this.#line?.line.close();
    signal.addEventListener("abort", stop, { once: true });
    const telling = this.#settings.played ? this.#tellHeard(emit, signal) : undefined;
    try {
      const playing = this.#playAll(input, signal);
      playing.catch(() => undefined); // where the other fails first
      await Promise.race([playing, ...(telling ? [telling.failed] : [])]);
      await telling?.finish();
    } finally {
      telling?.stop();
      signal.removeEventListener("abort", stop);
      this.#line?.line.close();
      this.#cut(() => false);
    }
  }

  async #playAll(input: TaskInput, signal: AbortSignal): Promise<void> {
    for await (const frame of input) if (frame.kind === "audio") await this.#play(frame, signal);
    await this.#finish(signal);
    await this.#silencing;
  }

  onControl(control: Control): void {
    if (control.kind !== "barge-in") return;
    this.#silenced++;
    this.#silencedFor = control.utterance;
    if (this.#playing !== undefined && this.#playing !== control.utterance) this.#cutOff.add(this.#playing);
    for (const oldest of this.#cutOff) {
      if (this.#cutOff.size <= MOST_CUT_OFF) break;
      this.#cutOff.delete(oldest);
    }
    // what may go on cannot be taken out of the device's buffer, so that is heard to its end
    if (this.#played.waits(({ utterance, kept }) => kept || utterance === control.utterance)) return;
    if (this.#line && this.#played.aheadMs() > 0) this.#tellSilence(this.#line.line, control);
    this.#line?.line.close();
    this.#line = undefined;
    this.#cut(({ utterance, kept }) => kept || utterance === control.utterance);
    this.#audible.until(this.#ctx.clock.nowMs());
  }

  /** How long it took until nothing was heard any more: since the trigger, and since the voice that barged in began. */
  #tellSilence(line: PlaybackLine, { utterance, voicedAtMs }: Extract<Control, { kind: "barge-in" }>): void {
    const { clock } = this.#ctx;
    const triggeredMs = clock.nowMs();
    this.#silencing = line.gone.then(() => {
      const silentMs = clock.nowMs();
      const afterMs = silentMs - (voicedAtMs ?? triggeredMs);
      this.#ctx.count("bargeIns");
      this.#ctx.count("bargeInToSilenceMs", Math.round(afterMs));
      this.#ctx.report({ type: "silenced", utterance, afterMs, triggerMs: silentMs - triggeredMs });
    });
  }

  close(): void {
    this.#line?.line.close();
    this.#audible.forget();
    this.#devices.leave();
  }

  /** The device is silent from now on. */
  #cut(stays: (owner: Owner) => boolean): void {
    const nowMs = this.#ctx.clock.nowMs();
    const heard = this.#heard;
    heard?.cut(this.#devices.sample(nowMs, heard.format.sampleRateHz));
    this.#played.cut(stays, nowMs);
  }

  /** What is heard from now on is followed, at its place. */
  #follow({ sampleRateHz, channels }: AudioFormat): HeardTrack {
    const { format } = this.#heard ?? {};
    if (this.#heard && format?.sampleRateHz === sampleRateHz && format.channels === channels) return this.#heard;
    const track = new HeardTrack({ sampleRateHz, channels }, () => this.#devices.nowSample(sampleRateHz) ?? 0);
    this.#heard = track;
    this.#devices.plays(track);
    return track;
  }

  #tellHeard(emit: AwaitableEmit, signal: AbortSignal) {
    const over = new AbortController();
    const output = new HeardOutput(this.#ctx, () => this.#heard, emit);
    const failed = output.run(AbortSignal.any([signal, over.signal]));
    failed.catch(() => undefined); // it ends with an error in any case: with the run's, where that matters
    return {
      failed,
      stop: () => over.abort(),
      async finish() {
        over.abort();
        await failed.catch(() => undefined);
        await output.finish();
      },
    };
  }

  /** Until the last of it was heard, or a barge-in cut it off. */
  async #finish(signal: AbortSignal): Promise<void> {
    const aheadMs = this.#played.aheadMs();
    if (aheadMs > 0) await this.#ctx.clock.sleep(aheadMs, signal);
    const line = this.#line?.line;
    this.#line = undefined;
    if (line) await this.#orLate(line.finish(), line);
    this.#played.finish();
  }

  /** A device that hangs at its end is left. */
  async #orLate(finished: Promise<void>, line: PlaybackLine): Promise<void> {
    const callOff = this.#ctx.clock.after(this.#settings.stallMs, () => line.close());
    await finished.finally(callOff);
  }

  async #play(frame: AudioFrame, signal: AbortSignal): Promise<void> {
    const { clock } = this.#ctx;
    const { channels, sampleRateHz } = frame;
    const pieceSamples = Math.max(1, Math.round((sampleRateHz * PIECE_MS) / 1000));
    if (!frame.protected && frame.utterance !== undefined && this.#cutOff.has(frame.utterance)) {
      this.#ctx.count("silencedSamples", frame.pcm.length / channels);
      return;
    }
    this.#playing = frame.utterance;
    const silenced = this.#silenced;
    for (let at = 0; at < frame.pcm.length; at += pieceSamples * channels) {
      const piece = frame.pcm.subarray(at, at + pieceSamples * channels);
      const ms = (piece.length * 1000) / channels / sampleRateHz;
      const aheadMs = this.#played.aheadMs() + ms - this.#settings.leadMs;
      if (aheadMs > 0) await clock.sleep(aheadMs, signal);
      const owned = frame.protected || (frame.utterance !== undefined && frame.utterance === this.#silencedFor);
      if (this.#silenced !== silenced && !owned) {
        this.#ctx.count("silencedSamples", (frame.pcm.length - at) / channels);
        return;
      }
      const written = await this.#write(piece, frame, signal);
      if (!written) continue;
      this.#handedOver(piece, frame, ms);
      this.#audible.until(clock.nowMs() + this.#played.aheadMs());
      this.#recovery.moving();
    }
  }

  #handedOver(pcm: Int16Array, { sampleRateHz, channels, utterance, protected: kept }: AudioFrame, ms: number): void {
    const nowMs = this.#ctx.clock.nowMs();
    const now = this.#devices.sample(nowMs, sampleRateHz); // where it is the run's first device, its time begins here
    if (this.#settings.played || this.#devices.listened) {
      const follows = this.#played.aheadMs(nowMs) > 0;
      this.#follow({ sampleRateHz, channels }).wrote(pcm, follows ? undefined : now);
    }
    this.#played.wrote({ utterance, kept: kept === true }, ms, nowMs);
  }

  /** Until the device has taken it. @returns false where a barge-in ended it */
  async #write(pcm: Int16Array, format: AudioFormat, signal: AbortSignal): Promise<boolean> {
    for (;;) {
      signal.throwIfAborted();
      const line = await this.#open(format);
      const silenced = this.#silenced;
      const reason = await this.#inTime(line, encodeS16le(pcm));
      if (this.#silenced !== silenced && this.#line === undefined) return false; // it was us who ended it
      if (reason === undefined) return true;
      line.close();
      this.#line = undefined;
      this.#cut(() => false);
      await this.#recovery.lost(reason, signal);
    }
  }

  async #open({ sampleRateHz, channels }: AudioFormat): Promise<PlaybackLine> {
    const open = this.#line;
    if (open?.format.sampleRateHz === sampleRateHz && open.format.channels === channels) return open.line;
    await open?.line.finish();
    const { through, device } = this.#settings;
    const format = { sampleRateHz, channels };
    const request: LineRequest = { through, device, format, environment: hostEnvironment() };
    const line = await openPlayback(request);
    this.#line = { format, line };
    return line;
  }

  /** @returns why the device is gone; undefined where it took the bytes. */
  async #inTime(line: PlaybackLine, bytes: Uint8Array): Promise<string | undefined> {
    const late = Promise.withResolvers<string>();
    const callOff = this.#ctx.clock.after(this.#settings.stallMs, () =>
      late.resolve(`it took nothing for ${this.#settings.stallMs} ms`),
    );
    const written = line.write(bytes).then(
      () => undefined,
      () => line.gone,
    );
    try {
      return await Promise.race([line.gone, written, late.promise]);
    } finally {
      callOff();
    }
  }
}
