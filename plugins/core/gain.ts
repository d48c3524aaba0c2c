import { z } from "zod";
import { type AudioFrame, dbToFactor, defineNode, levelDbfs, live } from "#engine/plugin";

const config = z.strictObject({
  gainDb: live(z.number().min(-60).max(40).default(0)).describe(
    "What is added to the level; with `automatic`, where it begins.",
  ),
  automatic: z
    .strictObject({
      targetDbfs: z.number().min(-40).max(-3).default(-20).describe("The mean level of speech to reach."),
      mostDb: z.number().min(0).max(40).default(24).describe("No more is added, and no more is taken away."),
      quietDbfs: z
        .number()
        .min(-90)
        .max(-20)
        .default(-50)
        .describe("What is softer is taken for a pause, and changes nothing."),
    })
    .optional()
    .describe("Follows the level of what is said: up slowly, down quickly."),
});

type Settings = z.output<typeof config>;

/** How fast the automatic gain moves, in decibels a second: a whisper is lifted within some words, a shout is lowered within one. */
const RISE_DB_PER_S = 6;
const FALL_DB_PER_S = 40;
/** The level is a mean over about so long. */
const MEAN_MS = 400;
/** Peaks are kept just below full scale. */
const CEILING = 32_000;

/** Changes the level of audio, by a fixed amount or so that speech is about as loud everywhere. Positions, marks and format stay. */
export const gain = defineNode({
  type: "core.gain",
  summary: "Makes audio louder or softer, by a fixed amount or following the level of what is said.",
  role: "filter",
  inputs: { audio: { kinds: ["audio", "speech"] } },
  outputs: { audio: { kinds: ["audio", "speech"], audio: "same" } },
  passes: "time",
  config,
  create(settings) {
    const control = new Control(settings);
    return {
      onFrame(frame, emit) {
        emit(frame.kind === "audio" ? control.apply(frame) : frame);
      },
      onUpdate(changed) {
        control.changed(config.parse(changed));
      },
    };
  },
});

/** The gain of one stream. It moves in a straight line within a frame, so that no step is heard. */
class Control {
  #settings: Settings;
  #gainDb: number;
  /** Mean power of what was no pause; undefined before there was any. */
  #power: number | undefined;

  constructor(settings: Settings) {
    this.#settings = settings;
    this.#gainDb = settings.gainDb;
  }

  changed(settings: Settings): void {
    this.#settings = settings;
    if (!settings.automatic) this.#gainDb = settings.gainDb;
  }

  apply(frame: AudioFrame): AudioFrame {
    if (frame.pcm.length === 0) return frame;
    const before = this.#gainDb;
    const ms = (frame.pcm.length * 1000) / frame.channels / frame.sampleRateHz;
    this.#follow(levelDbfs(frame.pcm), ms);
    const pcm = ramped(frame.pcm, dbToFactor(before), dbToFactor(this.#gainDb));
    return { ...frame, pcm };
  }

  #follow(levelDb: number, ms: number): void {
    const { automatic } = this.#settings;
    if (!automatic || levelDb < automatic.quietDbfs) return;
    const power = 10 ** (levelDb / 10);
    const weight = Math.min(1, ms / MEAN_MS);
    this.#power = this.#power === undefined ? power : this.#power + weight * (power - this.#power);
    const wanted = automatic.targetDbfs - 10 * Math.log10(this.#power);
    const bounded = Math.max(-automatic.mostDb, Math.min(automatic.mostDb, wanted));
    const step = bounded - this.#gainDb;
    this.#gainDb += Math.max((-FALL_DB_PER_S * ms) / 1000, Math.min((RISE_DB_PER_S * ms) / 1000, step));
  }
}

/** The samples with a gain that goes from one factor to another, less where a peak would be cut off. */
function ramped(pcm: Int16Array, from: number, to: number): Int16Array {
  let peak = 0;
  for (const value of pcm) peak = Math.max(peak, Math.abs(value));
  const most = peak === 0 ? Number.POSITIVE_INFINITY : Math.max(1, CEILING / peak);
  const [start, end] = [Math.min(from, most), Math.min(to, most)];
  const out = new Int16Array(pcm.length);
  const step = (end - start) / pcm.length;
  for (let i = 0; i < pcm.length; i++) out[i] = Math.round(pcm[i]! * (start + step * i));
  return out;
}
