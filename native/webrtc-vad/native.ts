import type { Pointer } from "bun:ffi";
import { type BuildOptions, openLibrary } from "../library/index.ts";
import type { Backend } from "./backend.ts";
import { detectorLibrary } from "./build.ts";

/** Mirrors shim.c. `pcm` goes in as the typed array itself: an address of a small one may be stale by the next call. */
const INTERFACE = {
  parlando_vad_open: { args: ["i32"], returns: "ptr" },
  parlando_vad_process: { args: ["ptr", "i32", "ptr", "i32"], returns: "i32" },
  parlando_vad_free: { args: ["ptr"], returns: "void" },
} as const;

/**
 * Opens the compiled detector, building it where needed. The library stays open until the process ends: a call into a closed one would
 * crash it.
 * @throws EngineError as `buildLibrary`, or what the system's loader says.
 */
export function openNative(options: BuildOptions = {}): { backend: Backend; path: string } {
  const { path, symbols } = openLibrary(detectorLibrary(), INTERFACE, options);
  const { parlando_vad_open, parlando_vad_process, parlando_vad_free } = symbols;
  return {
    path,
    backend: {
      open: (mode) => Number(parlando_vad_open(mode) ?? 0),
      process: (handle, sampleRateHz, pcm, samples) =>
        parlando_vad_process(handle as Pointer, sampleRateHz, pcm, samples),
      free: (handle) => parlando_vad_free(handle as Pointer),
    },
  };
}
