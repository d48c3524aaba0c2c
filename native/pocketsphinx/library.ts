import { dlopen } from "bun:ffi";
import { EngineError } from "#engine/errors";
import type { DecoderFiles } from "./files.ts";

/**
 * Mirrors pocketsphinx.h of 5prealpha, with the three calls of sphinxbase that it cannot be used without (the loader finds them through
 * the library's own dependencies). Release 5.0 renamed most of these, and has another library version.
 */
const interface_ = {
  err_set_logfile: { args: ["ptr"], returns: "i32" },
  cmd_ln_parse_r: { args: ["ptr", "ptr", "i32", "ptr", "i32"], returns: "ptr" },
  cmd_ln_free_r: { args: ["ptr"], returns: "i32" },
  ps_args: { args: [], returns: "ptr" },
  ps_init: { args: ["ptr"], returns: "ptr" },
  ps_free: { args: ["ptr"], returns: "i32" },
  ps_set_jsgf_string: { args: ["ptr", "ptr", "ptr"], returns: "i32" },
  ps_set_kws: { args: ["ptr", "ptr", "ptr"], returns: "i32" },
  ps_set_search: { args: ["ptr", "ptr"], returns: "i32" },
  ps_add_word: { args: ["ptr", "ptr", "ptr", "i32"], returns: "i32" },
  ps_lookup_word: { args: ["ptr", "ptr"], returns: "ptr" },
  ps_start_stream: { args: ["ptr"], returns: "i32" },
  ps_start_utt: { args: ["ptr"], returns: "i32" },
  ps_process_raw: { args: ["ptr", "ptr", "usize", "i32", "i32"], returns: "i32" },
  ps_end_utt: { args: ["ptr"], returns: "i32" },
  ps_get_hyp: { args: ["ptr", "ptr"], returns: "ptr" },
  ps_seg_iter: { args: ["ptr"], returns: "ptr" },
  ps_seg_next: { args: ["ptr"], returns: "ptr" },
  ps_seg_word: { args: ["ptr"], returns: "ptr" },
  ps_seg_frames: { args: ["ptr", "ptr", "ptr"], returns: "void" },
} as const;

/** One function of each library of the chain, since `dlopen` asks for at least one. */
const CHAIN_SYMBOLS: readonly (readonly [name: string, symbol: string])[] = [
  ["libquadmath", "quadmath_snprintf"],
  ["libgfortran", "_gfortran_set_args"],
  ["libblas", "sgemm_"],
  ["liblapack", "sposv_"],
  ["libsphinxbase", "cmd_ln_parse_r"],
];

const open = (files: DecoderFiles) => dlopen(files.library, interface_).symbols;

export type PocketSphinxLibrary = ReturnType<typeof open>;

/** C text of this module's own, kept for as long as the thread lives. */
const SILENT_LOG = cString("/dev/null");
const opened = new Map<string, PocketSphinxLibrary>();

/**
 * The library's functions, loaded at the first call in each thread, its log switched off there.
 * @throws EngineError ENGINE_MISSING when the loader refuses it.
 */
export function pocketSphinxLibrary(files: DecoderFiles): PocketSphinxLibrary {
  const known = opened.get(files.library);
  if (known) return known;
  try {
    for (const path of files.chain) loadForOthers(path);
    const library = open(files);
    library.err_set_logfile(SILENT_LOG); // the log's file is a thread's own, so each thread silences it
    opened.set(files.library, library);
    return library;
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new EngineError("ENGINE_MISSING", `pocketsphinx: cannot load ${files.library}: ${reason}`, { cause: error });
  }
}

/** A zero-terminated copy over a buffer of its own: the address of a small view into Bun's heap may go stale. */
export function cString(text: string): Uint8Array<ArrayBuffer> {
  const encoded = new TextEncoder().encode(text);
  const bytes = new Uint8Array(new ArrayBuffer(encoded.length + 1));
  bytes.set(encoded);
  return bytes;
}

function loadForOthers(path: string): void {
  const symbol = CHAIN_SYMBOLS.find(([name]) => path.includes(`/${name}.so`))?.[1];
  if (symbol) dlopen(path, { [symbol]: { args: [], returns: "void" } });
}
