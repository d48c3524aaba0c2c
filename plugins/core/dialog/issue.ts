import type { z } from "zod";

/** Adds what a check of a setting throws as an issue at its place. */
export function issueOf(issues: z.core.$RefinementCtx, path: readonly (string | number)[], check: () => void): void {
  try {
    check();
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    issues.addIssue({ code: "custom", path: [...path], message });
  }
}
