import type { Caller, StartRun, Workflows } from "#engine/control";
import { EngineError } from "#engine/errors";

/** A workflow that comes with the server, for those who have none yet. */
export interface Example {
  readonly name: string;
  /** YAML. */
  readonly text: string;
  /** The one that whoever tries it speaks or writes into. */
  readonly input: { readonly name: string; readonly kind: "audio" | "text" };
}

export interface Chosen {
  readonly workflow: StartRun["workflow"];
  /** The input that the call feeds. */
  readonly input: string;
}

interface Wanted {
  /** A stored workflow; the example of that name where left out. */
  readonly workflow?: string;
  readonly input?: string;
  readonly kinds: readonly string[];
  readonly example: string;
}

/**
 * The workflow of a call that takes one thing in, and the input for it.
 * @throws EngineError WORKFLOW_NOT_FOUND, INPUT_UNKNOWN.
 */
export async function chooseWorkflow(
  workflows: Workflows,
  caller: Caller,
  examples: readonly Example[],
  wanted: Wanted,
): Promise<Chosen> {
  if (wanted.workflow !== undefined) {
    const { inputs } = await workflows.get(caller, wanted.workflow);
    return { workflow: wanted.workflow, input: theInput(inputs, wanted) };
  }
  const example = examples.find(({ name }) => name === wanted.example);
  if (!example)
    throw new EngineError("WORKFLOW_NOT_FOUND", `this server has no ${wanted.example} of its own; name a workflow`);
  return { workflow: { text: example.text, name: example.name }, input: theInput([example.input], wanted) };
}

function theInput(inputs: readonly { readonly name: string; readonly kind: string }[], wanted: Wanted): string {
  const kinds = wanted.kinds.join(" or ");
  const fitting = inputs.filter(({ kind }) => wanted.kinds.includes(kind));
  if (wanted.input !== undefined) {
    if (fitting.some(({ name }) => name === wanted.input)) return wanted.input;
    throw new EngineError("INPUT_UNKNOWN", `the workflow has no input of that name for ${kinds}`);
  }
  if (fitting.length === 1) return fitting[0]!.name;
  const names = fitting.map(({ name }) => name).join(", ");
  throw new EngineError(
    "INPUT_UNKNOWN",
    fitting.length === 0
      ? `the workflow has no input for ${kinds}`
      : `the workflow has several inputs for ${kinds}: name one of ${names}`,
  );
}

/**
 * `param=NAME:VALUE` of a query, as texts: the workflow says what type each has, and reads it out of the text.
 * @throws EngineError REQUEST_INVALID.
 */
export function queryParams(values: readonly string[]): Record<string, string> {
  const params = new Map<string, string>();
  for (const item of values) {
    const at = item.indexOf(":");
    if (at < 1) throw new EngineError("REQUEST_INVALID", "a param is given as param=NAME:VALUE");
    const name = item.slice(0, at);
    if (params.has(name)) throw new EngineError("REQUEST_INVALID", `the param ${name} is given twice`);
    params.set(name, item.slice(at + 1));
  }
  return Object.fromEntries(params);
}
