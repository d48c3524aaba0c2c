import { existsSync } from "node:fs";
import { EngineError } from "#engine/errors";
import { audioLibrary } from "./audio/index.ts";
import { buildLibrary, findCompiler, type LibrarySpec, libraryPath } from "./library/index.ts";
import { sessionLibrary } from "./vad-session/index.ts";
import { detectorLibrary } from "./webrtc-vad/index.ts";

/** With what serves where there is no compiler. */
const libraries: readonly (readonly [() => LibrarySpec, instead: string])[] = [
  [detectorLibrary, "the WebAssembly detector"],
  [sessionLibrary, "the WebAssembly detector"],
  [audioLibrary, "TypeScript"],
];

/**
 * Compiles what is not compiled yet, and says one line for each library. Part of set-up: without it, the first use compiles.
 * @returns an exit status: 1 only when a compiler is there and fails. Without one nothing is wrong, for all of it has a stand-in.
 */
export function buildAll(say: (line: string) => void): number {
  let status = 0;
  for (const [library, instead] of libraries) {
    const spec = library();
    const there = existsSync(libraryPath(spec));
    try {
      say(`${spec.name}: ${there ? "is there" : "built"}: ${buildLibrary(spec)}`);
    } catch (error) {
      say(`${error instanceof Error ? error.message : error} (${instead} serves instead)`);
      if (!(error instanceof EngineError) || findCompiler()) status = 1;
    }
  }
  return status;
}

if (import.meta.main) process.exitCode = buildAll((line) => console.log(line));
