import { basename } from "node:path";
import { type Finding, sortFindings } from "./finding.ts";
import type { PlanOptions, WorkflowSource } from "./options.ts";
import type { Plan, PlannedOutput } from "./plan.ts";
import { assemble } from "./prove/assemble.ts";
import { checkInputs } from "./prove/check-inputs.ts";
import { type Connections, connect } from "./prove/connect.ts";
import { orderNodes } from "./prove/order.ts";
import type { GivenParam } from "./read/declare-params.ts";
import type { Scope } from "./read/draft.ts";
import { type LoadedWorkflow, loadWorkflow } from "./read/load.ts";
import type { Loading } from "./read/loading.ts";
import { readWorkflowText, type WorkflowText } from "./read/workflow-text.ts";
import { didYouMean, suggest } from "./yaml/suggest.ts";

export interface Planned {
  /** Absent where there is an error among the findings. */
  readonly plan?: Plan;
  /** Everything at once: by file (the workflow's own first), line and column. */
  readonly findings: readonly Finding[];
}

/**
 * Turns a workflow into a plan that was proven to fit together, or into everything that is wrong with it. Nothing of it is run and no
 * engine opened; recordings that sources name are looked at for their format.
 */
export async function planWorkflow(source: WorkflowSource, options: PlanOptions): Promise<Planned> {
  const text = await readWorkflowText(source, options.cwd);
  if ("code" in text) return { findings: [text] };
  const loading: Loading = { options, findings: [], nodes: [], probes: [] };
  const loaded = await loadWorkflow({
    text,
    loading,
    prefix: "",
    params: givenParams(options),
    failing: "end",
    open: text.path === undefined ? [] : [text.path],
  });
  const proven = loaded && (await prove(loaded, loading));
  const findings = sortFindings(loading.findings, text.file);
  if (!proven || hasErrors(findings)) return { findings };
  return { plan: makePlan(loaded, proven, text, findings), findings };
}

const hasErrors = (findings: readonly Finding[]): boolean => findings.some((finding) => finding.severity === "error");

interface Proven extends ReturnType<typeof assemble> {
  readonly connections: Connections;
}

async function prove({ scope }: LoadedWorkflow, loading: Loading): Promise<Proven> {
  const { findings, nodes, options } = loading;
  checkBindings(scope, loading);
  // a file that is refused is not even looked at
  if (!findings.some((finding) => finding.code === "PATH_FORBIDDEN"))
    await Promise.all(loading.probes.map((probe) => probe()));
  const connections = connect(scope, findings);
  findings.push(...checkInputs(nodes, connections, options.types));
  const ordered = orderNodes(nodes, connections.edges);
  findings.push(...ordered.findings);
  const assembled = assemble(ordered.nodes, connections, options.types, findings);
  // among errors it may be one of them that keeps an input from being used
  if (!hasErrors(findings)) findings.push(...unusedInputs(scope, connections));
  return { connections, ...assembled };
}

function makePlan(
  { scope, words, limits }: LoadedWorkflow,
  proven: Proven,
  text: WorkflowText,
  findings: readonly Finding[],
): Plan {
  const { runMs, ...always } = limits;
  return {
    name: words.name ?? basename(text.file).replace(/\.ya?ml$/, ""),
    ...(words.description !== undefined && { description: words.description }),
    ...(text.path !== undefined && { file: text.file }),
    dir: text.dir,
    nodes: proven.nodes,
    edges: proven.edges,
    outputs: [...scope.outputs.keys()].map((name) => plannedOutput(name, proven.connections)),
    limits: { ...always, ...(runMs !== undefined && { runMs }) },
    notes: findings,
  };
}

function plannedOutput(name: string, { outputs }: Connections): PlannedOutput {
  const from = (outputs.get(name) ?? []).flatMap(({ node, port }) =>
    port === undefined ? [] : [{ node: node.id, port }],
  );
  return { name, from };
}

/** Params from outside of all files; a text among them was typed by somebody. */
function givenParams({ params, cwd }: PlanOptions): Map<string, GivenParam> {
  const entries = Object.entries(params ?? {});
  return new Map(
    entries.map(([name, value]) => [name, { value, origin: { typed: typeof value === "string", dir: cwd } }]),
  );
}

function checkBindings({ yaml }: Scope, { options, findings }: Loading): void {
  const top = yaml.root.children?.get("inputs")?.children;
  const names = [...(top?.keys() ?? [])];
  for (const name of Object.keys(options.bindings ?? {})) {
    if (names.includes(name)) continue;
    const has = suggest(name, names);
    const known = has ? didYouMean(has) : names.length === 0 ? "; it has none" : `; it has ${names.join(", ")}`;
    findings.push(
      yaml.finding("INPUT_UNKNOWN", ["inputs"], `the workflow has no input ${name}${known}`, { at: "key" }),
    );
  }
}

function unusedInputs(scope: Scope, { edges, outputs }: Connections): Finding[] {
  const used = new Set([...edges.map((edge) => edge.from), ...[...outputs.values()].flat().map(({ node }) => node)]);
  return [...scope.inputs].flatMap(([name, input]) => {
    if (input.kind !== "source" || used.has(input.node)) return [];
    const message = `no node reads the input ${name}`;
    return [scope.yaml.finding("INPUT_UNUSED", ["inputs", name], message, { at: "key", severity: "warning" })];
  });
}
