import { describe, expect, test } from "bun:test";
import { accepts, compile } from "../../../../../plugins/core/dialog/grammar/automaton.ts";
import { parseExpansion, parseGrammar } from "../../../../../plugins/core/dialog/grammar/parse.ts";
import { spokenWords } from "../../../../../plugins/core/dialog/words.ts";

const GRAMMAR = `#JSGF V1.0 UTF-8 en;
grammar house; // of one house
/* rooms * and so on */
<room> = kitchen | living room | "twenty one";
public <lights> = /2/ turn (on | off) {state} | /1/ [please] switch it;
public <other> = <room>+ ;
`;

/** Slots by the words they hold; undefined where the text is not accepted. */
function heard(phrase: string, text: string, { anywhere = false, grammar = GRAMMAR } = {}) {
  const words = spokenWords(text);
  const found = accepts(compile(parseExpansion(phrase), parseGrammar(grammar).rules), words, anywhere);
  if (!found) return undefined;
  const of = ([from, to]: readonly [number, number]) =>
    words
      .slice(from, to)
      .map(({ word }) => word)
      .join(" ");
  return Object.fromEntries([...found].map(([tag, place]) => [tag, of(place)]));
}

test.each([
  ["turn on", "turn on", {}],
  ["turn on", "turn on it", undefined],
  ["turn (on | off) {state} [the] lights", "Turn off lights.", { state: "off" }],
  ["turn (on | off) {state} [the] lights", "turn on the lights", { state: "on" }],
  ["go <WORD> {where} now", "go home now", { where: "home" }],
  ["go <WORD> {where} now", "go far away now", undefined],
  ["call <WORDS> {who} please", "call mary ann please", { who: "mary ann" }],
  ["call <WORDS> {who} please", "call please", undefined],
  ["very* good", "good", {}],
  ["very* good", "very very very good", {}],
  ["(very | quite)+ {how} good", "very quite good", { how: "very quite" }],
  ["(very | quite)+ {how} good", "good", undefined],
  ["one {a} | one {b}", "one", { a: "one" }],
  ["([x]*)+ y", "y", {}],
  ["to the <room> {room}", "to the living room", { room: "living room" }],
  ["to the <room> {room}", "to the twenty-one", { room: "twenty one" }],
  ["<lights> <NULL>", "turn on", { state: "on" }],
  ["<lights> | <VOID>", "please switch it", {}],
] as [string, string, Record<string, string> | undefined][])("%s hears %s", (phrase, text, slots) => {
  expect(heard(phrase, text)).toEqual(slots);
});

test.each([
  ["turn on", "please turn on now", {}],
  ["turn <WORD> {x}", "turn left turn right", { x: "left" }],
  ["a b | b {x} c", "a b c", {}],
  ["turn on", "turn it on", undefined],
] as [string, string, Record<string, string> | undefined][])("anywhere, %s hears %s", (phrase, text, slots) => {
  expect(heard(phrase, text, { anywhere: true })).toEqual(slots);
});

test("the time is in proportion to the words, whatever the grammar", () => {
  const words = spokenWords("a ".repeat(2000));
  const automaton = compile(parseExpansion("((a*)+ a*)+ b"), new Map());
  let asked = 0;
  const counting = new Proxy(automaton, {
    get(target, key, receiver) {
      asked++;
      return Reflect.get(target, key, receiver);
    },
  });
  expect(accepts(counting, words, false)).toBeUndefined();
  expect(asked).toBeLessThan(words.length * automaton.length * 6);
});

test("public rules are those that are open, in order", () => {
  expect(parseGrammar(GRAMMAR).open).toEqual(["lights", "other"]);
});

describe("a mistake is named with its place", () => {
  test.each([
    ["turn (on", "found the end, where ) was wanted"],
    ["turn )", 'found ")" at character 6, where the end was wanted'],
    ["a | | b", 'found "|" at character 5, where words was wanted'],
    ["", "found the end, where words was wanted"],
    ["a {1}", "{1} at character 3 is no name for a slot"],
    ["a ...", '"..." at character 3 is nothing that can be said'],
    ["a }", '"}" at character 3 has no meaning there'],
    ["<nowhere>", "there is no rule <nowhere>"],
    ["(".repeat(50), "no more than 40 brackets within each other was wanted"],
  ])("%s", (phrase, said) => {
    expect(() => heard(phrase, "a")).toThrow(said);
  });
  test.each([
    ["<a> = b", "found the end, where ; was wanted"],
    ["<a> = b; <a> = c;", "the rule <a> stands twice in the grammar"],
    ["import <x.y>;", "a grammar of one's own, not an import was wanted"],
    ["<a> = b <c>; <c> = d [<a>];", "the rule <a> stands within itself"],
    [
      `${Array.from({ length: 20 }, (_, i) => `<${i === 0 ? "a" : `r${i}`}> = <r${i + 1}> <r${i + 1}>;`).join("")}<r20> = x;`,
      "more than 20000 steps",
    ],
  ])("%s", (grammar, said) => {
    expect(() => heard("<a>", "a", { grammar })).toThrow(said);
  });
});
