import type { Finding } from "../finding.ts";
import type { PlanOptions } from "../options.ts";
import { check } from "../yaml/check.ts";
import { didYouMean, suggest } from "../yaml/suggest.ts";
import type { Path, YamlFile } from "../yaml/yaml-file.ts";
import { type ParamDeclaration, paramSchema } from "./format.ts";
import { fill, hasWords, type Known, type Words } from "./interpolate.ts";
import { choicesOf, convertParam, type ParamOrigin, standIn, wholePattern } from "./params.ts";

/** A value for a param, where it came from, and where findings about it point. */
export interface GivenParam extends Known {
  readonly origin: ParamOrigin;
  /** The place in an including file; absent for what came from outside of all files. */
  readonly at?: { readonly yaml: YamlFile; readonly path: Path };
}

export interface ParamsRequest {
  readonly yaml: YamlFile;
  /** What stands under `params`. */
  readonly declared: Readonly<Record<string, unknown>>;
  readonly given: ReadonlyMap<string, GivenParam>;
  readonly dir: string;
  readonly words: Omit<Words, "params">;
  readonly purpose: PlanOptions["purpose"];
  readonly findings: Finding[];
}

type NamedParam = ParamDeclaration & { readonly name: string };

/** The params of one file: each declaration checked, each value in its type. A param that is faulty still has a stand-in. */
export function declareParams(request: ParamsRequest): Map<string, Known> {
  const { yaml, declared, given, findings } = request;
  const values = new Map<string, Known>();
  for (const [name, value] of Object.entries(declared)) values.set(name, paramValue(name, value, request));
  for (const [name, { at }] of given) {
    if (Object.hasOwn(declared, name)) continue;
    const names = Object.keys(declared);
    const suggestion = suggest(name, names);
    const known = suggestion ? didYouMean(suggestion) : `; there is ${names.length === 0 ? "none" : names.join(", ")}`;
    const message = `no param is named ${name}${known}`;
    findings.push(
      at
        ? at.yaml.finding("PARAM_UNKNOWN", at.path, message, { at: "key", write: suggestion })
        : yaml.finding("PARAM_UNKNOWN", ["params"], message, { at: "key" }),
    );
  }
  return values;
}

function paramValue(name: string, value: unknown, request: ParamsRequest): Known {
  const { yaml, given, findings } = request;
  const path = ["params", name];
  const checked = check(paramSchema, value, { yaml, what: "a param", where: (inner) => [...path, ...inner] });
  findings.push(...checked.findings);
  if (!checked.value) return { value: "", assumed: true };
  const declared = { ...checked.value, name };
  const faults = declarationFaults(declared, path, yaml);
  findings.push(...faults);
  if (faults.length > 0) return standIn(declared);
  const from = given.get(name);
  if (from) return convert(declared, from, from.at ?? { yaml, path }, request);
  if (declared.default !== undefined) return convertDefault(declared, path, request);
  if (request.purpose === "run")
    findings.push(yaml.finding("PARAM_MISSING", path, `the param ${name} has no value and no default`, { at: "key" }));
  return standIn(declared);
}

function convertDefault(declared: NamedParam, path: Path, request: ParamsRequest): Known {
  const { yaml, dir, findings } = request;
  const at = { yaml, path: [...path, "default"] };
  const written = declared.default;
  if (typeof written !== "string" || !hasWords(written))
    return convert(declared, { value: written, origin: { typed: false, dir } }, at, request);
  const filled = fill(written, { ...request.words, params: undefined });
  for (const { code, message, severity } of filled.problems)
    findings.push(yaml.finding(code, at.path, message, { severity }));
  if (filled.assumed) return standIn(declared);
  return convert(declared, { ...filled, origin: { typed: filled.fromEnvironment ?? false, dir } }, at, request);
}

function convert(
  declared: NamedParam,
  given: GivenParam,
  at: { readonly yaml: YamlFile; readonly path: Path },
  { findings }: ParamsRequest,
): Known {
  const all = choicesOf(declared);
  if (given.assumed) return { ...standIn(declared), secret: given.secret ?? false };
  if (given.secret && declared.type !== "secret") {
    findings.push(at.yaml.finding("SECRET_EXPOSED", at.path, "a secret fits a param of type secret only"));
    return standIn(declared);
  }
  const result = convertParam(declared, given.value, given.origin);
  if ("value" in result)
    return { value: result.value, secret: declared.type === "secret", ...(all && { choices: all }) };
  const finding = at.yaml.finding("PARAM_INVALID", at.path, `the param ${declared.name} ${result.refused}`);
  findings.push({ ...finding, param: declared.name });
  return standIn(declared);
}

/** What a single field's schema cannot tell. */
function declarationFaults(declared: ParamDeclaration, path: Path, yaml: YamlFile): Finding[] {
  const faults: Finding[] = [];
  if (declared.type === "choice" && !declared.of)
    faults.push(yaml.finding("KEY_MISSING", [...path, "of"], "a choice needs of: the list of its values"));
  if (declared.type !== "choice" && declared.of)
    faults.push(yaml.finding("WORD_NOT_HERE", [...path, "of"], "of belongs to type: choice", { at: "key" }));
  if (declared.pattern !== undefined && !wholePattern(declared.pattern))
    faults.push(yaml.finding("VALUE_FORMAT", [...path, "pattern"], "pattern is not a regular expression"));
  if ((declared.min ?? Number.NEGATIVE_INFINITY) > (declared.max ?? Number.POSITIVE_INFINITY))
    faults.push(yaml.finding("VALUE_OUT_OF_RANGE", [...path, "min"], "min is larger than max"));
  return faults;
}
