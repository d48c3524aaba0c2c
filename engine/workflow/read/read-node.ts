import {
  byUtterance,
  defaultPort,
  EngineError,
  GATE_PORT,
  type GateSettings,
  type NodeDefinition,
  needsStandIn,
  takesFiles,
  withGate,
} from "#engine/plugin";
import type { Finding } from "../finding.ts";
import { check } from "../yaml/check.ts";
import { knownKeys } from "../yaml/schema-walk.ts";
import { didYouMean, suggest } from "../yaml/suggest.ts";
import type { Path } from "../yaml/yaml-file.ts";
import type { DraftCandidate, DraftNode, Entry, PortFeeds } from "./draft.ts";
import { fillNumbers, readFeeds } from "./feeds.ts";
import { candidateSchema, type NodeWords, nodeSchema } from "./format.ts";
import { fill, hasWords } from "./interpolate.ts";
import type { FileContext } from "./loading.ts";
import { failedPlugins } from "./named-types.ts";
import { addProbe } from "./probe.ts";
import { readSettings, type Settings } from "./settings.ts";
import type { Written } from "./written.ts";

/** The words of one node, checked; its settings not yet. Undefined where not even `use` is there. */
export function readNodeWords(written: Written, context: FileContext): NodeWords | undefined {
  const { loading, yaml, words } = context;
  const { value, path } = written;
  const request = { yaml, path, words, findings: loading.findings };
  const filled = fillWords(written, request);
  const raw = typeof value === "object" && value !== null ? (value as Record<string, unknown>) : {};
  const checked = check(nodeSchema, filled, {
    yaml,
    what: "a node",
    where: (inner) => written.where(inner),
    hint: (inner, key) => {
      const definition = typeof raw.use === "string" ? loading.options.types.get(raw.use) : undefined;
      const belongs = inner.length === 0 && definition && knownKeys(definition.config).includes(key);
      return belongs ? "; it is a setting of the node type and belongs inside with" : undefined;
    },
  });
  loading.findings.push(...checked.findings);
  if (raw.outputs !== undefined) {
    const message = "outputs belongs to a node with nodes; a node type has its own";
    loading.findings.push(yaml.finding("WORD_NOT_HERE", written.where(["outputs"]), message, { at: "key" }));
  }
  return checked.value;
}

/** Fills in the engine's words beside `use`; `with` waits for the node type's schema, and references are never filled in. */
function fillWords({ value, where }: Written, request: Parameters<typeof fillNumbers>[1]): unknown {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return value;
  const filled = { ...(value as Record<string, unknown>) };
  for (const key of ["retry", "timeouts", "gate", "onFailure", "label"])
    if (Object.hasOwn(filled, key)) {
      filled[key] = fillNumbers(filled[key], request, where([key]));
      if (key === "label" && typeof filled[key] === "number") filled[key] = String(filled[key]);
    }
  return filled;
}

/** What feeds a node or an include, as written under `from` and `in`. */
export function readPortFeeds(words: NodeWords, { where }: Written, context: FileContext): PortFeeds[] {
  const request = { yaml: context.yaml, words: context.words, findings: context.loading.findings, edges: true };
  const found: PortFeeds[] = [];
  if (words.from !== undefined) {
    const at = where(["from"]);
    found.push({ path: at, feeds: readFeeds(words.from, { ...request, path: at }) });
  }
  for (const [port, value] of Object.entries(words.in ?? {})) {
    const at = where(["in", port]);
    found.push({ port, path: at, feeds: readFeeds(value, { ...request, path: at }) });
  }
  return found;
}

/** A node of a plugin's type: its settings, what takes over for it, and its ports. */
export function readNode(
  id: string,
  words: NodeWords,
  path: Path,
  feeds: readonly PortFeeds[],
  outer: FileContext,
): Entry {
  const { loading, prefix } = outer;
  const context: NodeReading = { ...outer, nodeId: prefix + id };
  const first = readCandidate(words, path, context);
  const fallbacks = (words.fallback ?? []).map((value, index) =>
    readFallback(value, [...path, "fallback", index], context, { first, gate: words.gate }),
  );
  const candidates = first ? [first, ...fallbacks.filter((each) => each !== undefined)] : [];
  const node: DraftNode = {
    id: prefix + id,
    type: words.use,
    ...(words.label !== undefined && { label: words.label }),
    yaml: context.yaml,
    path,
    candidates,
    inputs: first?.inputs ?? {},
    outputs: first?.outputs ?? {},
    guessed: first?.guessed ?? false,
    gated: words.gate !== undefined && first?.inputs[GATE_PORT] !== undefined,
    onFailure: context.failing === "continue" ? "continue" : words.onFailure,
    ...(words.timeouts?.openMs !== undefined && { openMs: words.timeouts.openMs }),
    ...(words.timeouts?.resultMs !== undefined && { resultMs: words.timeouts.resultMs }),
  };
  loading.nodes.push(node);
  addProbe(node, [...path, "use"], loading);
  return { kind: "node", node, feeds };
}

/** The file of a node while the node is read. */
interface NodeReading extends FileContext {
  /** As the plan has it. */
  readonly nodeId: string;
}

interface CandidateWords {
  readonly use: string;
  readonly with?: Readonly<Record<string, unknown>> | undefined;
  readonly retry?: { readonly attempts: number } | undefined;
  readonly gate?: GateSettings | undefined;
}

/** Undefined where the type is unknown or its settings are not enough; a finding says why. */
function readCandidate(words: CandidateWords, path: Path, context: NodeReading): DraftCandidate | undefined {
  const { findings } = context.loading;
  const definition = findType(words.use, [...path, "use"], context);
  if (!definition) return undefined;
  const settings = settingsOf(definition, words, path, context);
  findings.push(...settings.findings, ...settings.missingSecrets);
  const answering = answered(definition, settings, path, context.nodeId, context);
  if (answering) findings.push(...uncallable(answering, path, context));
  return answering && candidate(answering.definition, answering.settings, words, path, context);
}

interface Before {
  readonly first: DraftCandidate | undefined;
  readonly gate: GateSettings | undefined;
}

function readFallback(
  value: unknown,
  path: Path,
  context: NodeReading,
  { first, gate }: Before,
): DraftCandidate | undefined {
  const { loading, yaml } = context;
  const checked = check(candidateSchema, value, { yaml, what: "a fallback", where: (inner) => [...path, ...inner] });
  loading.findings.push(...checked.findings);
  const words = checked.value;
  const definition = words && findType(words.use, [...path, "use"], context);
  if (!words || !definition) return undefined;
  const settings = settingsOf(definition, words, path, context);
  loading.findings.push(...settings.findings);
  for (const { message, line, column } of settings.missingSecrets) {
    const left = yaml.finding("CANDIDATE_LEFT_OUT", path, `left out: ${message}`, { severity: "warning" });
    loading.findings.push({ ...left, line, column });
  }
  if (settings.missingSecrets.length > 0) return undefined;
  const answering = answered(definition, settings, path, candidateId(path, context), context);
  if (!answering) return undefined;
  const unreached = uncallable(answering, path, context);
  for (const { message, severity } of unreached)
    loading.findings.push(
      severity === "error"
        ? yaml.finding("CANDIDATE_LEFT_OUT", [...path, "use"], `left out: ${message}`, { severity: "warning" })
        : yaml.finding("CALLBACK_NO_ADDRESS", [...path, "use"], message, { severity }),
    );
  if (unreached.some(({ severity }) => severity === "error")) return undefined;
  const fitting = matched(answering.definition, answering.settings, first);
  return candidate(fitting, answering.settings, { ...words, gate }, path, context);
}

interface Answering {
  readonly definition: NodeDefinition;
  readonly settings: Settings;
}

/** As tests call it: a fallback is counted from 1. */
const candidateId = (path: Path, { nodeId }: NodeReading): string =>
  path.at(-2) === "fallback" ? `${nodeId}.fallback.${Number(path.at(-1)) + 1}` : nodeId;

/** The node type itself, or what answers in its place in a test, or where there is no network. */
function answered(
  definition: NodeDefinition,
  settings: Settings,
  path: Path,
  id: string,
  context: NodeReading,
): Answering | undefined {
  const { loading, nodeId, yaml } = context;
  const { offline, mock } = loading.options;
  const replace = mock?.(id);
  if (replace && settings.config !== undefined) return { definition: replace(definition, settings.config), settings };
  if (!offline || !needsStandIn(definition) || settings.config === undefined) return { definition, settings };
  try {
    const found = offline({ id: nodeId, definition, config: settings.config });
    return { definition: found.definition, settings: { ...settings, config: found.config } };
  } catch (error) {
    if (!(error instanceof EngineError)) throw error;
    const message = `${definition.type} needs the network, and nothing answers for it here: ${error.code} ${error.message}`;
    loading.findings.push(yaml.finding("OFFLINE_UNANSWERED", [...path, "use"], message));
    return undefined;
  }
}

/** What is wrong where a node is to be called back: an error where nobody can, a warning in lint where that is not known. */
function uncallable(
  { definition, settings: { config } }: Answering,
  path: Path,
  { loading, yaml }: NodeReading,
): Finding[] {
  const { callable, purpose } = loading.options;
  if (callable === true || (callable === undefined && purpose === "run") || config === undefined) return [];
  try {
    if (!definition.calledBack?.(config)) return [];
  } catch {
    return []; // told of where its ports are asked for
  }
  const message = `${definition.type} is called back by its service: set publicUrl in parlando.yaml and run it under parlando serve`;
  const severity = callable === false ? "error" : "warning";
  return [yaml.finding("CALLBACK_NO_ADDRESS", [...path, "use"], message, { severity })];
}

/** A recogniser of files that stands in for one of streams gets utterances as recordings, and the other way round. */
function matched(definition: NodeDefinition, { config }: Settings, first: DraftCandidate | undefined): NodeDefinition {
  if (!first || config === undefined) return definition;
  const port = defaultPort(first.inputs);
  const before = first.inputs[port ?? ""];
  try {
    const inputs = definition.inputs(config);
    const own = inputs[defaultPort(inputs) ?? ""];
    const recognises = ["asr", "file-asr", "interpret"].includes(definition.role(config));
    return before && own && recognises && takesFiles(own) !== takesFiles(before)
      ? byUtterance(definition, port)
      : definition;
  } catch {
    return definition; // told of where its ports are asked for
  }
}

function candidate(
  definition: NodeDefinition,
  { config, guessed }: Settings,
  words: CandidateWords,
  path: Path,
  context: FileContext,
): DraftCandidate | undefined {
  if (config === undefined) return undefined;
  const attempts = words.retry?.attempts ?? definition.retry?.attempts ?? 1;
  try {
    // ports may be functions of the config, and so code of the plugin's
    const ports = { inputs: definition.inputs(config), outputs: definition.outputs(config) };
    const read = { definition, config, attempts, path, ...ports, realTime: definition.realTime(config), guessed };
    return words.gate ? gatedCandidate(read, words.gate, context) : read;
  } catch (error) {
    context.loading.findings.push(broken(definition, error, path, context));
    return undefined;
  }
}

function gatedCandidate(read: DraftCandidate, gate: GateSettings, { loading, yaml }: FileContext): DraftCandidate {
  const definition = withGate(read.definition, gate);
  try {
    return { ...read, definition, inputs: definition.inputs(read.config), gate };
  } catch (error) {
    const reason = error instanceof EngineError ? error.message : "it cannot be gated";
    const node = read.path.at(-2) === "fallback" ? read.path.slice(0, -2) : read.path;
    loading.findings.push(yaml.finding("WORD_NOT_HERE", [...node, "gate"], reason, { at: "key" }));
    return read;
  }
}

function findType(type: string, path: Path, { loading, yaml }: FileContext): NodeDefinition | undefined {
  const { types } = loading.options;
  const definition = types.get(type);
  const refused = definition && loading.options.confinement?.refuseType(definition);
  if (refused !== undefined) loading.findings.push(yaml.finding("EFFECT_FORBIDDEN", path, refused));
  if (definition) return definition;
  if (hasWords(type)) {
    const message = "a node type is written out; ${…} is not filled in here";
    loading.findings.push(yaml.finding("INTERPOLATION_NOT_HERE", path, message));
    return undefined;
  }
  const suggestion = suggest(
    type,
    types.all().map((each) => each.type),
  );
  const message = `no plugin has the node type ${type}${didYouMean(suggestion)}${failedPlugins(types)}`;
  loading.findings.push(yaml.finding("NODE_TYPE_UNKNOWN", path, message, { write: suggestion }));
  return undefined;
}

function settingsOf(definition: NodeDefinition, words: CandidateWords, path: Path, context: NodeReading): Settings {
  const { yaml, dir, defaults } = context;
  const written = words.with;
  try {
    return readSettings({
      definition,
      yaml,
      written: written ?? {},
      path: written ? [...path, "with"] : path,
      defaults: Object.hasOwn(defaults, definition.type) ? defaults[definition.type]! : {},
      defaultsPath: ["defaults", definition.type],
      words: context.words,
      dir,
      confinement: context.loading.options.confinement,
      uncredited:
        (context.loading.options.offline !== undefined && needsStandIn(definition)) ||
        context.loading.options.mock?.(candidateId(path, context)) !== undefined,
      elsewhere: context.loading.options.elsewhere ?? false,
    });
  } catch (error) {
    // a plugin's own refinements run in there
    return { guessed: false, findings: [broken(definition, error, path, context)], missingSecrets: [] };
  }
}

function broken(definition: NodeDefinition, error: unknown, path: Path, { yaml }: FileContext) {
  const reason =
    error instanceof EngineError ? error.message : "it failed while it was asked for its settings and ports";
  return yaml.finding("NODE_BROKEN", [...path, "use"], `${definition.type}: ${reason}`);
}

/** A text of the file in which params and the like are filled in, such as the default of an input. */
export function fillText(
  text: string,
  path: Path,
  context: FileContext,
): { readonly text: string; readonly assumed: boolean } {
  if (!hasWords(text)) return { text, assumed: false };
  const filled = fill(text, context.words);
  for (const { code, message, severity } of filled.problems)
    context.loading.findings.push(context.yaml.finding(code, path, message, { severity }));
  if (filled.secret)
    context.loading.findings.push(
      context.yaml.finding("SECRET_EXPOSED", path, "a secret may stand in secret fields of nodes only"),
    );
  return { text: String(filled.value), assumed: filled.assumed ?? false };
}
