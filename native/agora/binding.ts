import { openLibrary } from "../library/index.ts";
import { shimLibrary } from "./build.ts";

/** Mirrors shim.c. Texts go in as NUL-terminated bytes, arrays as the typed arrays themselves. */
const INTERFACE = {
  pa_why: { args: [], returns: "cstring" },
  pa_load: { args: ["ptr", "i32"], returns: "i32" },
  pa_service_open: { args: ["ptr", "i32", "u32", "i32"], returns: "i32" },
  pa_service_close: { args: [], returns: "i32" },
  pa_open: { args: ["i32"], returns: "i32" },
  pa_connect: { args: ["i32", "ptr", "ptr", "ptr"], returns: "i32" },
  pa_join: { args: ["i32", "i32", "ptr"], returns: "i32" },
  pa_send: { args: ["i32", "ptr", "i32", "i32", "i32"], returns: "i32" },
  pa_clear: { args: ["i32"], returns: "i32" },
  pa_renew_token: { args: ["i32", "ptr"], returns: "i32" },
  pa_read_audio: { args: ["i32", "ptr", "i32"], returns: "i32" },
  pa_read_event: { args: ["i32", "ptr", "i32"], returns: "i32" },
  pa_dropped: { args: ["i32"], returns: "f64" },
  pa_leave: { args: ["i32"], returns: "i32" },
  pa_close: { args: ["i32"], returns: "i32" },
} as const;

export type Shim = ReturnType<typeof open>;

const open = () => openLibrary(shimLibrary(), INTERFACE).symbols;

let shim: Shim | undefined;

/**
 * The shim of this process, built at the first call.
 * @throws EngineError ENGINE_MISSING without a compiler, ENGINE_FAILED when it fails, FILE_UNWRITABLE.
 */
export function shimHere(): Shim {
  shim ??= open();
  return shim;
}

/** A text as C takes it; valid as long as the array is. */
export const cText = (text: string): Uint8Array => new TextEncoder().encode(`${text}\0`);
