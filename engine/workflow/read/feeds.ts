import type { Finding } from "../finding.ts";
import { check } from "../yaml/check.ts";
import type { Path, YamlFile } from "../yaml/yaml-file.ts";
import type { EdgeOptions, Feed } from "./draft.ts";
import { edgeSchema, RESERVED } from "./format.ts";
import { fill, hasWords, type Words } from "./interpolate.ts";

export interface FeedsRequest {
  readonly yaml: YamlFile;
  readonly path: Path;
  readonly words: Words;
  readonly findings: Finding[];
  /** False for the workflow's own outputs, which are no edges. */
  readonly edges: boolean;
}

/** `node.port` with the parts of it, `inputs.name` among them. */
const REFERENCE = /^([a-z][a-z0-9-]*)(?:\.([A-Za-z][A-Za-z0-9_-]*))?$/;

/** A reference taken apart; undefined where it is none. */
export function splitReference(ref: string): { readonly node: string; readonly port?: string } | undefined {
  const parts = REFERENCE.exec(ref);
  if (!parts) return undefined;
  return { node: parts[1]!, ...(parts[2] !== undefined && { port: parts[2] }) };
}

/** What stands under `from`, a port of `in`, or an output: a reference, an edge object, or a list of both. */
export function readFeeds(value: unknown, request: FeedsRequest): Feed[] {
  if (!Array.isArray(value)) return readFeed(value, request);
  if (value.length === 0) {
    const name = String(request.path.at(-1));
    request.findings.push(request.yaml.finding("VALUE_OUT_OF_RANGE", request.path, `${name} is an empty list`));
  }
  return value.flatMap((item, index) => readFeed(item, { ...request, path: [...request.path, index] }));
}

function readFeed(value: unknown, request: FeedsRequest): Feed[] {
  const { yaml, path, findings, edges } = request;
  if (typeof value === "string") return readReference(value, {}, request);
  if (!edges || typeof value !== "object" || value === null || Array.isArray(value)) {
    const wanted = edges
      ? "a reference such as node.port, a list of them, or { from: … }"
      : "a reference such as node.port";
    findings.push(yaml.finding("VALUE_TYPE", path, `this should be ${wanted}`));
    return [];
  }
  const checked = check(edgeSchema, fillNumbers(value, request, path), {
    yaml,
    what: "an edge",
    where: (inner) => [...path, ...inner],
    reserved: RESERVED.edge,
  });
  findings.push(...checked.findings);
  if (!checked.value) return [];
  const { from, ...options } = checked.value;
  return readReference(from, options, { ...request, path: [...path, "from"] });
}

function readReference(ref: string, options: EdgeOptions, { yaml, path, findings }: FeedsRequest): Feed[] {
  if (hasWords(ref)) {
    findings.push(
      yaml.finding("INTERPOLATION_NOT_HERE", path, "a reference is written out; ${…} is not filled in here"),
    );
    return [];
  }
  if (splitReference(ref)) return [{ ref, path, options }];
  const one = /^[a-z][a-z0-9-]*\[.*\]$/.test(ref);
  const finding = one
    ? yaml.finding("KEY_RESERVED", path, "node[value] is reserved for a later version")
    : yaml.finding("VALUE_FORMAT", path, "a reference is node, node.port or inputs.name");
  findings.push(finding);
  return [];
}

/**
 * Fills in the engine's own words, which want numbers and fixed words where they take `${…}` at all: a text from the environment
 * that looks like a number is one.
 */
export function fillNumbers(value: unknown, request: Omit<FeedsRequest, "edges">, path: Path): unknown {
  if (typeof value === "string" && hasWords(value) && path.at(-1) !== "from") {
    const filled = fill(value, request.words);
    for (const { code, message, severity } of filled.problems)
      request.findings.push(request.yaml.finding(code, path, message, { severity }));
    if (filled.secret)
      request.findings.push(
        request.yaml.finding("SECRET_EXPOSED", path, "a secret may stand in secret fields of nodes only"),
      );
    if (filled.assumed && filled.problems.length > 0) return undefined; // told already; checked as if it were left out
    const text = filled.value;
    const numeric =
      filled.fromEnvironment && typeof text === "string" && text.trim() !== "" && Number.isFinite(Number(text));
    return numeric ? Number(text) : text;
  }
  if (Array.isArray(value)) return value.map((item, index) => fillNumbers(item, request, [...path, index]));
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, inner]) => [key, fillNumbers(inner, request, [...path, key])]),
  );
}
