import type { Finding } from "../finding.ts";
import type { PlannedBargeIn, PlannedEdge, PlannedNode } from "../plan.ts";
import type { DraftNode, Entry, FlushedName, Scope } from "../read/draft.ts";
import { didYouMean, suggest } from "../yaml/suggest.ts";
import { type Connections, type Endpoint, entryOf } from "./connect.ts";

/** What silences what, before conversions are put in. */
export interface DraftSilence {
  readonly when: readonly Endpoint[];
  readonly minMs: number;
  readonly flush: ReadonlySet<DraftNode>;
}

/** The barge-ins of a workflow and of all that it includes. */
export function findSilences(top: Scope, connections: Connections, findings: Finding[]): DraftSilence[] {
  const found: DraftSilence[] = [];
  const look = (scope: Scope): void => {
    const one = silenceOf(scope, connections, findings);
    if (one) found.push(one);
    for (const entry of scope.entries.values()) lookInto(entry);
  };
  const lookInto = (entry: Entry): void => {
    if (entry.kind === "include" && entry.scope) look(entry.scope);
    else if (entry.kind === "copies") for (const copy of entry.copies.values()) lookInto(copy);
  };
  look(top);
  return found;
}

function silenceOf(scope: Scope, connections: Connections, findings: Finding[]): DraftSilence | undefined {
  const { bargeIn, yaml } = scope;
  if (!bargeIn) return undefined;
  const when = bargeIn.when.flatMap((feed) => {
    const endpoints = connections.resolve(feed, scope).filter(({ port }) => port !== undefined);
    for (const { node, port } of endpoints)
      if (!node.outputs[port!]!.kinds.includes("speech")) {
        const message = `${node.id}.${port} gives no speech marks, so nobody could be heard to barge in`;
        findings.push(yaml.finding("BARGE_IN_UNFIT", feed.path, message));
      }
    return endpoints;
  });
  const flush = new Set<DraftNode>();
  for (const name of bargeIn.flush)
    for (const node of flushedNodes(name, scope, findings)) {
      flush.add(node);
      if (!when.some((endpoint) => endpoint.node === node)) continue;
      const message = `${node.id} hears who barges in, and cannot be flushed by it`;
      findings.push(yaml.finding("BARGE_IN_UNFIT", name.path, message));
    }
  return { when, minMs: bargeIn.minMs, flush };
}

function flushedNodes({ node: id, copy, path }: FlushedName, scope: Scope, findings: Finding[]): DraftNode[] {
  const entry = entryOf(id, scope);
  if (!entry) {
    const suggestion = suggest(id, scope.entries.keys());
    const message = `no node is named ${id}${didYouMean(suggestion)}`;
    findings.push(scope.yaml.finding("NODE_UNKNOWN", path, message, { write: suggestion }));
    return [];
  }
  if (copy === undefined) return nodesOf(entry);
  const chosen = entry.kind === "copies" ? entry.copies.get(copy) : undefined;
  if (chosen) return nodesOf(chosen);
  findings.push(scope.yaml.finding("NODE_UNKNOWN", path, `${id} has no copy ${copy}`));
  return [];
}

function nodesOf(entry: Entry): DraftNode[] {
  if (entry.kind === "node") return [entry.node];
  if (entry.kind === "copies") return [...entry.copies.values()].flatMap(nodesOf);
  return [...(entry.scope?.entries.values() ?? [])].flatMap(nodesOf);
}

/** As they run: a conversion between two flushed nodes is flushed with them. */
export function planBargeIns(
  silences: readonly DraftSilence[],
  nodes: readonly PlannedNode[],
  edges: readonly PlannedEdge[],
): PlannedBargeIn[] {
  return silences.map(({ when, minMs, flush: named }) => {
    const flush = new Set([...named].map((node) => node.id));
    for (const { id, inserted } of nodes) {
      const from = edges.some((edge) => edge.to.node === id && flush.has(edge.from.node));
      const to = edges.some((edge) => edge.from.node === id && flush.has(edge.to.node));
      if (inserted && from && to) flush.add(id);
    }
    return {
      when: when.map(({ node, port }) => ({ node: node.id, port: port! })),
      minMs,
      timed: when.every(({ node, port }) => !node.outputs[port!]!.kinds.includes("audio")),
      flush: nodes.filter((node) => flush.has(node.id)).map((node) => node.id),
    };
  });
}
