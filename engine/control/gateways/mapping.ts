import { EngineError } from "#engine/errors";
import type { FrameKind } from "#engine/frames";
import type { GatewayStream, MappedWorkflow } from "#engine/plugin";
import { type Finding, formatFinding } from "#engine/workflow";
import { requireLabels } from "../runs/check-request.ts";
import type { SourcedWorkflow, WorkflowFacts, WorkflowSource } from "../runs/workflow-source.ts";
import type { WorkflowUse } from "./config.ts";

/** A workflow behind a gateway, as it is now. */
export interface Mapped {
  readonly use: WorkflowUse;
  readonly sourced: SourcedWorkflow;
  readonly facts: WorkflowFacts;
}

/** Which workflow serves which kind of stream of one gateway. */
export class Mapping {
  #mapped: readonly Mapped[] = [];

  /**
   * @param where of the configuration, for messages: `gateways.nls`.
   * @param project whose stored workflows are meant.
   */
  constructor(
    private readonly where: string,
    private readonly uses: readonly WorkflowUse[],
    private readonly streams: readonly GatewayStream[] | undefined,
    private readonly source: WorkflowSource,
    private readonly project: string,
  ) {}

  /**
   * Reads all workflows and looks whether they can serve what the gateway is asked for.
   * @throws EngineError CONFIG_INVALID.
   */
  async load(): Promise<void> {
    if (this.uses.length === 0)
      throw new EngineError(
        "CONFIG_INVALID",
        `${this.where}.workflows: none is named, and no deployment names this gateway`,
      );
    this.#mapped = await Promise.all(this.uses.map((use, at) => this.#read(use, `${this.where}.workflows[${at}]`)));
    const kinds = new Map<FrameKind, string>();
    for (const { facts } of this.#mapped)
      for (const { kind } of offered(facts)) {
        const other = kinds.get(kind);
        if (other !== undefined)
          throw new EngineError(
            "CONFIG_INVALID",
            `${this.where}.workflows: ${other} and ${facts.name} both take ${kind}, so that nothing tells which of them a client means`,
          );
        kinds.set(kind, facts.name);
      }
  }

  /** All of them as one, for the gateway. */
  get workflow(): MappedWorkflow {
    const all = this.#mapped.map(({ facts }) => facts);
    return {
      name: all.map(({ name }) => name).join(", "),
      params: [...new Set(all.flatMap(({ params }) => params))],
      inputs: all.flatMap(offered),
      outputs: all.flatMap(({ outputs }) => outputs),
    };
  }

  /** Names of the streams that no workflow serves. */
  get unserved(): string[] {
    const served = ({ inputs, output }: GatewayStream) =>
      this.#mapped.some(
        ({ facts }) => offered(facts).some(({ kind }) => inputs.includes(kind)) && gives(facts, output),
      );
    return (this.streams ?? []).filter((stream) => !served(stream)).map(({ name }) => name);
  }

  /**
   * The workflow for what a client sends, and its input. A stored one is the latest version.
   * @throws EngineError CONFIG_INVALID where none takes it, WORKFLOW_NOT_FOUND, WORKFLOW_INVALID.
   */
  async for(kind: FrameKind): Promise<{ readonly mapped: Mapped; readonly input: string }> {
    const found = this.#mapped.find(({ facts }) => inputFor(facts, kind) !== undefined);
    const mapped = found && (await this.#current(found));
    const input = mapped && inputFor(mapped.facts, kind);
    if (mapped && input !== undefined) return { mapped, input };
    throw new EngineError("CONFIG_INVALID", `${this.where}: no workflow of its takes ${kind}, which the client sends`);
  }

  /** With the latest text of a stored workflow; a file stays as it was read. */
  async #current(mapped: Mapped): Promise<Mapped> {
    if (mapped.sourced.home !== undefined) return mapped;
    const { use } = mapped;
    const sourced = await this.source.find(use.workflow, this.project);
    if (sourced.version === mapped.sourced.version) return mapped;
    const fresh = { use, sourced, facts: await this.source.facts(sourced, use.workflow) };
    this.#mapped = this.#mapped.map((each) => (each.use === use ? fresh : each));
    return fresh;
  }

  async #read(use: WorkflowUse, where: string): Promise<Mapped> {
    requireLabels(use.labels);
    try {
      const sourced = await this.source.find(use.workflow, this.project);
      const facts = await this.source.facts(sourced, use.workflow);
      this.#check(facts, use, where);
      return { use, sourced, facts };
    } catch (error) {
      throw placed(error, where);
    }
  }

  #check(facts: WorkflowFacts, use: WorkflowUse, where: string): void {
    const unknown = Object.keys(use.params).find((name) => !facts.params.includes(name));
    if (unknown !== undefined)
      throw new EngineError("CONFIG_INVALID", `${where}.params.${unknown}: ${facts.name} has no such param`);
    const [input, ...others] = offered(facts);
    if (!input || others.length > 0)
      throw new EngineError(
        "CONFIG_INVALID",
        `${where}: ${facts.name} has ${others.length + (input ? 1 : 0)} inputs that a run has to bind, and a client sends one stream`,
      );
    const { streams } = this;
    if (!streams || streams.some(({ inputs, output }) => inputs.includes(input.kind) && gives(facts, output))) return;
    const wanted = streams.map(({ name, inputs, output }) => `${name}: ${inputs.join(" or ")} in, ${output} out`);
    const outputs = [...new Set(facts.outputs.flatMap(({ kinds }) => kinds))].join(", ") || "nothing";
    throw new EngineError(
      "CONFIG_INVALID",
      `${where}: ${facts.name} has ${input.kind} in and ${outputs} out, and serves none of this gateway's streams (${wanted.join("; ")})`,
    );
  }
}

/** Inputs that a client's stream may be bound to: those that a run has to bind; of a workflow with defaults for all, its only one. */
function offered({ inputs }: WorkflowFacts): WorkflowFacts["inputs"] {
  const open = inputs.filter((input) => input.open);
  return open.length === 0 && inputs.length === 1 ? inputs : open;
}

const gives = ({ outputs }: WorkflowFacts, kind: FrameKind): boolean =>
  outputs.some(({ kinds }) => kinds.includes(kind));

const inputFor = (facts: WorkflowFacts, kind: FrameKind): string | undefined =>
  offered(facts).find((input) => input.kind === kind)?.name;

/** Says where in the configuration what went wrong stands; of an invalid workflow the first finding. */
export function placed(error: unknown, where: string): unknown {
  if (!(error instanceof EngineError) || error.message.startsWith(where)) return error;
  const { findings } = error.details as { findings?: readonly Finding[] };
  const first = findings?.find(({ severity }) => severity === "error");
  return new EngineError("CONFIG_INVALID", `${where}: ${first ? formatFinding(first) : error.message}`, {
    cause: error,
  });
}
