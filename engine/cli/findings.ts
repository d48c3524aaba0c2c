import { readFileSync } from "node:fs";
import { FINDING_CODES, type Finding, formatFinding, showFinding } from "#engine/workflow";
import type { Console } from "./command.ts";

/** Shows findings: with the source line where people watch, otherwise a line each. */
export function printFindings(findings: readonly Finding[], write: (line: string) => void, console: Console): void {
  const texts = new Map<string, string | undefined>();
  for (const finding of findings) {
    if (!console.color) {
      write(formatFinding(finding));
      continue;
    }
    if (!texts.has(finding.file)) texts.set(finding.file, textOf(finding.file));
    const text = texts.get(finding.file);
    write(text === undefined ? formatFinding(finding) : showFinding(finding, text, { color: true }));
  }
}

function textOf(file: string): string | undefined {
  try {
    return readFileSync(file, "utf8");
  } catch {
    return undefined;
  }
}

/** How to mend what is wrong, once for each code; what has a right answer of its own shows that instead. */
export function printMends(findings: readonly Finding[], console: Console): void {
  const codes = new Set(findings.filter((f) => f.severity !== "note" && !f.fix).map((f) => f.code));
  for (const code of codes) console.err(`${code}: ${FINDING_CODES[code].mend}`);
}

export const hasErrors = (findings: readonly Finding[]): boolean => findings.some((f) => f.severity === "error");

/** `2 errors, 1 note`. */
export function countFindings(findings: readonly Finding[]): string {
  const parts = (["error", "warning", "note"] as const).flatMap((severity) => {
    const count = findings.filter((f) => f.severity === severity).length;
    return count === 0 ? [] : [`${count} ${severity}${count === 1 ? "" : "s"}`];
  });
  return parts.join(", ") || "no findings";
}

/** What is not set on this machine, where that is no fault. */
const lackingHere = (findings: readonly Finding[]): Finding[] =>
  findings.filter(
    ({ code, severity }) =>
      severity === "warning" && (code === "SECRET_MISSING" || code === "ENV_MISSING" || code === "KEY_MISSING"),
  );

/** Tells what a plan goes without; it is drawn all the same. */
export function tellLacking(findings: readonly Finding[], console: Console): void {
  const lacking = lackingHere(findings);
  if (lacking.length === 0) return;
  printFindings(lacking, console.err, console);
  console.err(`${countFindings(lacking)}: planned without what is not set here`);
}
