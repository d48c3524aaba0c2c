import { dlopen } from "bun:ffi";
import { type BuildOptions, openLibrary } from "../library/index.ts";
import { audioLibrary } from "./build.ts";

/** Mirrors audio.c. Arrays go in as the typed arrays themselves, never as addresses that were taken before. */
const INTERFACE = {
  pa_way: { args: ["i32"], returns: "i32" },
  pa_resample: {
    args: ["i32", "ptr", "i32", "i32", "i32", "ptr", "i32", "i32", "i32", "i32", "i32", "ptr", "i32"],
    returns: "i32",
  },
  pa_decode: { args: ["i32", "ptr", "i32", "ptr", "i32"], returns: "i32" },
  pa_encode: { args: ["i32", "i32", "ptr", "i32", "ptr", "i32"], returns: "i32" },
  pa_squares: { args: ["i32", "ptr", "i32"], returns: "f64" },
} as const;

export type AudioLibrary = ReturnType<typeof openAudioLibrary>;

/**
 * Opens the library at a path. It stays open until the process ends.
 * @throws what the system's loader says.
 */
export const openAudioLibrary = (path: string) => dlopen(path, INTERFACE).symbols;

let library: AudioLibrary | undefined;

/**
 * The library of this process, built at the first call where it is not there yet.
 * @throws EngineError ENGINE_MISSING without a compiler, ENGINE_FAILED when it fails, FILE_UNWRITABLE.
 */
export function audioLibraryHere(options: BuildOptions = {}): AudioLibrary {
  library ??= openLibrary(audioLibrary(), INTERFACE, options).symbols;
  return library;
}
