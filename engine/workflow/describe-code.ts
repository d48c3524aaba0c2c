import { ERROR_MEANINGS, ERROR_TRAITS, type ErrorTraits } from "#engine/errors";
import { FINDING_CODES, type FindingMeaning } from "./finding-codes.ts";
import { FINDING_EXAMPLES } from "./finding-examples.ts";

/** A code as people read of it. Some are both: found in a file, and raised by a run or the API. */
export interface CodePage {
  readonly code: string;
  /** As a finding of lint. */
  readonly finding?: FindingMeaning & { readonly example?: string };
  /** As the error of a run, a command or the API. */
  readonly error?: ErrorTraits & { readonly meaning?: string; readonly example?: string; readonly mend?: string };
}

const findings: Readonly<Record<string, FindingMeaning>> = FINDING_CODES;
const errors: Readonly<Record<string, ErrorTraits>> = ERROR_TRAITS;

/** Every code, findings first, each in the order of its table. */
export const knownCodes = (): string[] => [...new Set([...Object.keys(findings), ...Object.keys(errors)])];

/** Undefined where there is no such code. */
export function describeCode(code: string): CodePage | undefined {
  const found = Object.hasOwn(findings, code) ? findings[code] : undefined;
  const raised = Object.hasOwn(errors, code) ? errors[code] : undefined;
  if (!found && !raised) return undefined;
  const example = FINDING_EXAMPLES[code];
  return {
    code,
    ...(found && { finding: { ...found, ...(example !== undefined && { example }) } }),
    ...(raised && { error: { ...raised, ...ERROR_MEANINGS[code] } }),
  };
}
