import { Lexer } from "yaml";
import type { Range } from "./yaml-file.ts";

/** A `${…}` that YAML reads as a mapping, and the quoted text that was meant. */
export interface Unquoted extends Range {
  readonly quoted: string;
}

/** Up to the end of the plain text that was meant: anything but what ends a value inside `{ }` or `[ ]`, and whole `${…}`. */
const MEANT = /(?:\$\{[^{}\n]*\}|[^,[\]{}\n])*/y;

/**
 * Every `${` that stands unquoted inside `{ }` or `[ ]`. There a plain scalar ends before the brace, so one that ends in `$` with a brace
 * at once after it was meant as an interpolation. Works on tokens, since the parser gives up at the first one.
 */
export function findUnquoted(text: string): Unquoted[] {
  const found: Unquoted[] = [];
  let offset = 0;
  let scalarAt: number | undefined; // where a plain scalar ending in `$` began
  let meantUntil = 0;
  for (const token of new Lexer().lex(text)) {
    if (CONTROL_TOKENS.has(token)) continue;
    if (token === "{" && scalarAt !== undefined && offset >= meantUntil) {
      const unquoted = meantAt(text, scalarAt);
      if (unquoted) {
        found.push(unquoted);
        meantUntil = unquoted.offset + unquoted.length;
      }
    }
    scalarAt = token.endsWith("$") && !/^["'#]/.test(token) ? offset : undefined;
    offset += token.length;
  }
  return found;
}

/** What the lexer puts between tokens and is not in the text: marks for document, flow error, and scalar. */
const CONTROL_TOKENS = new Set(["\u0002", "\u0018", "\u001f"]);

function meantAt(text: string, offset: number): Unquoted | undefined {
  MEANT.lastIndex = offset;
  const meant = (MEANT.exec(text)?.[0] ?? "").replace(/\s+#.*$/, "").trimEnd();
  if (!meant.includes("${")) return undefined;
  const plain = !/["\\]/.test(meant);
  return { offset, length: meant.length, quoted: plain ? `"${meant}"` : `'${meant.replaceAll("'", "''")}'` };
}

/** A text with stretches of it replaced, which can tell where one of its offsets was before. */
export class Repaired {
  readonly text: string;

  constructor(
    original: string,
    readonly replaced: readonly Unquoted[],
  ) {
    let text = "";
    let at = 0;
    for (const { offset, length, quoted } of replaced) {
      text += original.slice(at, offset) + quoted;
      at = offset + length;
    }
    this.text = text + original.slice(at);
  }

  /** The offset in the original of one in the repaired text; inside a replaced stretch, its beginning or its end. */
  original(offset: number): number {
    let shift = 0; // how much longer the repaired text is so far
    for (const stretch of this.replaced) {
      const start = stretch.offset + shift;
      if (offset <= start) break;
      if (offset < start + stretch.quoted.length) return stretch.offset;
      shift += stretch.quoted.length - stretch.length;
    }
    return offset - shift;
  }
}
