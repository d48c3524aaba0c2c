import { dlopen, type FFIFunction, type Library } from "bun:ffi";
import { rmSync } from "node:fs";
import { type BuildOptions, buildLibrary, type LibrarySpec } from "./library.ts";

/** A library that is open until the process ends: a call into a closed one would crash it. */
export interface OpenLibrary<Functions extends Record<string, FFIFunction>> {
  readonly path: string;
  readonly symbols: Library<Functions>["symbols"];
}

/**
 * Opens a library, building it where it is not there yet or damaged, such as by a full disk.
 * @throws EngineError as `buildLibrary`, or what the system's loader says.
 */
export function openLibrary<Functions extends Record<string, FFIFunction>>(
  spec: LibrarySpec,
  functions: Functions,
  options: BuildOptions = {},
): OpenLibrary<Functions> {
  const path = buildLibrary(spec, options);
  try {
    return { path, symbols: dlopen(path, functions).symbols };
  } catch {
    rmSync(path, { force: true });
    return { path, symbols: dlopen(buildLibrary(spec, options), functions).symbols };
  }
}
