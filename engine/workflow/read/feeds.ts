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

/** `node.port` and `node[copy].port` with the parts of it, `inputs.name` among them. */
const REFERENCE = /^([a-z][a-z0-9-]*)(?:\[([^[\]]+)\])?(?:\.([A-Za-z][A-Za-z0-9_-]*))?$/;
/** The same with words to fill in for the copy. */
const FILLED_COPY = /^([a-z][a-z0-9-]*)\[(\$\{[^[\]]*\})\](\..*)?$/;

export interface Reference {
  readonly node: string;
  /** Of a node with `each`: the one copy that is meant. */
  readonly copy?: string;
  readonly port?: string;
}

/** A reference taken apart; undefined where it is none. */
export function splitReference(ref: string): Reference | undefined {
  const parts = REFERENCE.exec(ref);
  if (!parts) return undefined;
  const [, node, copy, port] = parts;
  return { node: node!, ...(copy !== undefined && { copy }), ...(port !== undefined && { port }) };
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
  const { from, where, ...options } = checked.value;
  if (where && Object.keys(where).length === 0 && isEmpty(value))
    findings.push(yaml.finding("VALUE_OUT_OF_RANGE", [...path, "where"], "where names no field"));
  const tests = where && { where: [{ test: where, at: { yaml, path: [...path, "where"] } }] };
  return readReference(from, { ...options, ...tests }, { ...request, path: [...path, "from"] });
}

function readReference(written: string, options: EdgeOptions, request: FeedsRequest): Feed[] {
  const { yaml, path, findings } = request;
  const ref = fillCopy(written, request);
  if (ref === undefined) return [];
  if (hasWords(ref)) {
    findings.push(
      yaml.finding(
        "INTERPOLATION_NOT_HERE",
        path,
        "a reference is written out; ${…} is filled in only for a copy: node[${…}]",
      ),
    );
    return [];
  }
  if (splitReference(ref)) return [{ ref, path, options }];
  findings.push(yaml.finding("VALUE_FORMAT", path, "a reference is node, node.port, node[copy].port or inputs.name"));
  return [];
}

/** A field that is not known is told of by itself. */
const isEmpty = (edge: object): boolean =>
  "where" in edge && typeof edge.where === "object" && Object.keys(edge.where ?? {}).length === 0;

/** `node[${each.x}]` with the copy filled in; undefined where its value is not known, which was told or is nobody's fault. */
function fillCopy(ref: string, { yaml, path, findings, words }: FeedsRequest): string | undefined {
  const parts = FILLED_COPY.exec(ref);
  if (!parts) return ref;
  const [, node, expression, rest] = parts;
  const filled = fill(expression!, words);
  for (const { code, message, severity } of filled.problems)
    findings.push(yaml.finding(code, path, message, { severity }));
  if (filled.problems.length > 0 || (filled.assumed && !expression!.startsWith("${each."))) return undefined;
  return `${node}[${String(filled.value)}]${rest ?? ""}`;
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
