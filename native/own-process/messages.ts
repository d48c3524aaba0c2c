import type { ErrorCode } from "#engine/errors";

/** What goes to a process and comes back; values pass by structured clone. */
export interface Ask {
  readonly id: number;
  readonly ask: unknown;
}

export type Answer =
  | { readonly id: number; readonly value: unknown }
  | { readonly id: number; readonly failed: { readonly code: ErrorCode; readonly message: string } };

/** The names of the environment that it gets: none of them holds a secret. */
export const ENVIRONMENT = [
  "PATH",
  "HOME",
  "LANG",
  "TMPDIR",
  "LD_LIBRARY_PATH",
  "XDG_CACHE_HOME",
  "PARLANDO_NATIVE_DIR",
];
