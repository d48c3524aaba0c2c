import { dlopen } from "bun:ffi";
import { type BuildOptions, openLibrary } from "../library/index.ts";
import { sessionLibrary } from "./build.ts";

/**
 * Mirrors session.c. Ids are doubles, which cost as little to pass as 32-bit numbers; arrays go in as the typed arrays themselves, never as
 * addresses that were taken before.
 */
const INTERFACE = {
  vs_pool_open: { args: ["i32"], returns: "ptr" },
  vs_pool_way: { args: ["ptr"], returns: "i32" },
  vs_pool_close: { args: ["ptr"], returns: "void" },
  vs_open: { args: ["ptr", "ptr", "i32", "f64"], returns: "f64" },
  vs_close: { args: ["ptr", "f64"], returns: "i32" },
  vs_stage: { args: ["ptr", "f64", "ptr", "i32"], returns: "i32" },
  vs_run: { args: ["ptr", "ptr", "i32", "ptr", "ptr", "i32", "ptr", "i32"], returns: "i32" },
  vs_discard: { args: ["ptr"], returns: "i32" },
  vs_push: { args: ["ptr", "f64", "ptr", "i32", "ptr", "ptr", "i32", "ptr", "i32"], returns: "f64" },
  vs_skip: { args: ["ptr", "f64", "f64"], returns: "i32" },
  vs_flush: { args: ["ptr", "f64"], returns: "i32" },
  vs_rest: { args: ["ptr", "f64"], returns: "i32" },
  vs_short: { args: ["ptr", "f64", "i32"], returns: "i32" },
  vs_utterance_start: { args: ["ptr", "f64"], returns: "f64" },
} as const;

export type SessionLibrary = ReturnType<typeof open>;

const open = (path: string) => dlopen(path, INTERFACE).symbols;

/**
 * Opens the library at a path. It stays open until the process ends: a call into a closed one would crash it.
 * @throws what the system's loader says.
 */
export const openSessionLibrary = open;

let library: SessionLibrary | undefined;

/**
 * The library of this process, built at the first call where it is not there yet.
 * @throws EngineError ENGINE_MISSING without a compiler, ENGINE_FAILED when it fails, FILE_UNWRITABLE.
 */
export function sessionLibraryHere(options: BuildOptions = {}): SessionLibrary {
  library ??= openLibrary(sessionLibrary(), INTERFACE, options).symbols;
  return library;
}
