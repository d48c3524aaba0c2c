import { isAbsolute, resolve } from "node:path";
import type { ParamDeclaration } from "./format.ts";
import type { Known } from "./interpolate.ts";

/** Where a param's value comes from decides what its text means. */
export interface ParamOrigin {
  /** Text that was typed or came from the environment: numbers, lists and the like are read out of it. */
  readonly typed: boolean;
  /** What a relative path is relative to. */
  readonly dir: string;
}

/** A value that fits its declaration, or why it does not. */
export type ParamResult = { readonly value: unknown } | { readonly refused: string };

/** A param's value in the type that it declares. The reasons for refusal name limits and types, and never the value of a secret. */
export function convertParam(declared: ParamDeclaration, given: unknown, origin: ParamOrigin): ParamResult {
  switch (declared.type) {
    case "string":
    case "secret":
      return typeof given === "string" ? text(declared, given) : refused("a string");
    case "number":
    case "integer":
      return number(declared, given, origin);
    case "boolean":
      return boolean(given, origin);
    case "choice":
      return choice(declared, given);
    case "list":
      return list(declared, given, origin);
    case "language":
      return typeof given === "string" && isLanguage(given)
        ? { value: given }
        : refused("a language tag such as en or pt-BR");
    case "file":
      return typeof given === "string" && given !== ""
        ? text(declared, given, (path) => absolutePath(path, origin.dir))
        : refused("a path");
    case "url":
      return typeof given === "string" && URL.canParse(given) ? text(declared, given) : refused("a URL");
  }
}

/** A path made absolute; a URL stays as it is. */
export const absolutePath = (path: string, dir: string): string =>
  isAbsolute(path) || isUrl(path) ? path : resolve(dir, path);

/** Whether a location is a URL rather than a path; a single letter before the colon would be a drive. */
export const isUrl = (location: string): boolean => /^[a-z][a-z0-9+.-]+:\/\//i.test(location);

/** A value of the declared type and within its limits, to check a workflow with while nobody gave the real one. */
export function standIn(declared: ParamDeclaration): Known {
  const value = {
    string: "x".repeat(Math.min(declared.min ?? 1, 1000)),
    secret: "secret",
    number: declared.min ?? declared.max ?? 0,
    integer: Math.ceil(declared.min ?? declared.max ?? 0),
    boolean: false,
    choice: declared.of?.[0] ?? "",
    list: [],
    language: "en",
    file: "/assumed",
    url: "https://example.org/",
  }[declared.type];
  const choices = choicesOf(declared);
  return { value, secret: declared.type === "secret", assumed: true, ...(choices && { choices }) };
}

/** All values that a param can have, where they can be told. */
export const choicesOf = ({ type, of }: ParamDeclaration): Known["choices"] =>
  type === "boolean" ? [true, false] : type === "choice" ? of : undefined;

const refused = (wanted: string): ParamResult => ({ refused: `should be ${wanted}` });

function isLanguage(tag: string): boolean {
  try {
    return Intl.getCanonicalLocales(tag).length === 1;
  } catch {
    return false;
  }
}

function text(declared: ParamDeclaration, given: string, convert = (value: string) => value): ParamResult {
  const length = [...given].length;
  if (length < (declared.min ?? 0)) return refused(`at least ${declared.min} characters`);
  if (length > (declared.max ?? Number.POSITIVE_INFINITY)) return refused(`at most ${declared.max} characters`);
  const pattern = declared.pattern === undefined ? undefined : wholePattern(declared.pattern);
  if (pattern && !pattern.test(given)) return refused(`of the form ${declared.pattern}`);
  return { value: convert(given) };
}

/** The regular expression that has to match the whole of a text; undefined where the pattern is none. */
export function wholePattern(pattern: string): RegExp | undefined {
  try {
    return new RegExp(`^(?:${pattern})$`, "u");
  } catch {
    return undefined;
  }
}

function number(declared: ParamDeclaration, given: unknown, origin: ParamOrigin): ParamResult {
  const read = origin.typed && typeof given === "string" && given.trim() !== "" ? Number(given) : given;
  if (typeof read !== "number" || !Number.isFinite(read))
    return refused(declared.type === "integer" ? "a whole number" : "a number");
  if (declared.type === "integer" && !Number.isSafeInteger(read)) return refused("a whole number");
  if (read < (declared.min ?? Number.NEGATIVE_INFINITY)) return refused(`at least ${declared.min}`);
  if (read > (declared.max ?? Number.POSITIVE_INFINITY)) return refused(`at most ${declared.max}`);
  return { value: read };
}

function boolean(given: unknown, origin: ParamOrigin): ParamResult {
  if (typeof given === "boolean") return { value: given };
  if (origin.typed && given === "true") return { value: true };
  if (origin.typed && given === "false") return { value: false };
  return refused("true or false");
}

function choice(declared: ParamDeclaration, given: unknown): ParamResult {
  const values = declared.of ?? [];
  const chosen = values.find((value) => value === given || (typeof given === "string" && String(value) === given));
  return chosen === undefined ? refused(`one of ${values.join(", ")}`) : { value: chosen };
}

function list(declared: ParamDeclaration, given: unknown, origin: ParamOrigin): ParamResult {
  const typed = origin.typed && typeof given === "string";
  const items = typed
    ? given
        .split(",")
        .map((item) => item.trim())
        .filter((item) => item !== "")
    : given;
  if (!Array.isArray(items)) return refused(origin.typed ? "a list: a,b,c" : "a list");
  const scalars = items.every((item) => ["string", "number", "boolean"].includes(typeof item));
  if (!scalars) return refused("a list of plain values");
  if (items.length < (declared.min ?? 0)) return refused(`at least ${declared.min} items`);
  if (items.length > (declared.max ?? Number.POSITIVE_INFINITY)) return refused(`at most ${declared.max} items`);
  const pattern = declared.pattern === undefined ? undefined : wholePattern(declared.pattern);
  const odd = items.findIndex((item) => pattern !== undefined && !pattern.test(String(item)));
  return odd < 0
    ? { value: items }
    : refused(`a list of items of the form ${declared.pattern}; item ${odd + 1} is not`);
}
