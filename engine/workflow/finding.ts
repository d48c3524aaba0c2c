/** Something wrong, doubtful or worth knowing about a workflow file. */
export interface Finding {
  /** As given on the command line or in the including file. */
  readonly file: string;
  /** From 1. */
  readonly line: number;
  /** From 1, in characters. */
  readonly column: number;
  readonly severity: "error" | "warning" | "note";
  /** Stable, `UPPER_SNAKE`; one of `FINDING_CODES`. */
  readonly code: string;
  readonly message: string;
  /** What to write instead, where there is one right answer. */
  readonly fix?: { readonly offset: number; readonly length: number; readonly text: string };
}
