import { dirname, resolve } from "node:path";
import { z } from "zod";
import { EngineError } from "#engine/errors";
import type { FrameKind } from "#engine/frames";
import { readYaml } from "#engine/workflow";
import { type Caller, SCOPES } from "../api/access.ts";
import { invalid, outputsOf, type Planner } from "./planner.ts";
import { inputsOf, type ResolvedWorkflow, type WorkflowsService } from "./workflows-service.ts";

/** A workflow that the configuration names. */
export interface SourcedWorkflow extends ResolvedWorkflow {
  /** Of a file: the folder that it lies in. */
  readonly home?: string;
}

/** What is known of a workflow before it runs. */
export interface WorkflowFacts {
  readonly name: string;
  readonly params: readonly string[];
  /** `open`: it has no default, so that a run has to bind it. */
  readonly inputs: readonly { readonly name: string; readonly kind: FrameKind; readonly open: boolean }[];
  readonly outputs: readonly { readonly name: string; readonly kinds: readonly FrameKind[] }[];
}

const shape = z.looseObject({
  params: z.record(z.string(), z.unknown()).default({}),
  inputs: z.record(z.string(), z.looseObject({ default: z.unknown().optional() })).default({}),
});

const isFile = (reference: string): boolean => /\.ya?ml$/.test(reference);

/** The process itself as a caller: everything, in one project. */
export const ownCaller = (project: string): Caller => ({ project, scopes: new Set(SCOPES) });

/** Finds the workflows that `parlando.yaml` names: files, and stored ones. */
export class WorkflowSource {
  /** @param cwd absolute: what paths are relative to. */
  constructor(
    private readonly workflows: WorkflowsService,
    private readonly planner: Planner,
    private readonly cwd: string,
  ) {}

  /**
   * @param project whose stored workflows are meant.
   * @throws EngineError FILE_NOT_FOUND, WORKFLOW_NOT_FOUND.
   */
  async find(reference: string, project: string): Promise<SourcedWorkflow> {
    if (!isFile(reference)) return this.workflows.resolve(ownCaller(project), reference);
    const path = resolve(this.cwd, reference);
    const file = Bun.file(path);
    if (!(await file.exists())) throw new EngineError("FILE_NOT_FOUND", `${reference}: no such file`);
    return { text: await file.text(), name: "", version: null, home: dirname(path) };
  }

  /** @throws EngineError WORKFLOW_INVALID with `details.findings`. */
  async facts({ text, name, home }: SourcedWorkflow, reference: string): Promise<WorkflowFacts> {
    const { plan, findings } = await this.planner.lint(text, name || reference, home);
    if (!plan) throw invalid(findings);
    const { value } = readYaml(text, shape, reference);
    const declared = value?.inputs ?? {};
    return {
      name: plan.name,
      params: Object.keys(value?.params ?? {}),
      inputs: inputsOf(plan).map(({ name: input, kind }) => ({
        name: input,
        kind: kind as FrameKind,
        open: declared[input]?.default === undefined,
      })),
      outputs: outputsOf(plan).map(({ track, kinds }) => ({ name: track, kinds })),
    };
  }
}
