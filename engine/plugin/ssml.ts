import { XMLParser, XMLValidator } from "fast-xml-parser";
import { EngineError } from "#engine/errors";

const parser = new XMLParser({ preserveOrder: true, ignoreAttributes: true, processEntities: false });

/**
 * Looks whether a document that somebody gave can be handed to a service.
 * @throws EngineError CONFIG_INVALID where it is not well formed, is no `speak` element, has anything beside it, declares a document type, or
 * names an entity that only such a declaration could explain.
 */
export function requireSsml(document: string): void {
  const why = flawOf(document);
  if (why !== undefined) throw new EngineError("CONFIG_INVALID", `a text is no SSML: ${why}`);
}

/** What is read out of a document, and the voice that it names first; undefined for what is no SSML. */
export function readSsml(document: string): { readonly text: string; readonly voice?: string } | undefined {
  if (flawOf(document) !== undefined) return undefined;
  const voice = /<voice\b[^>]*\bname\s*=\s*["']([^"']+)["']/.exec(document)?.[1];
  return { text: plainText(document), ...(voice !== undefined && { voice }) };
}

/** Whether a text is meant to be SSML, well formed or not. */
export const looksLikeSsml = (text: string): boolean => /^\s*<(\?xml\s|!DOCTYPE\s|!--|speak[\s>/])/i.test(text);

const BEGINNING = /^\s*(<\?xml[^>]*\?>\s*)?<speak[\s>/]/;
const CDATA = /<!\[CDATA\[([\s\S]*?)\]\]>/g;
const COMMENTS = /<!--[\s\S]*?-->/g;
/** Of a character, or one of the five that XML itself has. */
const ENTITY = /&(?:(lt|gt|quot|apos|amp)|#(\d{1,7})|#x([0-9a-f]{1,6}));/gi;
const MOST_CODE_POINT = 0x10ffff;

function flawOf(document: string): string | undefined {
  const text = document.trim();
  const marked = text.replace(CDATA, "").replace(COMMENTS, "");
  if (/<!(DOCTYPE|ENTITY)/i.test(marked)) return "it declares a document type";
  if (!BEGINNING.test(marked)) return "it does not begin with <speak>";
  if (marked.replace(ENTITY, "").includes("&")) return "it has an & that begins no entity that XML knows";
  const checked = XMLValidator.validate(text);
  if (checked !== true) return `line ${checked.err.line}, column ${checked.err.col}: ${checked.err.code}`;
  const elements = (parser.parse(text) as Record<string, unknown>[]).flatMap((node) =>
    Object.keys(node).filter((name) => !name.startsWith("?") && !name.startsWith(":")),
  );
  return elements.length === 1 ? undefined : "it goes on behind </speak>";
}

const NAMED: Readonly<Record<string, string>> = { lt: "<", gt: ">", quot: '"', apos: "'", amp: "&" };

const escapedAgain = (text: string): string => text.replaceAll("&", "&amp;").replaceAll("<", "&lt;");

const plainText = (ssml: string): string =>
  ssml
    .replace(CDATA, (_, text: string) => escapedAgain(text))
    .replace(COMMENTS, "")
    .replace(/<[^>]*>/g, " ")
    .replace(ENTITY, (_, name?: string, code?: string, hex?: string) =>
      name === undefined
        ? characterOf(Number.parseInt(code ?? hex ?? "", code === undefined ? 16 : 10))
        : (NAMED[name.toLowerCase()] ?? ""),
    )
    .replace(/\s+/g, " ")
    .trim();

/** Nothing for what is no character of XML, such as half of a pair. */
const characterOf = (code: number): string =>
  code < 32 || code > MOST_CODE_POINT || (code >= 0xd800 && code < 0xe000) ? " " : String.fromCodePoint(code);
