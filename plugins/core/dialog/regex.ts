import { createRequire } from "node:module";
import { EngineError } from "#engine/plugin";

type Library = typeof import("re2js");

/**
 * Regular expressions of RE2: they take time in proportion to the text, whatever is written, so that a workflow cannot hang the process by
 * one. Loaded at first use, which takes longer than all of the core beside it.
 * @see https://github.com/google/re2/wiki/Syntax
 */
const library = (): Library => createRequire(import.meta.url)("re2js") as Library;

export type Regex = ReturnType<Library["RE2JS"]["compile"]>;

const MOST_CHARS = 1000;

/**
 * Compiles a pattern; capitals do not count.
 * @throws EngineError CONFIG_INVALID with what is wrong.
 */
export function compileRegex(pattern: string): Regex {
  if (pattern.length > MOST_CHARS)
    throw new EngineError(
      "CONFIG_INVALID",
      `a pattern of ${pattern.length} characters; up to ${MOST_CHARS} were wanted`,
    );
  const { RE2JS } = library();
  try {
    return RE2JS.compile(pattern, RE2JS.CASE_INSENSITIVE);
  } catch (error) {
    const said = error instanceof Error ? error.message : String(error);
    throw new EngineError("CONFIG_INVALID", `no pattern of RE2: ${said}`, { cause: error });
  }
}

/** The named groups of the first place that fits; undefined where none does. */
export function findIn(regex: Regex, text: string): Record<string, string> | undefined {
  const matcher = regex.matcher(text);
  if (!matcher.find()) return undefined;
  const slots: Record<string, string> = {};
  for (const name of Object.keys(regex.namedGroups())) {
    const value = matcher.group(name);
    if (value !== null) slots[name] = value;
  }
  return slots;
}
