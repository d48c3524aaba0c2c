import { EngineError } from "#engine/errors";
import type { Store, WorkflowRow } from "#engine/store";
import type { Finding, Plan } from "#engine/workflow";
import { fromCursor, requireScope, requireWhole, toCursor } from "../access.ts";
import type { Caller, Page, PageRequest } from "../api/access.ts";
import type { StartRun } from "../api/runs.ts";
import type { PlanView, Workflows, WorkflowView } from "../api/work.ts";
import { invalid, type Planner } from "./planner.ts";

const NAME = /^[a-z][a-z0-9-]{0,62}$/;
const INPUT = "inputs.";

/** A workflow that is about to be run. */
export interface ResolvedWorkflow {
  readonly text: string;
  readonly name: string;
  readonly version: number | null;
}

/** Stored workflows, and what can be said of texts. */
export class WorkflowsService implements Workflows {
  constructor(
    private readonly store: Store,
    private readonly planner: Planner,
    private readonly epochMs: () => number,
  ) {}

  async save(caller: Caller, name: string, text: string) {
    requireScope(caller, "workflows:write");
    requireWhole(caller);
    if (!NAME.test(name))
      throw new EngineError(
        "REQUEST_INVALID",
        "a workflow's name is made of up to 63 lower-case letters, digits and hyphens",
      );
    const { plan, findings } = await this.planner.lint(text, `${name}.yaml`);
    if (!plan) throw invalid(findings);
    const row = await this.store.write(async (to) => {
      const latest = await to.workflows.get(caller.project, name);
      if (latest?.text === text) return latest;
      const next: WorkflowRow = {
        project: caller.project,
        name,
        version: (latest?.version ?? 0) + 1,
        text,
        description: plan.description ?? null,
        inputs: inputsOf(plan),
        outputs: plan.outputs.map((output) => output.name),
        createdAtMs: this.epochMs(),
      };
      await to.workflows.insert(next);
      return next;
    });
    return { ...workflowView(row), findings };
  }

  async list(caller: Caller, { limit = 50, cursor }: PageRequest): Promise<Page<WorkflowView>> {
    requireScope(caller, "workflows:read");
    requireWhole(caller);
    const after = cursor === undefined ? "" : fromCursor(cursor);
    const rows = await this.store.read((from) => from.workflows.list(caller.project, after, limit + 1));
    const items = rows.slice(0, limit).map(workflowView);
    const last = items.at(-1);
    return { items, ...(rows.length > limit && last && { next: toCursor(last.name) }) };
  }

  async get(caller: Caller, reference: string) {
    requireScope(caller, "workflows:read");
    const row = await this.#find(caller, reference);
    return { ...workflowView(row), text: row.text };
  }

  async versions(caller: Caller, name: string): Promise<readonly WorkflowView[]> {
    requireScope(caller, "workflows:read");
    requireWhole(caller);
    const rows = await this.store.read((from) => from.workflows.versions(caller.project, name));
    if (rows.length === 0) throw unknown(name);
    return rows.map(workflowView);
  }

  async delete(caller: Caller, reference: string): Promise<void> {
    requireScope(caller, "workflows:write");
    requireWhole(caller);
    const { name, version } = partsOf(reference);
    const gone = await this.store.write((to) => to.workflows.delete(caller.project, name, version));
    if (gone === 0) throw unknown(reference);
  }

  async lint(caller: Caller, text: string, name = "workflow.yaml"): Promise<readonly Finding[]> {
    requireScope(caller, "workflows:read");
    requireWhole(caller);
    return (await this.planner.lint(text, name)).findings;
  }

  async plan(caller: Caller, text: string, name = "workflow.yaml") {
    requireScope(caller, "workflows:read");
    requireWhole(caller);
    const { plan, findings } = await this.planner.lint(text, name);
    return { findings, ...(plan && { plan: planView(plan) }) };
  }

  /** The text that a request asks for. @throws EngineError WORKFLOW_NOT_FOUND; SCOPE_MISSING for a token made for another workflow. */
  async resolve(caller: Caller, wanted: StartRun["workflow"]): Promise<ResolvedWorkflow> {
    const only = caller.only && "workflow" in caller.only ? caller.only.workflow : undefined;
    if (caller.only && (only === undefined || typeof wanted !== "string"))
      throw new EngineError("SCOPE_MISSING", "the token does not start such runs");
    if (typeof wanted !== "string") return { text: wanted.text, name: wanted.name ?? "", version: null };
    const row = await this.#find(caller, wanted);
    return { text: row.text, name: row.name, version: row.version };
  }

  async #find(caller: Caller, reference: string): Promise<WorkflowRow> {
    const { name, version } = partsOf(reference);
    const row = await this.store.read((from) => from.workflows.get(caller.project, name, version));
    const only = caller.only && ("workflow" in caller.only ? caller.only.workflow : "");
    if (!row || (only !== undefined && only !== row.name && only !== `${row.name}@${row.version}`))
      throw unknown(reference);
    return row;
  }
}

function partsOf(reference: string): { name: string; version?: number } {
  const [name = "", version, ...more] = reference.split("@");
  if (version === undefined) return { name };
  if (more.length > 0 || !/^[1-9]\d{0,8}$/.test(version)) throw unknown(reference);
  return { name, version: Number(version) };
}

const unknown = (reference: string): EngineError =>
  new EngineError("WORKFLOW_NOT_FOUND", `no workflow is stored as ${reference.slice(0, 200)}`);

const workflowView = ({ name, version, description, createdAtMs, inputs, outputs }: WorkflowRow): WorkflowView => ({
  name,
  version,
  ...(description !== null && { description }),
  createdAtMs,
  inputs,
  outputs,
});

/** The workflow's own inputs. */
export const inputsOf = (plan: Plan): { name: string; kind: string }[] =>
  plan.nodes
    .filter((node) => node.id.startsWith(INPUT) && !node.inserted)
    .map((node) => {
      const [port] = Object.values(node.definition.outputs(node.config));
      return { name: node.id.slice(INPUT.length), kind: port?.kinds[0] ?? "audio" };
    });

const planView = ({ name, description, nodes, edges, outputs, limits }: Plan): PlanView => ({
  name,
  ...(description !== undefined && { description }),
  nodes: nodes.map(({ id, type, label, inserted }) => ({ id, type, inserted, ...(label !== undefined && { label }) })),
  edges,
  outputs,
  limits,
});
