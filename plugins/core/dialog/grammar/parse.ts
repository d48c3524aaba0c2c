import { EngineError } from "#engine/plugin";
import { spokenWords } from "../words.ts";
import { type Token, tokensOf } from "./tokens.ts";

/** What may be said, as a tree. */
export type Expansion =
  | { readonly kind: "word"; readonly word: string }
  | { readonly kind: "rule"; readonly name: string }
  | { readonly kind: "sequence" | "choice"; readonly of: readonly Expansion[] }
  | { readonly kind: "optional" | "some" | "any"; readonly of: Expansion }
  | { readonly kind: "tagged"; readonly of: Expansion; readonly tag: string };

/** The rules of a grammar by name, and those of them that are public, in order. */
export interface Grammar {
  readonly rules: ReadonlyMap<string, Expansion>;
  readonly open: readonly string[];
}

/** Nested brackets beyond this are no grammar that somebody wrote. */
const DEEPEST = 40;

/**
 * One expansion, such as `turn (on | off) {state} [the] <lamp>`.
 * @throws EngineError CONFIG_INVALID with what was found where.
 */
export function parseExpansion(text: string): Expansion {
  const parser = new Parser(tokensOf(text));
  const found = parser.choice(0);
  parser.expectEnd();
  return found;
}

/**
 * A grammar in the JSpeech Grammar Format, its header optional: rules with words, `( )`, `[ ]`, `|`, `*`, `+`, `{tags}`, `<rules>`; weights
 * are read and not used; imports are refused. @see https://www.w3.org/TR/jsgf/
 * @throws EngineError CONFIG_INVALID
 */
export function parseGrammar(text: string): Grammar {
  const parser = new Parser(tokensOf(text.replace(/^\s*#JSGF[^;]*;/u, "")));
  if (parser.take("grammar")) parser.skipPast(";");
  const rules = new Map<string, Expansion>();
  const open: string[] = [];
  while (!parser.ended) {
    if (parser.take("import")) parser.fail("a grammar of one's own, not an import");
    const isOpen = parser.take("public");
    const name = parser.rule();
    parser.expect("=");
    if (rules.has(name)) throw new EngineError("CONFIG_INVALID", `the rule <${name}> stands twice in the grammar`);
    rules.set(name, parser.choice(0));
    parser.expect(";");
    if (isOpen) open.push(name);
  }
  return { rules, open };
}

class Parser {
  #at = 0;

  constructor(readonly tokens: readonly Token[]) {}

  get ended(): boolean {
    return this.#at >= this.tokens.length;
  }

  /** Takes the next token where it is this sign or word. */
  take(text: string): boolean {
    const next = this.tokens[this.#at];
    if (next?.text !== text || next.kind === "quoted") return false;
    this.#at++;
    return true;
  }

  expect(sign: string): void {
    if (!this.take(sign)) this.fail(sign);
  }

  expectEnd(): void {
    if (!this.ended) this.fail("the end");
  }

  skipPast(sign: string): void {
    while (!this.take(sign)) {
      if (this.ended) this.fail(sign);
      this.#at++;
    }
  }

  rule(): string {
    const next = this.tokens[this.#at];
    if (next?.kind !== "rule") this.fail("a <rule>");
    this.#at++;
    return next.text;
  }

  choice(depth: number): Expansion {
    if (depth > DEEPEST) this.fail(`no more than ${DEEPEST} brackets within each other`);
    const of = [this.#sequence(depth)];
    while (this.take("|")) of.push(this.#sequence(depth));
    return of.length === 1 ? of[0]! : { kind: "choice", of };
  }

  #sequence(depth: number): Expansion {
    const of: Expansion[] = [];
    for (let item = this.#item(depth); item; item = this.#item(depth)) of.push(this.#marked(item));
    if (of.length === 0) this.fail("words");
    return of.length === 1 ? of[0]! : { kind: "sequence", of };
  }

  #item(depth: number): Expansion | undefined {
    const next = this.tokens[this.#at];
    if (!next) return undefined;
    if (next.kind === "weight") {
      this.#at++;
      return this.#item(depth);
    }
    if (this.take("(")) return this.#within(")", depth);
    if (this.take("[")) return { kind: "optional", of: this.#within("]", depth) };
    if (next.kind === "sign" || next.kind === "tag") return undefined;
    this.#at++;
    if (next.kind === "rule") return { kind: "rule", name: next.text };
    return wordsOf(next);
  }

  #within(close: string, depth: number): Expansion {
    const found = this.choice(depth + 1);
    this.expect(close);
    return found;
  }

  /** With the signs and tags behind it. */
  #marked(item: Expansion): Expansion {
    let found = item;
    for (;;) {
      const next = this.tokens[this.#at];
      if (this.take("*")) found = { kind: "any", of: found };
      else if (this.take("+")) found = { kind: "some", of: found };
      else if (next?.kind === "tag") {
        found = { kind: "tagged", of: found, tag: next.text };
        this.#at++;
      } else return found;
    }
  }

  fail(wanted: string): never {
    const next = this.tokens[this.#at];
    const found = next ? `"${next.text}" at character ${next.at + 1}` : "the end";
    throw new EngineError("CONFIG_INVALID", `found ${found}, where ${wanted} was wanted`);
  }
}

/** A written word may be several spoken ones: `twenty-one`. */
function wordsOf({ text, at }: Token): Expansion {
  const of = spokenWords(text).map(({ word }): Expansion => ({ kind: "word", word }));
  if (of.length === 0)
    throw new EngineError("CONFIG_INVALID", `"${text}" at character ${at + 1} is nothing that can be said`);
  return of.length === 1 ? of[0]! : { kind: "sequence", of };
}
