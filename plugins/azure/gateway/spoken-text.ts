import { XMLValidator } from "fast-xml-parser";

const ENTITIES: Readonly<Record<string, string>> = { lt: "<", gt: ">", quot: '"', apos: "'", amp: "&" };

/** What is read out of SSML, and the voice that it names first; undefined for what is no SSML. */
export function readSsml(document: string): { readonly text: string; readonly voice?: string } | undefined {
  if (!/<speak[\s>]/.test(document) || /<!(DOCTYPE|ENTITY)/i.test(document)) return undefined;
  if (XMLValidator.validate(document.trim()) !== true) return undefined;
  const voice = /<voice\b[^>]*\bname\s*=\s*["']([^"']+)["']/.exec(document)?.[1];
  return { text: plainText(document), ...(voice !== undefined && { voice }) };
}

const plainText = (ssml: string): string =>
  ssml
    .replace(/<\?[^>]*\?>|<!--[\s\S]*?-->/g, "")
    .replace(/<[^>]*>/g, " ")
    .replace(/&(?:(lt|gt|quot|apos|amp)|#(\d+)|#x([0-9a-f]+));/gi, (_, name?: string, code?: string, hex?: string) =>
      name === undefined
        ? String.fromCodePoint(Number.parseInt(code ?? hex ?? "", code ? 10 : 16))
        : (ENTITIES[name.toLowerCase()] ?? ""),
    )
    .replace(/\s+/g, " ")
    .trim();

export interface Boundary {
  readonly text: string;
  readonly offsetMs: number;
  readonly durationMs: number;
  readonly kind: "WordBoundary" | "PunctuationBoundary";
}

/** Words and marks of a text over the time that it took, each as long as its letters: the workflow's voice does not say when it spoke them. */
export function boundaries(text: string, durationMs: number): Boundary[] {
  const pieces = [...text.matchAll(/[\p{L}\p{N}]+(?:['’-][\p{L}\p{N}]+)*|[.,!?;:。，！？；：]/gu)].map(
    ([piece]) => piece,
  );
  const weight = (piece: string) => (/^[\p{L}\p{N}]/u.test(piece) ? [...piece].length : 0);
  const total = pieces.reduce((sum, piece) => sum + weight(piece), 0);
  let offsetMs = 0;
  return pieces.map((piece) => {
    const own = total === 0 ? 0 : (durationMs * weight(piece)) / total;
    const kind = weight(piece) > 0 ? ("WordBoundary" as const) : ("PunctuationBoundary" as const);
    const found = { text: piece, offsetMs, durationMs: own, kind };
    offsetMs += own;
    return found;
  });
}
