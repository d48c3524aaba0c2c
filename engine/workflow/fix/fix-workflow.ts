import type { Finding, Fix } from "../finding.ts";
import { parseYaml } from "../yaml/parse-yaml.ts";
import { YamlFile } from "../yaml/yaml-file.ts";
import { sameButFor } from "./same-meaning.ts";

/** A text with everything mended in it that has one right answer. */
export interface Fixed {
  readonly text: string;
  /** What was mended, in the order in which it was found. */
  readonly mended: readonly Finding[];
  /** Why nothing was: the text is as it was then. */
  readonly refused?: Finding;
}

/** What a fix brings to light may be mended in turn; a text that is never sound is given up. */
const PASSES = 10;

/**
 * Mends a workflow's text in place: what is not wrong stays as it is, to the last comment and space. All or nothing, and never a change
 * of what the text says: the values are compared before and after.
 * @param file as findings name it; fixes of other files are left alone.
 * @param lint finds what is wrong with a text that stands in for the file's.
 */
export async function fixWorkflow(
  original: string,
  file: string,
  lint: (text: string) => Promise<readonly Finding[]>,
): Promise<Fixed> {
  const mended: Finding[] = [];
  let text = original;
  for (let pass = 0; pass < PASSES; pass++) {
    const found = (await lint(text)).filter((finding) => finding.file === file && finding.fix?.sure);
    if (found.length === 0) return { text, mended };
    const fixes = found.flatMap(({ fix }) => fix ?? []);
    const next = written(text, fixes);
    if (next === undefined || !sameButFor(parsed(text), parsed(next), renamings(text, fixes)))
      return { text: original, mended: [], refused: refusal(original, file, found) };
    mended.push(...found);
    text = next;
  }
  return { text: original, mended: [], refused: refusal(original, file, mended) };
}

/** Undefined where two fixes want the same place. */
function written(text: string, fixes: readonly Fix[]): string | undefined {
  const inOrder = [...fixes].sort((a, b) => a.offset - b.offset);
  let result = "";
  let at = 0;
  for (const { offset, length, text: words } of inOrder) {
    if (offset < at) return undefined;
    result += text.slice(at, offset) + words;
    at = offset + length;
  }
  return result + text.slice(at);
}

/** The values of a text; undefined where its syntax is broken, beyond what is mended itself. */
function parsed(text: string): unknown {
  const { yaml, findings } = parseYaml(text, "");
  return findings.every(({ code }) => code === "YAML_UNQUOTED") ? yaml?.value : undefined;
}

/** Which keys were to become which. */
function renamings(text: string, fixes: readonly Fix[]): ReadonlyMap<string, ReadonlySet<string>> {
  const renamed = new Map<string, Set<string>>();
  for (const { offset, length, text: to } of fixes) {
    const from = text.slice(offset, offset + length).replace(/^(["'])(.*)\1$/s, "$2");
    renamed.set(from, (renamed.get(from) ?? new Set()).add(to));
  }
  return renamed;
}

function refusal(text: string, file: string, found: readonly Finding[]): Finding {
  const blank = new YamlFile(file, text, undefined, { value: { offset: 0, length: 0 } });
  const where = [...new Set(found.map(({ line }) => line))].join(", ");
  const message = `what is wrong in line ${where} cannot be mended without a change of what the file says`;
  const { line, column } = found[0] ?? { line: 1, column: 1 };
  return { ...blank.findingAt("FIX_REFUSED", { offset: 0, length: 0 }, message), line, column };
}
