import { z } from "zod";
import { defineNode, EngineError, type FrameKind, type NodeDefinition } from "#engine/plugin";
import type { Binding } from "../options.ts";
import { check } from "../yaml/check.ts";
import type { Path } from "../yaml/yaml-file.ts";
import type { DraftNode, Feed, InputEntry, Scope } from "./draft.ts";
import { inputSchema } from "./format.ts";
import type { FileContext } from "./loading.ts";
import { absolutePath, isUrl } from "./params.ts";
import { addProbe } from "./probe.ts";
import { fillText } from "./read-node.ts";

/** What the including workflow feeds an input with, by its name. */
export type FedInputs = ReadonlyMap<string, { readonly by: Scope; readonly feeds: readonly Feed[] }>;

/** One input of a workflow: fed by an including workflow, bound by the caller, opened from its default, or left open for lint. */
export function readInput(
  name: string,
  value: unknown,
  context: FileContext,
  fed: FedInputs | undefined,
): InputEntry | undefined {
  const { loading, yaml } = context;
  const path = ["inputs", name];
  const checked = check(inputSchema, value, { yaml, what: "an input", where: (inner) => [...path, ...inner] });
  loading.findings.push(...checked.findings);
  const outer = fed?.get(name);
  if (outer) return { kind: "fed", ...outer };
  const declared = checked.value;
  if (!declared) return undefined;
  const bindings = loading.options.bindings ?? {};
  const binding = !fed && Object.hasOwn(bindings, name) ? bindings[name] : undefined;
  if (binding && "later" in binding) return open(name, declared.kind, path, context);
  if (binding) return sourceOf(name, declared.kind, binding, path, context);
  if (declared.default !== undefined) {
    const at = [...path, "default"];
    const { text, assumed } = fillText(declared.default, at, context);
    const location = assumed ? "" : absolutePath(text, context.dir);
    const refused = location && loading.options.confinement?.refusePath(location, "read");
    if (refused) {
      loading.findings.push(yaml.finding("PATH_FORBIDDEN", at, refused));
      return open(name, declared.kind, path, context);
    }
    return location === ""
      ? open(name, declared.kind, path, context)
      : sourceOf(name, declared.kind, { location }, at, context);
  }
  if (!fed && loading.options.purpose === "run") {
    const message = `the input ${name} is bound to nothing and has no default`;
    loading.findings.push(yaml.finding("INPUT_UNBOUND", path, message, { at: "key" }));
  }
  return fed ? undefined : open(name, declared.kind, path, context);
}

function sourceOf(
  name: string,
  kind: FrameKind,
  binding: Exclude<Binding, { later: true }>,
  path: Path,
  context: FileContext,
): InputEntry | undefined {
  const { loading, yaml } = context;
  if ("definition" in binding) {
    const node = source(name, binding.definition, binding.config, path, context);
    if (binding.format) node.probed = binding.format;
    return { kind: "source", node };
  }
  const location = isUrl(binding.location) ? binding.location : absolutePath(binding.location, loading.options.cwd);
  const refuse = (message: string): undefined => {
    loading.findings.push(yaml.finding("INPUT_FAULTY", path, message));
  };
  const definition = loading.options.types.opener(kind);
  if (!definition?.opens) return refuse(`no plugin opens a location for an input of kind ${kind}`);
  try {
    const parsed = definition.config.safeParse(definition.opens.config(location));
    if (!parsed.success) {
      const reasons = parsed.error.issues.map((issue) => issue.message).join("; ");
      return refuse(`${definition.type} cannot open what ${name} is bound to: ${reasons}`);
    }
    const node = source(name, definition, parsed.data, path, context);
    addProbe(node, path, loading, location);
    return { kind: "source", node };
  } catch (error) {
    // code of the plugin's, which may look at the location
    return refuse(
      `${definition.type}: ${error instanceof EngineError ? error.message : "it cannot open this location"}`,
    );
  }
}

function source(
  name: string,
  definition: NodeDefinition,
  config: unknown,
  path: Path,
  context: FileContext,
): DraftNode {
  const outputs = definition.outputs(config);
  const node: DraftNode = {
    id: `${context.prefix}inputs.${name}`,
    type: definition.type,
    yaml: context.yaml,
    path,
    candidates: [
      {
        definition,
        config,
        attempts: 1,
        path,
        inputs: {},
        outputs,
        realTime: definition.realTime(config),
        guessed: false,
      },
    ],
    inputs: {},
    outputs,
    onFailure: "end",
    guessed: false,
  };
  context.loading.nodes.push(node);
  return node;
}

/** An input that nothing is bound to yet: enough to check and draw a workflow, not to run it. */
const open = (name: string, kind: FrameKind, path: Path, context: FileContext): InputEntry => ({
  kind: "source",
  node: source(name, unbound(kind), {}, path, context),
});

const unbound = (kind: FrameKind): NodeDefinition =>
  defineNode({
    type: "inputs.unbound",
    summary: "Stands for an input of a workflow that is bound to nothing.",
    role: "source",
    inputs: {},
    outputs: { out: { kinds: [kind] } },
    config: z.strictObject({}),
    create() {
      throw new EngineError("INPUT_UNBOUND", "an input of the workflow is bound to nothing");
    },
  });
