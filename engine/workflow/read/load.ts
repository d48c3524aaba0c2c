import { basename, dirname, join, resolve } from "node:path";
import { z } from "zod";
import type { Finding } from "../finding.ts";
import { check } from "../yaml/check.ts";
import { parseYaml } from "../yaml/parse-yaml.ts";
import { knownKeys } from "../yaml/schema-walk.ts";
import { didYouMean, suggest } from "../yaml/suggest.ts";
import type { YamlFile } from "../yaml/yaml-file.ts";
import { readBargeIn } from "./barge-in.ts";
import { declareParams, type GivenParam } from "./declare-params.ts";
import type { Entry, Feed, InputEntry, Scope } from "./draft.ts";
import { fillNumbers, readFeeds } from "./feeds.ts";
import { limitsSchema, type WorkflowWords, workflowSchema } from "./format.ts";
import { fedInputs, givenParams, type Including } from "./include.ts";
import { hasWords } from "./interpolate.ts";
import { type FileContext, LINT_RUN, type Loading } from "./loading.ts";
import { failedPlugins, namedTypes } from "./named-types.ts";
import { type EntryReading, type IncludingNode, MAX_NODES, readEntries } from "./read-entry.ts";
import { readInput } from "./read-inputs.ts";
import { readWorkflowText, type WorkflowText } from "./workflow-text.ts";

export interface LoadedWorkflow {
  readonly scope: Scope;
  readonly words: WorkflowWords;
  readonly limits: LimitsWords;
}

type LimitsWords = ReturnType<typeof limitsSchema.parse>;

interface LoadRequest {
  readonly text: WorkflowText;
  readonly loading: Loading;
  readonly prefix: string;
  readonly params: ReadonlyMap<string, GivenParam>;
  /** Undefined for the outermost workflow, whose inputs the caller binds. */
  readonly included?: Including;
  readonly failing: "end" | "continue";
  /** Absolute paths of the files being read, the outermost first. */
  readonly open: readonly string[];
}

/** Reads one workflow and all that it includes. Findings gather in `loading`; undefined where nothing can be said of the nodes. */
export async function loadWorkflow(request: LoadRequest): Promise<LoadedWorkflow | undefined> {
  const { text, loading } = request;
  const { findings, options } = loading;
  const parsed = parseYaml(text.text, text.file);
  findings.push(...parsed.findings);
  const yaml = parsed.yaml;
  if (!yaml) return undefined;
  const words = readTop(yaml, findings);
  if (!words) return undefined;
  const run = options.run ?? (options.purpose === "lint" ? LINT_RUN : undefined);
  const base = {
    environment: options.environment,
    secret: options.secret,
    run,
    strict: options.purpose === "run",
    environmentIsSecret: options.confinement !== undefined,
  };
  const params = declareParams({
    yaml,
    declared: words.params,
    given: request.params,
    dir: text.dir,
    words: base,
    purpose: request.included ? "run" : options.purpose,
    findings,
  });
  const context: FileContext = {
    loading,
    yaml,
    dir: text.dir,
    prefix: request.prefix,
    words: { ...base, params },
    defaults: words.defaults,
    failing: request.failing,
    within: request.included?.context.within ?? new Map(),
  };
  await options.types.load(namedTypes(words));
  checkDefaults(context);
  const scope = await readScope(words, context, request);
  return { scope, words, limits: readLimits(words, context) };
}

function readTop(yaml: YamlFile, findings: Finding[]): WorkflowWords | undefined {
  if (!isMapping(yaml.value)) {
    const found = yaml.value === null ? "it is empty" : "it is something else";
    findings.push(yaml.finding("VALUE_TYPE", [], `a workflow is a mapping with parlando, name and nodes; ${found}`));
    return undefined;
  }
  const { value, findings: issues } = check(workflowSchema, yaml.value, {
    yaml,
    what: "a workflow",
    where: (path) => path,
  });
  findings.push(...issues);
  const { parlando: version, nodes } = yaml.value;
  if (version === undefined) findings.push(missingVersion(yaml));
  else if (version !== 1)
    findings.push(
      yaml.finding("WORKFLOW_VERSION", ["parlando"], "this version of the format is not known", { write: "1" }),
    );
  if (nodes === undefined || (isMapping(nodes) && Object.keys(nodes).length === 0))
    findings.push(yaml.finding("KEY_MISSING", ["nodes"], "a workflow needs nodes", { at: "key" }));
  return value;
}

/** There is one version of the format, so what has to be written is certain. */
function missingVersion(yaml: YamlFile): Finding {
  const { offset } = yaml.root.value;
  const flow = yaml.text[offset] === "{";
  const lineEnd = yaml.text.includes("\r\n") ? "\r\n" : "\n";
  const fix = { offset: flow ? offset + 1 : offset, length: 0, text: flow ? " parlando: 1," : `parlando: 1${lineEnd}` };
  return { ...yaml.finding("KEY_MISSING", [], "a workflow begins with parlando: 1"), fix: { ...fix, sure: true } };
}

const isMapping = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null && !Array.isArray(value);

/** Types and keys under `defaults`, used or not; the values are checked with each node that takes them. */
function checkDefaults({ loading, yaml, defaults }: FileContext): void {
  const { types } = loading.options;
  for (const [type, settings] of Object.entries(defaults)) {
    const definition = types.get(type);
    if (!definition) {
      const suggestion = suggest(
        type,
        types.all().map((each) => each.type),
      );
      const message = `no plugin has the node type ${type}${didYouMean(suggestion)}${failedPlugins(types)}`;
      loading.findings.push(
        yaml.finding("NODE_TYPE_UNKNOWN", ["defaults", type], message, { at: "key", write: suggestion }),
      );
      continue;
    }
    const strays = Object.fromEntries(
      Object.entries(settings).filter(([key]) => !knownKeys(definition.config).includes(key)),
    );
    const { findings } = check(anyOf(definition.config), strays, {
      yaml,
      what: type,
      where: (path) => ["defaults", type, ...path],
    });
    loading.findings.push(...findings);
  }
}

/** The same fields, all optional, without what a type checks of them together: that is checked with each node that takes them. */
function anyOf({ shape, def }: z.ZodObject): z.ZodObject {
  const fields = z.object(shape);
  return (def.catchall ? fields.catchall(def.catchall) : fields).partial();
}

function readLimits(words: WorkflowWords, context: FileContext): LimitsWords {
  const { loading, yaml } = context;
  const path = ["limits"];
  const request = { yaml, path, words: context.words, findings: loading.findings };
  const filled = fillNumbers(words.limits ?? {}, request, path);
  const checked = check(limitsSchema, filled, { yaml, what: "limits", where: (inner) => [...path, ...inner] });
  loading.findings.push(...checked.findings);
  return checked.value ?? limitsSchema.parse({});
}

async function readScope(words: WorkflowWords, context: FileContext, request: LoadRequest): Promise<Scope> {
  const entries = new Map<string, Entry>();
  const inputs = new Map<string, InputEntry>();
  const outputs = new Map<string, readonly Feed[]>();
  const bargeIn = words.bargeIn === undefined ? undefined : readBargeIn(words.bargeIn, context);
  const scope: Scope = { yaml: context.yaml, entries, inputs, outputs, ...(bargeIn && { bargeIn }) };
  const fed = request.included && fedInputs(words.inputs, context.yaml.file, request.included);
  for (const [name, value] of Object.entries(words.inputs)) {
    const input = readInput(name, value, context, fed);
    if (input) inputs.set(name, input);
  }
  const { findings } = context.loading;
  await readEntries(words.nodes, (inner) => ["nodes", ...inner], entries, {
    context,
    scope,
    include: (node, reading) => readInclude(node, reading, request),
  });
  for (const [name, value] of Object.entries(words.outputs)) {
    const at = { yaml: context.yaml, path: ["outputs", name], words: context.words, findings, edges: false };
    outputs.set(name, readFeeds(value, at));
  }
  return scope;
}

/** `use: ./other.yaml`: the other workflow's nodes, under this node's name. */
async function readInclude(
  { id, words: node, written, feeds }: IncludingNode,
  { context, scope: outer }: EntryReading,
  request: LoadRequest,
): Promise<Entry> {
  const { loading, yaml } = context;
  const { path } = written;
  const missing: Entry = { kind: "include", scope: undefined, path };
  const use = written.where(["use"]);
  for (const word of ["retry", "fallback", "timeouts", "gate"] as const)
    if (node[word] !== undefined)
      loading.findings.push(
        yaml.finding(
          "WORD_NOT_HERE",
          written.where([word]),
          `${word} belongs to single nodes, not to an included workflow`,
          {
            at: "key",
          },
        ),
      );
  if (hasWords(node.use)) {
    loading.findings.push(
      yaml.finding("INTERPOLATION_NOT_HERE", use, "an included file is written out; ${…} is not filled in here"),
    );
    return missing;
  }
  const absolute = resolve(context.dir, node.use);
  if (request.open.includes(absolute)) {
    const circle = [...request.open.slice(request.open.indexOf(absolute)), absolute].map((each) => basename(each));
    loading.findings.push(yaml.finding("INCLUDE_CYCLE", use, `${circle.join(" includes ")}`));
    return missing;
  }
  if (loading.nodes.length > MAX_NODES) {
    loading.findings.push(
      yaml.finding("WORKFLOW_TOO_LARGE", use, `with its includes the workflow has more than ${MAX_NODES} nodes`),
    );
    return missing;
  }
  const refused = loading.options.confinement?.refusePath(absolute, "read");
  if (refused !== undefined) {
    loading.findings.push(yaml.finding("PATH_FORBIDDEN", use, `${node.use}: ${refused}`));
    return missing;
  }
  const text = await readWorkflowText({ path: absolute }, context.dir);
  if ("code" in text) {
    const code =
      text.code === "WORKFLOW_NOT_FOUND" || text.code === "WORKFLOW_UNREADABLE" ? "INCLUDE_NOT_FOUND" : text.code;
    loading.findings.push(yaml.finding(code, use, `${node.use}: ${text.message}`));
    return missing;
  }
  const inner = await loadWorkflow({
    text: { ...text, file: join(dirname(yaml.file), node.use) },
    loading,
    prefix: `${context.prefix}${id}/`,
    params: givenParams(node, path, context),
    included: { outer, path, context, feeds },
    failing: context.failing === "continue" ? "continue" : node.onFailure,
    open: [...request.open, absolute],
  });
  return { kind: "include", scope: inner?.scope, path };
}
