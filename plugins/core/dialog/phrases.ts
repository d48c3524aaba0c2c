import { z } from "zod";
import { EngineError } from "#engine/plugin";
import { type Automaton, accepts, compile } from "./grammar/automaton.ts";
import { type Expansion, type Grammar, parseExpansion, parseGrammar } from "./grammar/parse.ts";
import { compileRegex, findIn, type Regex } from "./regex.ts";
import { spokenWords } from "./words.ts";

const phrase = z.union([
  z.string().min(1).max(5000),
  z.strictObject({ pattern: z.string().min(1).describe("A regular expression of RE2; capitals do not count.") }),
]);

/** What may be said: a phrase or several. */
export const phrasesSchema = z.union([phrase, z.array(phrase).min(1).max(1000)]);
export type Phrases = z.output<typeof phrasesSchema>;

export const grammarSchema = z
  .string()
  .min(1)
  .max(100_000)
  .describe("Rules in JSGF, for phrases to name as <rule>: the same text that a recogniser with a grammar takes.");

/** What a text holds for the parts of a phrase that have a name. */
export type SlotTexts = Readonly<Record<string, string>>;

export interface Matcher {
  /** Names of slots that a text may give. */
  readonly slots: readonly string[];
  /** The slots of what fits; undefined where nothing does. */
  find(text: string): SlotTexts | undefined;
}

const noRules: Grammar = { rules: new Map(), open: [] };

/** @throws EngineError CONFIG_INVALID */
export const readGrammar = (grammar: string | undefined): Grammar =>
  grammar === undefined ? noRules : parseGrammar(grammar);

/**
 * What finds the first of the phrases that fits.
 * @param anywhere words may stand before and behind a phrase; a pattern always looks anywhere.
 * @throws EngineError CONFIG_INVALID
 */
export function matcherOf(phrases: Phrases, { rules }: Grammar, anywhere: boolean): Matcher {
  const each = (Array.isArray(phrases) ? phrases : [phrases]).map((one) =>
    typeof one === "string" ? spoken(parseExpansion(one), rules, anywhere) : written(compileRegex(one.pattern)),
  );
  return {
    slots: [...new Set(each.flatMap(({ slots }) => slots))],
    find(text) {
      for (const matcher of each) {
        const found = matcher.find(text);
        if (found) return found;
      }
      return undefined;
    },
  };
}

function spoken(expansion: Expansion, rules: Grammar["rules"], anywhere: boolean): Matcher {
  const automaton = compile(expansion, rules);
  if (accepts(automaton, [], false))
    throw new EngineError("CONFIG_INVALID", "a phrase fits silence, too: not all of it may be optional");
  return { slots: tagsOf(automaton), find: (text) => findSpoken(automaton, text, anywhere) };
}

function findSpoken(automaton: Automaton, text: string, anywhere: boolean): SlotTexts | undefined {
  const words = spokenWords(text);
  const found = accepts(automaton, words, anywhere);
  if (!found) return undefined;
  const slots: Record<string, string> = {};
  for (const [tag, [from, to]] of found) slots[tag] = text.slice(words[from]?.from ?? 0, words[to - 1]?.to ?? 0);
  return slots;
}

const written = (regex: Regex): Matcher => ({
  slots: Object.keys(regex.namedGroups()),
  find: (text) => findIn(regex, text),
});

const tagsOf = (automaton: Automaton): string[] => [
  ...new Set(automaton.flatMap((step) => (step.op === "open" ? [step.tag] : []))),
];
