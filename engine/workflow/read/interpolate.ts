import type { FindingCode } from "../finding-codes.ts";
import { didYouMean, suggest } from "../yaml/suggest.ts";

/** A value as a param has it, and what must be remembered of it. */
export interface Known {
  readonly value: unknown;
  /** May stand in secret fields only. */
  readonly secret?: boolean;
  /** Nobody gave it: it stands in so that the rest can be checked. */
  readonly assumed?: boolean;
  /** All that it can be, where its declaration says so. */
  readonly choices?: readonly (string | number | boolean)[];
}

/** What `${…}` can name. */
export interface Words {
  /** Undefined where params cannot be used. */
  readonly params: ReadonlyMap<string, Known> | undefined;
  /** Of the copy that is being made, by the names that `each` gives; absent outside copies. */
  readonly each?: ReadonlyMap<string, Known>;
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly secret: (name: string) => string | undefined;
  /** Undefined where no run is known yet that something could be filled in from. */
  readonly run: { readonly id: string; readonly dir: string } | undefined;
  /** An unset variable is an error for a run, and no more than a warning for lint, which may happen on another machine. */
  readonly strict: boolean;
  /** The workflow came from elsewhere: what stands in the environment may stand in secret fields only, and secrets are those of a server. */
  readonly environmentIsSecret: boolean;
}

export interface Filled extends Known {
  /** The scalar was one whole `${env:…}`: its text takes the type of its field. */
  readonly fromEnvironment?: boolean;
  readonly problems: readonly Problem[];
}

export interface Problem {
  readonly code: FindingCode;
  readonly message: string;
  readonly severity: "error" | "warning";
}

const ANY = /\$\$\{|\$\{([^}]*)\}|\$\{/g;
const WHOLE = /^\$\{([^}]*)\}$/;

/** Whether a text has anything in it to fill in or to unescape. */
export const hasWords = (text: string): boolean => text.includes("${");

/**
 * Fills in the `${…}` of one scalar. A scalar that is one whole `${…}` keeps the type of what it names; `$${` stands for `${`; what was
 * filled in is not looked at again.
 */
export function fill(text: string, words: Words): Filled {
  const whole = WHOLE.exec(text);
  if (whole) return lookUp(whole[1]!, words);
  const problems: Problem[] = [];
  let secret = false;
  let assumed = false;
  const value = text.replace(ANY, (match, expression: string | undefined) => {
    if (match === "$${") return "${";
    if (expression === undefined) {
      problems.push({
        code: "INTERPOLATION_INVALID",
        message: "${ without a }; write $${ for the two characters",
        severity: "error",
      });
      return "";
    }
    const part = lookUp(expression, words);
    problems.push(...part.problems);
    secret ||= part.secret ?? false;
    assumed ||= part.assumed ?? false;
    if (typeof part.value !== "object") return String(part.value);
    problems.push({
      code: "VALUE_TYPE",
      message: `\${${expression}} is a list and cannot be part of a text`,
      severity: "error",
    });
    return "";
  });
  return { value, secret, assumed, problems };
}

function lookUp(expression: string, words: Words): Filled {
  const environment = /^env:([A-Za-z_][A-Za-z0-9_]*)(?:\|(.*))?$/s.exec(expression);
  if (environment) return fromEnvironment(environment[1]!, environment[2], words);
  const secret = /^secret:([A-Za-z][A-Za-z0-9_-]*)$/.exec(expression);
  if (secret) return fromSecrets(secret[1]!, words);
  if (expression === "run.id" || expression === "run.dir") {
    if (!words.run) return failed("INTERPOLATION_NOT_HERE", `\${${expression}} is known only when a run is started`);
    return { value: expression === "run.id" ? words.run.id : words.run.dir, problems: [] };
  }
  const copied = /^each\.([A-Za-z0-9_-]+)$/.exec(expression)?.[1];
  if (copied !== undefined) return fromCopy(copied, words);
  const param = /^params\.([A-Za-z0-9_-]+)$/.exec(expression)?.[1];
  if (param === undefined)
    return failed("INTERPOLATION_INVALID", `\${${expression}} is not known${didYouMean(meant(expression, words))}`);
  if (!words.params) return failed("INTERPOLATION_NOT_HERE", "a param cannot be used in the declaration of params");
  const known = words.params.get(param);
  if (known) return { ...known, problems: [] };
  const suggestion = suggest(param, words.params.keys());
  return failed("PARAM_UNKNOWN", `no param is named ${param}${didYouMean(suggestion)}`);
}

function fromCopy(name: string, { each }: Words): Filled {
  if (!each) return failed("INTERPOLATION_NOT_HERE", `\${each.${name}} is known only in a node with each`);
  const known = each.get(name);
  if (known) return { ...known, problems: [] };
  return failed("PARAM_UNKNOWN", `no each gives ${name}${didYouMean(suggest(name, each.keys()))}`);
}

function fromEnvironment(name: string, otherwise: string | undefined, words: Words): Filled {
  const value = words.environment[name] || otherwise; // set to nothing is not set
  const secret = words.environmentIsSecret && Boolean(words.environment[name]);
  if (value !== undefined) return { value, fromEnvironment: true, ...(secret && { secret }), problems: [] };
  const severity = words.strict ? "error" : "warning";
  // where a workflow sees some variables only, it is not told whether one that it does not see is set
  const found = words.environmentIsSecret ? "not set, or not listed under environment of parlando.yaml" : "not set";
  return failed("ENV_MISSING", `the environment variable ${name} is ${found}, and there is no default`, severity);
}

function fromSecrets(name: string, words: Words): Filled {
  const value = words.secret(name);
  if (value) return { value, secret: true, problems: [] };
  const place = words.environmentIsSecret
    ? "secrets of parlando.yaml, or of the request"
    : `PARLANDO_SECRET_${name.toUpperCase().replaceAll("-", "_")}`;
  return { ...failed("SECRET_MISSING", `the secret ${name} is not set (${place})`), secret: true };
}

const failed = (code: FindingCode, message: string, severity: "error" | "warning" = "error"): Filled => ({
  value: "",
  assumed: true,
  problems: [{ code, message, severity }],
});

/** `${parms.x}`, `${voice}`, `${env.X}` and the like, as they were meant. */
function meant(expression: string, words: Words): string | undefined {
  const params = [...(words.params?.keys() ?? [])].map((name) => `params.${name}`);
  if (params.includes(`params.${expression}`)) return `\${params.${expression}}`;
  const prefixed = /^(env|secret)[.\s](\S+)$/.exec(expression);
  if (prefixed) return `\${${prefixed[1]}:${prefixed[2]}}`;
  const copied = [...(words.each?.keys() ?? [])].map((name) => `each.${name}`);
  if (copied.includes(`each.${expression}`)) return `\${each.${expression}}`;
  const near = suggest(expression, [...params, ...copied, "run.id", "run.dir"]);
  return near && `\${${near}}`;
}
