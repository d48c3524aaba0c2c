import { dlopen } from "bun:ffi";
import { join } from "node:path";
import { buildLibrary, findCompiler } from "#native/library";
import { detectorLibrary } from "#native/webrtc-vad";

/** The detectors of the C loop; there is one set of them in a process. */
export interface RawC {
  /** Replaces all detectors by fresh ones. */
  open(count: number, mode: number): void;
  /**
   * Tick by tick one frame for each detector, all of it in C. Detector i begins with frame `i * stride` of the shared audio and goes round.
   * @param pcm over a buffer of its own.
   * @returns how many frames were voiced.
   */
  run(
    pcm: Int16Array,
    frameSamples: number,
    sampleRateHz: number,
    stride: number,
    firstTick: number,
    ticks: number,
  ): number;
}

/** Why there is none here. */
export const rawCMissing = (): string | undefined =>
  findCompiler() ? undefined : "there is no C compiler (apt-get install gcc libc6-dev)";

/** @throws EngineError ENGINE_MISSING without a C compiler */
export function openRawC(): RawC {
  const path = buildLibrary({
    name: "bench-raw-c",
    sources: [join(import.meta.dir, "loop.c")],
    included: [],
    includeDirs: [],
    flags: ["-O3", ...(process.platform === "linux" ? ["-ldl"] : [])],
  });
  const { raw_load, raw_open, raw_run } = dlopen(path, {
    raw_load: { args: ["cstring"], returns: "i32" },
    raw_open: { args: ["i32", "i32"], returns: "i32" },
    raw_run: { args: ["ptr", "i32", "i32", "i32", "i32", "i32", "i32"], returns: "i32" },
  }).symbols;
  const detector = new TextEncoder().encode(`${buildLibrary(detectorLibrary())}\0`);
  if (raw_load(detector) !== 0) throw new Error("the raw C loop does not find the compiled detector");
  return {
    open(count, mode) {
      if (raw_open(count, mode) !== 0) throw new Error(`no memory for ${count} detectors`);
    },
    run: (pcm, samples, rate, stride, firstTick, ticks) =>
      raw_run(pcm, Math.floor(pcm.length / samples), samples, rate, stride, firstTick, ticks),
  };
}
