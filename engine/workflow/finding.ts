import type { FindingCode } from "./finding-codes.ts";

export type Severity = "error" | "warning" | "note";

/** Something wrong, doubtful or worth knowing about a workflow file. */
export interface Finding {
  /** As given on the command line or in the including file. */
  readonly file: string;
  /** From 1. */
  readonly line: number;
  /** From 1, in characters (Unicode code points). */
  readonly column: number;
  readonly severity: Severity;
  /** Stable, `UPPER_SNAKE`; `FINDING_CODES` says what each means. */
  readonly code: FindingCode;
  readonly message: string;
  /** What to write instead, where there is one right answer. Offset and length count UTF-16 units of the file's text. */
  readonly fix?: Fix;
  /** The param that was given a value which it does not take. */
  readonly param?: string;
}

export interface Fix {
  readonly offset: number;
  readonly length: number;
  readonly text: string;
  /** It leaves no doubt of what was meant: `lint --fix` writes it. Otherwise it is a hint. */
  readonly sure?: true;
}

/** `file:line:column CODE message`. */
export const formatFinding = (finding: Finding): string =>
  `${finding.file}:${finding.line}:${finding.column} ${finding.code} ${finding.message}`;

/** More of a source line than this is not shown: 160 characters around the place. */
const SHOWN_CHARACTERS = 160;

/**
 * A finding for people: its line, the line of the source, a caret under the place, and the fix if there is one.
 * @param text of the file that the finding names.
 */
export function showFinding(finding: Finding, text: string, { color }: { color: boolean }): string {
  const paint = (code: number, words: string) => (color ? `\u001b[${code}m${words}\u001b[0m` : words);
  const tint = { error: 31, warning: 33, note: 36 }[finding.severity];
  const place = `${finding.file}:${finding.line}:${finding.column}`;
  const head = `${paint(1, place)} ${paint(tint, `${finding.severity} ${finding.code}`)} ${finding.message}`;
  const source = text.split("\n")[finding.line - 1];
  if (source === undefined || source.trim() === "") return head;
  // what would move the cursor is shown as a sign; a tab stays one
  const characters = [...source.replace(/\r$/, "").replace(/[^\P{Cc}\t]/gu, "\uFFFD")];
  const from = Math.max(0, finding.column - 1 - SHOWN_CHARACTERS / 2);
  const shown = characters.slice(from, from + SHOWN_CHARACTERS);
  // a tab stays a tab under the line, so that the caret stands where the eye looks
  const indent = shown.slice(0, finding.column - 1 - from).map((character) => (character === "\t" ? "\t" : " "));
  const gutter = `${finding.line} | `;
  const lines = [head, gutter + shown.join(""), " ".repeat(gutter.length) + indent.join("") + paint(tint, "^")];
  if (finding.fix) lines.push(`${" ".repeat(gutter.length)}write: ${finding.fix.text}`);
  return lines.join("\n");
}

const byText = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);

/** By file (the first one given comes first), line, column and code; equal findings once. */
export function sortFindings(findings: readonly Finding[], firstFile?: string): Finding[] {
  const once = new Map<string, Finding>();
  for (const finding of findings) {
    const key = `${formatFinding(finding)} ${finding.severity}`;
    if (!once.has(key)) once.set(key, finding);
  }
  const rank = (file: string) => (file === firstFile ? 0 : 1);
  return [...once.values()].sort(
    (a, b) =>
      rank(a.file) - rank(b.file) ||
      byText(a.file, b.file) ||
      a.line - b.line ||
      a.column - b.column ||
      byText(a.code, b.code) ||
      byText(a.message, b.message),
  );
}
