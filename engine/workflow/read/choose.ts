import { didYouMean, suggest } from "../yaml/suggest.ts";
import type { Path } from "../yaml/yaml-file.ts";
import { fill, hasWords, type Known } from "./interpolate.ts";
import type { FileContext } from "./loading.ts";
import type { Written } from "./written.ts";

/** A node as it is in the case that is planned. */
export interface Chosen {
  readonly written: Written;
  /** Says that the case is being read. */
  readonly context: FileContext;
}

/** Words that say what a node is, and so belong to its cases. */
const OWN_WORDS = ["use", "with", "nodes", "outputs"] as const;

/**
 * `choose` with `cases`: the node as it is in one of them, with the words that stand beside `choose` where the case has none of its own.
 * Every case is planned once: `loading.choices` says which there are. Undefined where it cannot be understood, which is told.
 */
export function readChoice(
  value: Readonly<Record<string, unknown>>,
  written: Written,
  context: FileContext,
): Chosen | undefined {
  const { loading, yaml } = context;
  const { choose, cases, ...shared } = value;
  const stray = OWN_WORDS.filter((word) => shared[word] !== undefined);
  for (const word of stray) {
    const message = `${word} belongs to the cases: what stands beside choose holds for all of them`;
    loading.findings.push(yaml.finding("WORD_NOT_HERE", written.where([word]), message, { at: "key" }));
  }
  if (choose === undefined) {
    const message = "cases needs choose: which of them it is";
    loading.findings.push(yaml.finding("KEY_MISSING", written.where(["cases"]), message, { at: "key" }));
  }
  if (!isMapping(cases) || Object.keys(cases).length === 0) {
    const code = cases === undefined ? "KEY_MISSING" : "VALUE_TYPE";
    const message = "choose needs cases: { value: { use: … } }";
    loading.findings.push(yaml.finding(code, written.where([cases === undefined ? "choose" : "cases"]), message));
  }
  if (!isMapping(cases) || choose === undefined || stray.length > 0) return undefined;
  const place = `${yaml.file}\u0000${written.path.map(String).join("\u0000")}`;
  const name = chosenCase(choose, Object.keys(cases), place, written, context);
  const chosen = name === undefined ? undefined : inCase(name, cases[name], shared, written, context);
  if (name === undefined || !chosen) return undefined;
  return { written: chosen, context: { ...context, within: new Map([...context.within, [place, name]]) } };
}

const isMapping = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null && !Array.isArray(value);

/** The case to plan this time. */
function chosenCase(
  choose: unknown,
  names: readonly string[],
  place: string,
  written: Written,
  context: FileContext,
): string | undefined {
  const { loading, yaml } = context;
  if (names.length === 0) return undefined;
  const path = written.where(["choose"]);
  const choice = loading.choices.get(place) ?? { cases: names, planned: new Set<string>(), within: context.within };
  loading.choices.set(place, choice);
  const known = chosenValue(choose, path, context);
  if (known?.choices) checkChoices(known.choices, names, written, context);
  const meant = known && !known.assumed ? String(known.value) : undefined;
  if (meant !== undefined && !names.includes(meant)) {
    const suggestion = suggest(meant, names);
    const more = suggestion ? didYouMean(suggestion) : `; the cases are ${names.join(", ")}`;
    loading.findings.push(yaml.finding("VALUE_NOT_ALLOWED", path, `there is no case ${shown(meant)}${more}`));
  }
  const standIn = known ? String(known.value) : "";
  const name = loading.forced.get(place) ?? (names.includes(standIn) ? standIn : names[0]);
  if (name !== undefined) choice.planned.add(name);
  return name;
}

const shown = (value: string): string => JSON.stringify(value.length <= 40 ? value : `${value.slice(0, 40)}…`);

function chosenValue(choose: unknown, path: Path, { loading, yaml, words }: FileContext): Known | undefined {
  const { findings } = loading;
  if (typeof choose === "object") {
    findings.push(
      yaml.finding("VALUE_TYPE", path, "choose is a value such as ${params.vendor}, and cases says what it may be"),
    );
    return undefined;
  }
  if (typeof choose !== "string" || !hasWords(choose)) return { value: choose };
  const filled = fill(choose, words);
  for (const { code, message, severity } of filled.problems)
    findings.push(yaml.finding(code, path, message, { severity }));
  if (filled.secret) findings.push(yaml.finding("SECRET_EXPOSED", path, "a secret cannot choose a case"));
  return filled.secret || filled.problems.length > 0 ? undefined : filled;
}

/** Where all that the value can be is known, each has a case, and each case a value. */
function checkChoices(
  choices: NonNullable<Known["choices"]>,
  names: readonly string[],
  written: Written,
  { loading, yaml }: FileContext,
): void {
  const values = choices.map(String);
  const missing = values.filter((value) => !names.includes(value));
  if (missing.length > 0) {
    const message = `there is no case for ${missing.map(shown).join(", ")}, which choose may be`;
    loading.findings.push(yaml.finding("KEY_MISSING", written.where(["cases"]), message, { at: "key" }));
  }
  for (const name of names) {
    if (values.includes(name)) continue;
    const suggestion = suggest(name, missing);
    const message = `choose is never ${shown(name)}${didYouMean(suggestion)}`;
    const path = written.where(["cases", name]);
    loading.findings.push(
      yaml.finding("VALUE_NOT_ALLOWED", path, message, { at: "key", severity: "warning", write: suggestion }),
    );
  }
}

function inCase(
  name: string,
  body: unknown,
  shared: Readonly<Record<string, unknown>>,
  written: Written,
  { loading, yaml }: FileContext,
): Written | undefined {
  const path = written.where(["cases", name]);
  if (!isMapping(body)) {
    loading.findings.push(yaml.finding("VALUE_TYPE", path, "a case is a node: { use: … }"));
    return undefined;
  }
  if (body.each !== undefined) {
    const message = "each belongs beside choose: it makes copies whatever the case is";
    loading.findings.push(yaml.finding("WORD_NOT_HERE", [...path, "each"], message, { at: "key" }));
  }
  const { each: _, ...own } = body;
  return {
    value: { ...shared, ...own },
    path,
    where: (inner) => {
      const [word] = inner;
      const fromOutside = word !== undefined && !Object.hasOwn(own, word) && Object.hasOwn(shared, word);
      return fromOutside ? written.where(inner) : [...path, ...inner];
    },
  };
}
