import type { Path } from "../yaml/yaml-file.ts";
import { fill, hasWords, type Known } from "./interpolate.ts";
import type { FileContext } from "./loading.ts";

/** One copy to make. */
export interface EachValue {
  /** What `${each.NAME}` calls the value. */
  readonly name: string;
  /** What `node[KEY]` calls the copy. */
  readonly key: string;
  readonly known: Known;
}

/** What can stand in a node's id and in a reference. */
const KEY = /^[A-Za-z0-9][A-Za-z0-9_.-]{0,63}$/;
const NAME = /^[A-Za-z][A-Za-z0-9_-]*$/;

/** `each: { name: [values] }`; undefined where it cannot be understood, which is told. A list that nobody has given yet has one stand-in. */
export function readEach(written: unknown, path: Path, context: FileContext): EachValue[] | undefined {
  const { loading, yaml } = context;
  const refuse = (code: "VALUE_TYPE" | "VALUE_OUT_OF_RANGE" | "NAME_INVALID", at: Path, message: string): undefined => {
    loading.findings.push(yaml.finding(code, at, message, { at: code === "NAME_INVALID" ? "key" : "value" }));
  };
  if (typeof written !== "object" || written === null || Array.isArray(written))
    return refuse("VALUE_TYPE", path, "each is { name: [values] }, and a value is ${each.name} in the node");
  const entries = Object.entries(written);
  const [first] = entries;
  if (!first || entries.length > 1)
    return refuse("VALUE_OUT_OF_RANGE", path, `each gives one name its values, found ${entries.length} names`);
  const [name, value] = first;
  const at = [...path, name];
  if (!NAME.test(name))
    return refuse("NAME_INVALID", at, "a name is made of letters, digits, - and _, and begins with a letter");
  const list = readList(value, at, context);
  if (list === undefined) return undefined;
  if (list === "assumed") return [{ name, key: "any", known: { value: "any", assumed: true } }];
  if (list.length === 0) return refuse("VALUE_OUT_OF_RANGE", at, `${name} has no value, so there would be no node`);
  return readValues(name, list, at, context);
}

/** Plain values, still with words to fill in; `assumed` where they come from a param that has no value yet. */
function readList(
  value: unknown,
  path: Path,
  { loading, yaml, words }: FileContext,
): unknown[] | "assumed" | undefined {
  const { findings } = loading;
  const wanted = `${String(path.at(-1))} should be a list of values, or a param of type list`;
  if (Array.isArray(value)) return value;
  if (typeof value !== "string" || !hasWords(value)) {
    findings.push(yaml.finding("VALUE_TYPE", path, wanted));
    return undefined;
  }
  const filled = fill(value, words);
  for (const { code, message, severity } of filled.problems)
    findings.push(yaml.finding(code, path, message, { severity }));
  if (filled.problems.length > 0) return undefined;
  if (filled.assumed) return "assumed";
  if (Array.isArray(filled.value)) return filled.value;
  findings.push(yaml.finding("VALUE_TYPE", path, wanted));
  return undefined;
}

function readValues(name: string, list: readonly unknown[], path: Path, context: FileContext): EachValue[] | undefined {
  const { loading, yaml, words } = context;
  const found = new Map<string, EachValue>();
  let sound = true;
  for (const [index, item] of list.entries()) {
    const at = yaml.has([...path, index]) ? [...path, index] : path;
    const known: Known & { readonly problems?: readonly { code: "SECRET_MISSING" }[] } =
      typeof item === "string" && hasWords(item) ? filledItem(item, at, context) : { value: item };
    const key = String(known.value);
    const plain = ["string", "number", "boolean"].includes(typeof known.value);
    const fault = known.secret
      ? (["SECRET_EXPOSED", "a secret cannot name a copy of a node"] as const)
      : !plain || !KEY.test(key)
        ? ([
            "NAME_INVALID",
            `a value names a copy: up to 64 letters, digits and . - _, and no ${shown(known.value)}`,
          ] as const)
        : found.has(key)
          ? (["VALUE_NOT_ALLOWED", `${key} stands there twice, and names one copy`] as const)
          : undefined;
    if (fault && !known.assumed) loading.findings.push(yaml.finding(fault[0], at, fault[1]));
    if (fault) sound = false;
    else found.set(key, { name, key, known });
  }
  return sound && words ? [...found.values()] : undefined;
}

function filledItem(item: string, path: Path, { loading, yaml, words }: FileContext): Known {
  const filled = fill(item, words);
  for (const { code, message, severity } of filled.problems)
    loading.findings.push(yaml.finding(code, path, message, { severity }));
  return filled;
}

const shown = (value: unknown): string =>
  typeof value === "string" ? JSON.stringify(value.slice(0, 40)) : "mapping or list";
