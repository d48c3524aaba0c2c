import { EngineError } from "#engine/plugin";
import type { SpokenWord } from "../words.ts";
import type { Expansion } from "./parse.ts";

/** One step of an automaton; numbers are the steps that may follow. */
type Step =
  | { readonly op: "word"; readonly word: string }
  | { readonly op: "anyWord" }
  | { readonly op: "never" }
  | { readonly op: "jump"; to: number }
  | { readonly op: "fork"; first: number; second: number }
  | { readonly op: "open" | "close"; readonly tag: string }
  | { readonly op: "done" };

/** Rules that are in each other's places could make any number of steps. */
const MOST_STEPS = 20_000;

/** Rules that stand without being written: one word, and one or more, whatever they are. */
const WORD = "WORD";
const WORDS = "WORDS";

export type Automaton = readonly Step[];

/**
 * What accepts the expansion, word by word.
 * @throws EngineError CONFIG_INVALID where a rule is not there, stands within itself, or the whole is too large.
 */
export function compile(expansion: Expansion, rules: ReadonlyMap<string, Expansion>): Automaton {
  const steps: Step[] = [];
  const within: string[] = [];
  const add = <S extends Step>(step: S): S => {
    if (steps.length >= MOST_STEPS)
      throw new EngineError("CONFIG_INVALID", `the grammar makes more than ${MOST_STEPS} steps`);
    steps.push(step);
    return step;
  };

  const rule = (name: string): void => {
    if (name === WORD) return void add({ op: "anyWord" });
    if (name === WORDS) return some(() => add({ op: "anyWord" }));
    if (name === "NULL") return;
    if (name === "VOID") return void add({ op: "never" });
    const found = rules.get(name);
    if (!found) throw new EngineError("CONFIG_INVALID", `there is no rule <${name}>`);
    if (within.includes(name))
      throw new EngineError("CONFIG_INVALID", `the rule <${name}> stands within itself: write * or + instead`);
    within.push(name);
    put(found);
    within.pop();
  };

  const choice = (of: readonly Expansion[]): void => {
    const jumps: { to: number }[] = [];
    for (const [index, each] of of.entries()) {
      const fork = index < of.length - 1 ? add({ op: "fork", first: steps.length + 1, second: 0 }) : undefined;
      put(each);
      if (!fork) continue;
      jumps.push(add({ op: "jump", to: 0 }));
      fork.second = steps.length;
    }
    for (const jump of jumps) jump.to = steps.length;
  };

  const some = (once: () => void): void => {
    const begin = steps.length;
    once();
    add({ op: "fork", first: begin, second: steps.length + 1 });
  };

  const optional = (once: () => void): void => {
    const fork = add({ op: "fork", first: steps.length + 1, second: 0 });
    once();
    fork.second = steps.length;
  };

  const put = (each: Expansion): void => {
    switch (each.kind) {
      case "word":
        return void add({ op: "word", word: each.word });
      case "rule":
        return rule(each.name);
      case "sequence":
        for (const part of each.of) put(part);
        return;
      case "choice":
        return choice(each.of);
      case "optional":
        return optional(() => put(each.of));
      case "some":
        return some(() => put(each.of));
      case "any":
        return optional(() => some(() => put(each.of)));
      case "tagged":
        add({ op: "open", tag: each.tag });
        put(each.of);
        return void add({ op: "close", tag: each.tag });
    }
  };

  put(expansion);
  add({ op: "done" });
  return steps;
}

/** A slot's place, in words; the last one first. */
interface Marked {
  readonly tag: string;
  readonly edge: "open" | "close";
  readonly at: number;
  readonly before: Marked | undefined;
}

interface Thread {
  readonly at: number;
  readonly marks: Marked | undefined;
}

/** Where slots were found, in words: from, and behind the last. */
export type Slots = ReadonlyMap<string, readonly [from: number, to: number]>;

/**
 * Looks whether the words are what the automaton accepts: all of them, or with `anywhere` some in a row, the first that fit. All ways are
 * followed at once, so that the time is in proportion to the words. Where several fit, the alternative that is written first counts.
 */
export function accepts(automaton: Automaton, words: readonly SpokenWord[], anywhere: boolean): Slots | undefined {
  let threads: Thread[] = [];
  let found: Thread | undefined;
  for (let at = 0; at <= words.length; at++) {
    const seen = new Set<number>();
    const here: Thread[] = [];
    for (const thread of threads) follow(automaton, thread, at, { seen, here });
    if (at === 0 || (anywhere && !found)) follow(automaton, { at: 0, marks: undefined }, at, { seen, here });
    const done = here.findIndex((thread) => automaton[thread.at]!.op === "done");
    if (done >= 0 && (anywhere || at === words.length)) {
      found = here[done];
      here.length = done; // what comes behind counts less
    }
    const word = words[at]?.word;
    threads = here
      .filter((thread) => takes(automaton[thread.at]!, word))
      .map(({ at, marks }) => ({ at: at + 1, marks }));
    if (threads.length === 0 && (found || !anywhere)) break;
  }
  return found && slotsOf(found.marks);
}

const takes = (step: Step, word: string | undefined): boolean =>
  word !== undefined && (step.op === "anyWord" || (step.op === "word" && step.word === word));

/** To all steps that can be reached without a word. */
function follow(
  automaton: Automaton,
  from: Thread,
  word: number,
  { seen, here }: { readonly seen: Set<number>; readonly here: Thread[] },
): void {
  const waiting: Thread[] = [from];
  for (let thread = waiting.pop(); thread; thread = waiting.pop()) {
    const { at, marks } = thread;
    if (seen.has(at)) continue;
    seen.add(at);
    const step = automaton[at]!;
    if (step.op === "jump") waiting.push({ at: step.to, marks });
    else if (step.op === "fork") waiting.push({ at: step.second, marks }, { at: step.first, marks });
    else if (step.op === "open" || step.op === "close")
      waiting.push({ at: at + 1, marks: { tag: step.tag, edge: step.op, at: word, before: marks } });
    else here.push(thread);
  }
}

function slotsOf(last: Marked | undefined): Slots {
  const slots = new Map<string, readonly [number, number]>();
  const closed = new Map<string, number>();
  for (let mark = last; mark; mark = mark.before) {
    if (slots.has(mark.tag)) continue;
    if (mark.edge === "close") closed.set(mark.tag, mark.at);
    else slots.set(mark.tag, [mark.at, closed.get(mark.tag) ?? mark.at]);
  }
  return slots;
}
