import type { Clock } from "#engine/plugin";
import type { Run } from "#engine/runtime";
import type { Plan, PlannedNode, PlannedOutput } from "#engine/workflow";
import { hiddenName } from "./safe-inputs.ts";

/** How often it is looked how far the sources of a run are that is to be drained again. */
const LOOK_MS = 20;

interface WithInputs {
  readonly options: { readonly plan: Plan };
  /** Live inputs by name. */
  readonly tracks: ReadonlyMap<string, unknown>;
}

interface WithSources extends WithInputs {
  readonly run: Pick<Run, "nodeAccounts">;
  readonly ended: Promise<unknown>;
  drain(): Promise<void>;
}

/** Sources that nobody outside feeds: files, and what else a workflow reads by itself. */
const ownSources = ({ options, tracks }: WithInputs): PlannedNode[] =>
  options.plan.nodes.filter(({ id, definition, config }) => {
    const isTrack = id.startsWith("inputs.") && tracks.has(id.slice("inputs.".length));
    return !isTrack && definition.role(config) === "source";
  });

export const hasOwnSources = (run: WithInputs): boolean => ownSources(run).length > 0;

const INPUTS = "inputs.";

/** Outputs at which the audio of inputs is heard that are read, and not sent. */
export function recordedSources(run: WithInputs): PlannedOutput[] {
  return ownSources(run).flatMap(({ id, definition, config }) => {
    const ports = Object.entries(definition.outputs(config));
    const port = id.startsWith(INPUTS) && ports.find(([, { kinds }]) => kinds.includes("audio"))?.[0];
    return port ? [{ name: hiddenName(id), from: [{ node: id, port }] }] : [];
  });
}

/** The input that is heard at such an output. */
export const recordedInput = (output: string): string | undefined =>
  output.startsWith(hiddenName(INPUTS)) ? output.slice(hiddenName(INPUTS).length) : undefined;

/** How far those have come that begin anew in another process, such as files; what goes by real time is elsewhere by then. */
export function ownSourcesOf(run: Pick<WithSources, "options" | "tracks" | "run">): Record<string, number> {
  const anew = new Set(ownSources(run).flatMap((node) => (node.definition.realTime(node.config) ? [] : [node.id])));
  const accounts = run.run.nodeAccounts.filter(({ node }) => anew.has(node));
  return Object.fromEntries(accounts.map(({ node, out }) => [node, out.samples || out.frames]));
}

/** Drains a run that was asked to end its input in an earlier process: once its sources are as far as they were then. */
export function drainAgain(run: WithSources, sources: Readonly<Record<string, number>>, clock: Clock): void {
  if (!hasOwnSources(run)) return;
  let callOff: () => void = () => {};
  const look = () => {
    const now = ownSourcesOf(run);
    const behind = Object.entries(sources).some(([node, position]) => (now[node] ?? position) < position);
    if (behind) callOff = clock.after(LOOK_MS, look);
    else void run.drain();
  };
  look();
  void run.ended.then(() => callOff());
}
