import { basename } from "node:path";
import { type Finding, sortFindings } from "./finding.ts";
import type { FindingCode } from "./finding-codes.ts";
import type { PlanOptions, WorkflowSource } from "./options.ts";
import type { Plan, PlannedOutput } from "./plan.ts";
import { assemble } from "./prove/assemble.ts";
import { findSilences } from "./prove/barge-ins.ts";
import { checkInputs } from "./prove/check-inputs.ts";
import { type Connections, connect } from "./prove/connect.ts";
import { orderNodes } from "./prove/order.ts";
import type { GivenParam } from "./read/declare-params.ts";
import type { DraftNode, Scope } from "./read/draft.ts";
import { inputSchema, type WorkflowWords } from "./read/format.ts";
import { type LoadedWorkflow, loadWorkflow } from "./read/load.ts";
import type { Choice, Loading } from "./read/loading.ts";
import { readWorkflowText, type WorkflowText } from "./read/workflow-text.ts";
import { checkTest, type TestedWorkflow } from "./tests/check-test.ts";
import { readTests } from "./tests/read-tests.ts";
import type { WorkflowTest } from "./tests/workflow-test.ts";
import { didYouMean, suggest } from "./yaml/suggest.ts";
import { YamlFile } from "./yaml/yaml-file.ts";

export interface Planned {
  /** Absent where there is an error among the findings. */
  readonly plan?: Plan;
  /** Everything at once: by file (the workflow's own first), line and column. */
  readonly findings: readonly Finding[];
  /** Those of the workflow's own tests that are sound in themselves. */
  readonly tests?: readonly WorkflowTest[];
}

/**
 * Turns a workflow into a plan that was proven to fit together, or into everything that is wrong with it. Nothing of it is run and no
 * engine opened; recordings that sources name are looked at for their format.
 */
export async function planWorkflow(source: WorkflowSource, options: PlanOptions): Promise<Planned> {
  const text = await readWorkflowText(source, options.cwd);
  if ("code" in text) return { findings: [text] };
  const choices = new Map<string, Choice>();
  const first = await planOnce(text, { options, findings: [], nodes: [], probes: [], choices, forced: new Map() });
  if (options.purpose === "run" || choices.size === 0) return first;
  const others = await planOtherCases(text, options, choices);
  const findings = sortFindings(withOtherCases(first.findings, others), text.file);
  const { plan, tests = [] } = first;
  return { ...(plan && !hasErrors(findings) && { plan: { ...plan, notes: findings } }), findings, tests };
}

/** More plans of one file than anybody waits for. */
const MOST_PLANS = 200;

/** Plans every case of every `choose` that the workflow as it stands leaves out; the findings of each time. */
async function planOtherCases(
  text: WorkflowText,
  options: PlanOptions,
  choices: Map<string, Choice>,
): Promise<(readonly Finding[])[]> {
  const others: (readonly Finding[])[] = [];
  for (;;) {
    const forced = new Map<string, string>();
    for (const [place, { cases, planned, within }] of choices) {
      const next = cases.find((name) => !planned.has(name));
      if (next === undefined) continue;
      const wanted = [...within, [place, next] as const];
      if (!wanted.every(([each, name]) => (forced.get(each) ?? name) === name)) continue; // another time
      for (const [each, name] of wanted) forced.set(each, name);
      planned.add(next); // met or not: never twice
    }
    if (forced.size === 0) return others;
    const { findings } = await planOnce(text, { options, findings: [], nodes: [], probes: [], choices, forced });
    others.push(findings);
    if (others.length < MOST_PLANS) continue;
    const yaml = new YamlFile(text.file, text.text, undefined, { value: { offset: 0, length: 0 } });
    const message = `its cases make more than ${MOST_PLANS} workflows`;
    return [...others, [yaml.finding("WORKFLOW_TOO_LARGE", [], message)]];
  }
}

/** What a case that is not chosen lacks of the machine is no fault as long as it is not chosen. */
const OF_THE_MACHINE: ReadonlySet<FindingCode> = new Set(["SECRET_MISSING", "ENV_MISSING"]);

/** What is wrong in any case, and what is doubtful in all of them. */
function withOtherCases(first: readonly Finding[], others: readonly (readonly Finding[])[]): Finding[] {
  const same = (a: Finding) => (b: Finding) =>
    a.code === b.code && a.file === b.file && a.line === b.line && a.column === b.column;
  const everywhere = (finding: Finding) => [first, ...others].every((findings) => findings.some(same(finding)));
  const kept = first.filter((finding) => finding.code !== "INPUT_UNUSED" || everywhere(finding));
  const more = others.flat().filter(({ severity, code }) => severity !== "note" && code !== "INPUT_UNUSED");
  return [
    ...kept,
    ...more
      .filter((finding) => !first.some((other) => same(finding)(other) && other.message === finding.message))
      .map((finding) => (OF_THE_MACHINE.has(finding.code) ? { ...finding, severity: "warning" as const } : finding)),
  ];
}

async function planOnce(text: WorkflowText, loading: Loading): Promise<Planned> {
  const { options } = loading;
  const loaded = await loadWorkflow({
    text,
    loading,
    prefix: "",
    params: givenParams(options),
    failing: "end",
    open: text.path === undefined ? [] : [text.path],
  });
  const tests = loaded?.words.tests === undefined ? [] : ownTests(loaded, text, loading);
  const proven = loaded && (await prove(loaded, loading, tests));
  const findings = sortFindings(loading.findings, text.file);
  if (!proven || hasErrors(findings)) return { findings, tests };
  return { plan: makePlan(loaded, proven, text, findings), findings, tests };
}

/** Tests are for lint and for `parlando test`: no run fails for them. Of a file that came from elsewhere they are left alone, and so are their paths. */
function ownTests(
  { scope, words }: LoadedWorkflow,
  text: WorkflowText,
  { options, findings }: Loading,
): WorkflowTest[] {
  return options.confinement || options.purpose === "run" ? [] : readTests(words.tests, scope.yaml, text.dir, findings);
}

const hasErrors = (findings: readonly Finding[]): boolean => findings.some((finding) => finding.severity === "error");

interface Proven extends ReturnType<typeof assemble> {
  readonly connections: Connections;
}

async function prove(
  { scope, words }: LoadedWorkflow,
  loading: Loading,
  tests: readonly WorkflowTest[],
): Promise<Proven> {
  const { findings, nodes, options } = loading;
  checkBindings(scope, loading);
  // a file that is refused is not even looked at
  if (!findings.some((finding) => finding.code === "PATH_FORBIDDEN"))
    await Promise.all(loading.probes.map((probe) => probe()));
  const connections = connect(scope, findings);
  findings.push(...checkInputs(nodes, connections, options.types));
  const workflow = testedWorkflow(scope, words, nodes, connections);
  for (const test of testsToCheck(tests, loading)) findings.push(...checkTest(test, workflow));
  const ordered = orderNodes(nodes, connections.edges);
  findings.push(...ordered.findings);
  const silences = findSilences(scope, connections, findings);
  const assembled = assemble(ordered.nodes, connections, options.types, findings, silences);
  // among errors it may be one of them that keeps an input from being used
  if (!hasErrors(findings)) findings.push(...unusedInputs(scope, connections));
  return { connections, ...assembled };
}

/** For a run the one that is to run; for lint those whose params do not make another workflow of it. */
function testsToCheck(
  tests: readonly WorkflowTest[],
  { options, nodes, choices, forced }: Loading,
): readonly WorkflowTest[] {
  if (options.test) return [options.test];
  if (options.purpose === "run" || forced.size > 0) return [];
  const expands = choices.size > 0 || nodes.some(({ id }) => id.includes("["));
  return expands ? tests.filter(({ params }) => Object.keys(params).length === 0) : tests;
}

function testedWorkflow(
  scope: Scope,
  words: WorkflowWords,
  drafts: readonly DraftNode[],
  connections: Connections,
): TestedWorkflow {
  const inputs = Object.entries(words.inputs).flatMap(([name, declared]) => {
    const { data } = inputSchema.safeParse(declared);
    return data ? [[name, { kind: data.kind, hasDefault: data.default !== undefined }] as const] : [];
  });
  return {
    nodes: drafts,
    drafts,
    edges: connections.edges,
    outputs: new Map([...scope.outputs.keys()].map((name) => [name, plannedOutput(name, connections).from])),
    inputs: new Map(inputs),
    params: Object.keys(words.params),
  };
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
    ...(proven.bargeIns && { bargeIns: proven.bargeIns }),
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
