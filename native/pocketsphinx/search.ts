import type { Pointer } from "bun:ffi";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { EngineError } from "#engine/errors";
import { cString, type PocketSphinxLibrary } from "./library.ts";

export interface Keyword {
  /** Words of the dictionary, in small letters. */
  readonly phrase: string;
  /** From 1e-50 to 1: the smaller, the more is taken for it. */
  readonly threshold: number;
}

/** What is listened for where it is not open speech. */
export interface Search {
  /** In JSGF, with one public rule. */
  readonly grammar?: string;
  readonly keywords?: readonly Keyword[];
  /** Words that the dictionary has not, with their sounds as it writes them: `L AY V K IH T`. */
  readonly words?: Readonly<Record<string, string>>;
}

type Address = Pointer | bigint;

const NAME = cString("own");

/**
 * Tells a decoder what to listen for; it then needs no language model.
 * @throws EngineError CONFIG_INVALID for a word whose sounds are none, a word that the dictionary has not, or a grammar that cannot be read.
 */
export function setSearch(library: PocketSphinxLibrary, decoder: Address, search: Search): void {
  for (const [word, sounds] of Object.entries(search.words ?? {}))
    if (library.ps_add_word(decoder, cString(word), cString(sounds), 1) < 0)
      throw new EngineError(
        "CONFIG_INVALID",
        `words: the dictionary does not take ${word}; sounds are as in HH AH L OW`,
      );
  if (search.grammar !== undefined) {
    requireWords(library, decoder, grammarWords(search.grammar), "grammar");
    if (library.ps_set_jsgf_string(decoder, NAME, cString(search.grammar)) < 0)
      throw new EngineError("CONFIG_INVALID", "grammar: this is no JSGF grammar with a public rule");
  } else if (search.keywords) {
    requireWords(
      library,
      decoder,
      search.keywords.flatMap(({ phrase }) => phrase.split(/\s+/)),
      "keywords",
    );
    setKeywords(library, decoder, search.keywords);
  } else return;
  if (library.ps_set_search(decoder, NAME) < 0)
    throw new EngineError("ENGINE_FAILED", "pocketsphinx does not take the search that it has made");
}

/** The library takes several phrases from a file only. */
function setKeywords(library: PocketSphinxLibrary, decoder: Address, keywords: readonly Keyword[]): void {
  const folder = mkdtempSync(join(tmpdir(), "parlando-keywords-"));
  try {
    const file = join(folder, "keywords");
    writeFileSync(file, keywords.map(({ phrase, threshold }) => `${phrase} /${threshold.toExponential()}/\n`).join(""));
    if (library.ps_set_kws(decoder, NAME, cString(file)) < 0)
      throw new EngineError("CONFIG_INVALID", "keywords: pocketsphinx does not take them");
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** The library would only say that something is wrong. */
function requireWords(library: PocketSphinxLibrary, decoder: Address, words: readonly string[], where: string): void {
  const unknown = [...new Set(words)].filter((word) => !library.ps_lookup_word(decoder, cString(word)));
  if (unknown.length > 0)
    throw new EngineError(
      "CONFIG_INVALID",
      `${where}: the dictionary has no ${unknown.slice(0, 5).join(", ")}: give their sounds in words`,
    );
}

/** What stands in rules, without comments, names of rules, tags, weights and signs. */
export function grammarWords(grammar: string): string[] {
  const rules = grammar
    .replace(/\/\*[\s\S]*?\*\/|\/\/.*$|^#JSGF.*?;|^\s*grammar\s+[^;]+;|^\s*import\s+[^;]+;|\{[^}]*\}/gm, " ")
    .replace(/\/[\d.eE+-]+\//g, " ")
    .replace(/(public\s+)?<[^>]*>\s*=/g, " ")
    .replace(/<[^>]*>/g, " ");
  return rules.match(/[^\s|()[\]*+;="]+/g) ?? [];
}
