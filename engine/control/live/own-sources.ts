import type { Clock } from "#engine/plugin";
import type { PlannedNode, PlannedOutput } from "#engine/workflow";
import type { LiveRun } from "./live-run.ts";
import { hiddenName } from "./safe-inputs.ts";

/** How often it is looked how far the sources of a run are that is to be drained again. */
const LOOK_MS = 20;

/** Sources that nobody outside feeds: files, and what else a workflow reads by itself. */
const ownSources = ({ options, tracks }: Pick<LiveRun, "options" | "tracks">): PlannedNode[] =>
  options.plan.nodes.filter(({ id, definition, config }) => {
    const isTrack = id.startsWith("inputs.") && tracks.has(id.slice("inputs.".length));
    return !isTrack && definition.role(config) === "source";
  });

export const hasOwnSources = (run: LiveRun): boolean => ownSources(run).length > 0;

const INPUTS = "inputs.";

/** Outputs at which the audio of inputs is heard that are read, and not sent. */
export function recordedSources(run: Pick<LiveRun, "options" | "tracks">): PlannedOutput[] {
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
export function ownSourcesOf(run: LiveRun): Record<string, number> {
  const anew = new Set(ownSources(run).flatMap((node) => (node.definition.realTime(node.config) ? [] : [node.id])));
  const accounts = run.run.nodeAccounts.filter(({ node }) => anew.has(node));
  return Object.fromEntries(accounts.map(({ node, out }) => [node, out.samples || out.frames]));
}

/** Drains a run that was asked to end its input in an earlier process: once its sources are as far as they were then. */
export function drainAgain(run: LiveRun, sources: Readonly<Record<string, number>>, clock: Clock): void {
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
