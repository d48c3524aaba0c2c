import type { FindingCode } from "../finding-codes.ts";
import { didYouMean, suggest } from "../yaml/suggest.ts";
import type { Path } from "../yaml/yaml-file.ts";
import type { GivenParam } from "./declare-params.ts";
import type { Feed, PortFeeds, Scope } from "./draft.ts";
import { inputSchema, type NodeWords } from "./format.ts";
import { fill, hasWords } from "./interpolate.ts";
import type { FileContext } from "./loading.ts";
import type { FedInputs } from "./read-inputs.ts";

/** `with` of an include gives the values of the other workflow's params. */
export function givenParams(
  node: NodeWords,
  path: Path,
  { loading, yaml, words, dir }: FileContext,
): Map<string, GivenParam> {
  const given = new Map<string, GivenParam>();
  for (const [name, value] of Object.entries(node.with ?? {})) {
    const at = { yaml, path: [...path, "with", name] };
    if (typeof value !== "string" || !hasWords(value)) {
      given.set(name, { value, origin: { typed: false, dir }, at });
      continue;
    }
    const filled = fill(value, words);
    for (const { code, message, severity } of filled.problems)
      loading.findings.push(yaml.finding(code, at.path, message, { severity }));
    given.set(name, { ...filled, origin: { typed: filled.fromEnvironment ?? false, dir }, at });
  }
  return given;
}

/** The node that includes a workflow, and what feeds it. */
export interface Including {
  readonly outer: Scope;
  /** Of the node. */
  readonly path: Path;
  /** Of the including file. */
  readonly context: FileContext;
  readonly feeds: readonly PortFeeds[];
}

/**
 * Which input of the included workflow each of the node's feeds goes to; `from` feeds the only one.
 * @param declared what stands under `inputs` there.
 */
export function fedInputs(declared: Readonly<Record<string, unknown>>, file: string, including: Including): FedInputs {
  const { outer, path, context, feeds } = including;
  const { loading, yaml } = context;
  const fed = new Map<string, { by: Scope; feeds: readonly Feed[] }>();
  const names = Object.keys(declared);
  const complain = (code: FindingCode, at: Path, message: string, write?: string) =>
    loading.findings.push(yaml.finding(code, at, message, { at: "key", write }));
  for (const { port, path: at, feeds: each } of feeds) {
    const name = port ?? (names.length === 1 ? names[0] : undefined);
    if (name === undefined && names.length === 0) complain("INPUT_UNWANTED", at, `${file} has no inputs`);
    else if (name === undefined)
      complain("PORT_AMBIGUOUS", at, `${file} has the inputs ${names.join(", ")}; name one with in: { … }`);
    else if (!names.includes(name)) {
      const suggestion = suggest(name, names);
      complain("INPUT_UNKNOWN", at, `${file} has no input ${name}${didYouMean(suggestion)}`, suggestion);
    } else if (fed.has(name)) complain("INPUT_FED_TWICE", at, `${name} is fed by both from and in`);
    else fed.set(name, { by: outer, feeds: each });
  }
  for (const name of names) {
    const sound = inputSchema.safeParse(declared[name]);
    if (!fed.has(name) && sound.success && sound.data.default === undefined)
      complain("INPUT_UNFED", path, `the input ${name} of ${file} is fed by nothing and has no default`);
  }
  return fed;
}
