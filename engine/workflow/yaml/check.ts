import type { z } from "zod";
import type { Finding } from "../finding.ts";
import type { FindingCode } from "../finding-codes.ts";
import { knownKeys, schemasAlong } from "./schema-walk.ts";
import { didYouMean, suggest } from "./suggest.ts";
import type { Path, YamlFile } from "./yaml-file.ts";

export interface CheckOptions {
  readonly yaml: YamlFile;
  /** What is checked, for messages: `a node`, `webrtc.vad`. */
  readonly what: string;
  /** Where in the file a path inside the value stands. */
  where(path: Path): Path;
  /** Words kept for later, which get a finding of their own; `warn` are those that do no harm today. */
  readonly reserved?: ReadonlySet<string>;
  readonly warn?: ReadonlySet<string>;
  /** More to say of an unknown key, such as where it belongs. */
  hint?(path: Path, key: string): string | undefined;
  /** True for values that were only assumed, of which nothing can be said. */
  assumed?(path: Path): boolean;
  /** True for values that must not be shown, or were not written as they are. */
  hidden?(path: Path): boolean;
}

export interface Checked<T> {
  /** What is left when everything that is wrong was taken away; absent where nothing usable is. */
  readonly value?: T;
  readonly findings: readonly Finding[];
}

type Issue = z.core.$ZodIssue;

/** How often what is wrong is taken away before the rest is given up; one round is enough but for schemas with refinements. */
const ROUNDS = 4;

/**
 * Checks a value against a schema. Every issue becomes a finding at its own place, and what is sound is still returned, so that one
 * mistake does not hide the others.
 */
export function check<T>(schema: z.ZodType<T>, value: unknown, options: CheckOptions): Checked<T> {
  const findings: Finding[] = [];
  let rest = value;
  for (let round = 0; round < ROUNDS; round++) {
    const result = schema.safeParse(rest);
    if (result.success) return { value: result.data, findings };
    const issues = result.error.issues.flatMap((issue) => flatten(issue, []));
    if (round === 0) findings.push(...issues.flatMap((issue) => describe(issue, value, schema, options)));
    if (issues.some((issue) => issue.path.length === 0 && issue.code !== "unrecognized_keys")) break;
    rest = without(rest, issues);
  }
  return { findings };
}

/** A union's issue as the issues of the one option that was meant, where that can be told. */
function flatten(issue: Issue, before: Path): Issue[] {
  const path = [...before, ...issue.path];
  if (issue.code === "invalid_union") {
    const meant = issue.errors.filter((option) => !option.some((each) => each.path.length === 0 && refusesType(each)));
    const fewest = meant.sort((a, b) => a.length - b.length)[0];
    if (fewest) return fewest.flatMap((each) => flatten(each, path));
  }
  return [{ ...issue, path }];
}

const refusesType = (issue: Issue): boolean => issue.code === "invalid_type" || issue.code === "invalid_value";

/** The value with everything that issues name taken out of it. */
function without(value: unknown, issues: readonly Issue[]): unknown {
  const copy = structuredClone(value);
  for (const issue of issues) {
    if (issue.code === "unrecognized_keys") for (const key of issue.keys) remove(copy, [...issue.path, key]);
    else remove(copy, issue.path);
  }
  return copy;
}

/** Takes out a value; where it is missing already, what is incomplete without it. */
function remove(value: unknown, path: Path): void {
  const holder = valueAt(value, path.slice(0, -1));
  const key = path.at(-1);
  if (key === undefined) return;
  if (typeof holder === "object" && holder !== null && Object.hasOwn(holder, key)) Reflect.deleteProperty(holder, key);
  else remove(value, path.slice(0, -1));
}

function valueAt(value: unknown, path: Path): unknown {
  let at = value;
  for (const step of path) {
    if (typeof at !== "object" || at === null || !Object.hasOwn(at, step)) return undefined;
    at = (at as Record<PropertyKey, unknown>)[step];
  }
  return at;
}

function describe(issue: Issue, value: unknown, schema: z.ZodType, options: CheckOptions): Finding[] {
  const { yaml } = options;
  if (issue.code === "unrecognized_keys") return issue.keys.map((key) => unknownKey(issue.path, key, schema, options));
  if (options.assumed?.(issue.path)) return [];
  const place = options.where(issue.path);
  const found = valueAt(value, issue.path);
  const name = place.length === 0 ? "the value" : placeName(place);
  if (found === undefined) {
    const words = (issue.code === "custom" ? ownWords(issue) : undefined) ?? wanted(issue);
    const holder = issue.path.length > 1 ? placeName(options.where(issue.path.slice(0, -1))) : options.what;
    return [yaml.finding("KEY_MISSING", place, `${holder} needs ${name}: ${words}`)];
  }
  if (issue.code === "invalid_key")
    return [yaml.finding("NAME_INVALID", place, issue.issues[0]?.message ?? `${name} is no name`, { at: "key" })];
  const hidden = options.hidden?.(issue.path) ?? false;
  const suggestion =
    issue.code === "invalid_value" && typeof found === "string" && !hidden
      ? suggest(found, issue.values.map(String))
      : undefined;
  const text = ownWords(issue) ?? `${name} should be ${wanted(issue)}, found ${hidden ? kindOf(found) : shown(found)}`;
  return [yaml.finding(ISSUE_CODES[issue.code], place, text + didYouMean(suggestion), { write: suggestion })];
}

function unknownKey(path: Path, key: string, schema: z.ZodType, options: CheckOptions): Finding {
  const place = options.where([...path, key]);
  if (options.reserved?.has(key)) {
    const severity = options.warn?.has(key) ? "warning" : "error";
    const text =
      severity === "warning"
        ? `${key} is read by a later version and not run yet`
        : `${key} is reserved for a later version`;
    return options.yaml.finding("KEY_RESERVED", place, text, { at: "key", severity });
  }
  const along = schemasAlong(schema, path);
  const known = along.length === path.length + 1 ? knownKeys(along.at(-1)!) : [];
  const suggestion = suggest(key, known);
  const where = path.length === 0 ? options.what : placeName(options.where(path));
  const hint = options.hint?.(path, key);
  const more = hint ?? (suggestion ? didYouMean(suggestion) : listed(known));
  // not where it belongs elsewhere, is there already, or came in by an alias
  const sure =
    suggestion !== undefined &&
    hint === undefined &&
    options.yaml.has(place) &&
    !options.yaml.has(options.where([...path, suggestion]));
  return options.yaml.finding("KEY_UNKNOWN", place, `${where} has no ${key}${more}`, {
    at: "key",
    write: suggestion,
    sure,
  });
}

/** The last key of a path; for what is in a list, which item of what. */
function placeName(path: Path): string {
  const last = path.at(-1);
  return typeof last === "number" ? `item ${last + 1} of ${String(path.at(-2))}` : String(last);
}

/** `; it has a, b and c`, where that is short enough to help. */
const listed = (known: readonly string[]): string =>
  known.length === 0 || known.length > 16 ? "" : `; it has ${known.join(", ")}`;

const ISSUE_CODES: Readonly<Record<Exclude<Issue["code"], "unrecognized_keys" | "invalid_key">, FindingCode>> = {
  invalid_type: "VALUE_TYPE",
  invalid_value: "VALUE_NOT_ALLOWED",
  invalid_union: "VALUE_TYPE",
  invalid_element: "VALUE_INVALID",
  invalid_format: "VALUE_FORMAT",
  too_big: "VALUE_OUT_OF_RANGE",
  too_small: "VALUE_OUT_OF_RANGE",
  not_multiple_of: "VALUE_OUT_OF_RANGE",
  custom: "VALUE_INVALID",
};

/** What the schema's author wrote as the message, if it is not the library's own. */
function ownWords(issue: Issue): string | undefined {
  return /^(Invalid|Too |Unrecognized)/.test(issue.message) ? undefined : issue.message;
}

const TYPE_WORDS: Readonly<Record<string, string>> = {
  string: "a string",
  number: "a number",
  int: "a whole number",
  boolean: "true or false",
  object: "a mapping",
  record: "a mapping",
  array: "a list",
  tuple: "a list",
};

function wanted(issue: Issue): string {
  switch (issue.code) {
    case "invalid_type":
      return TYPE_WORDS[issue.expected] ?? `of type ${issue.expected}`;
    case "invalid_value":
      return issue.values.length === 1 ? shown(issue.values[0]) : `one of ${issue.values.map(String).join(", ")}`;
    case "invalid_union":
      return [...new Set(issue.errors.flat().map(wanted))].join(" or ") || "one of several forms";
    case "too_small":
      return `${issue.inclusive === false ? "more than" : "at least"} ${issue.minimum}${unit(issue.origin)}`;
    case "too_big":
      return `${issue.inclusive === false ? "less than" : "at most"} ${issue.maximum}${unit(issue.origin)}`;
    case "not_multiple_of":
      return `a multiple of ${issue.divisor}`;
    case "invalid_format":
      return issue.pattern ? `of the form ${issue.pattern}` : `of the form ${issue.format}`;
    default:
      return "another value";
  }
}

const unit = (origin: string): string => (origin === "string" ? " characters" : origin === "array" ? " items" : "");

function kindOf(value: unknown): string {
  if (value === null) return "nothing";
  if (Array.isArray(value)) return "a list";
  return TYPE_WORDS[typeof value] ?? typeof value;
}

/** A value for a message: short scalars as they are, everything else by what it is. */
function shown(value: unknown): string {
  if (typeof value === "string") return value.length <= 40 ? JSON.stringify(value) : "a longer string";
  if (typeof value === "number" || typeof value === "boolean") return String(value);
  return kindOf(value);
}
