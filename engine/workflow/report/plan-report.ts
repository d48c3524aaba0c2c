import type { Delay } from "#engine/plugin";
import { formatWords, policyWords, queueWords, silencedWords, whereWords } from "../draw/words.ts";
import type { Plan, PlannedEdge, PlannedNode } from "../plan.ts";

/** What a plan comes to, in plain data: for people who want to know before they run it. */
export interface PlanReport {
  readonly name: string;
  /** Producers before consumers. */
  readonly order: readonly { readonly node: string; readonly type: string; readonly policies: readonly string[] }[];
  /** Nodes that run as one call, from the one that is called first. */
  readonly chains: readonly (readonly string[])[];
  readonly conversions: readonly { readonly node: string; readonly from: string; readonly to: string }[];
  readonly buffers: readonly { readonly edge: string; readonly holds: string }[];
  readonly latency: readonly PathLatency[];
}

/** One way from a source to an end of the workflow, and what is waited for on it. */
export interface PathLatency {
  readonly path: readonly string[];
  readonly delays: readonly (Delay & { readonly node: string })[];
  /** Nodes that wait for a service or a program: how long depends on it. */
  readonly outside: readonly string[];
  /** What queues may hold at most, in ms of audio; reached only where a consumer falls behind. */
  readonly queuedMs: number;
  /** All delays together. */
  readonly ms: number;
}

export function reportPlan(plan: Plan): PlanReport {
  const ways = new Ways(plan);
  return {
    name: plan.name,
    order: plan.nodes.map((node) => ({
      node: node.id,
      type: node.type,
      policies: [...policyWords(node), ...silencedWords(node, plan)],
    })),
    chains: chainsOf(plan),
    conversions: plan.nodes.flatMap((node) => {
      if (!node.inserted) return [];
      const [from] = Object.values(node.formats);
      const [to] = Object.values(node.outputFormats);
      return [{ node: node.id, from: formatWords(from), to: formatWords(to) }];
    }),
    buffers: plan.edges
      .filter(({ direct }) => !direct)
      .map((edge) => ({
        edge: edge.id,
        holds: `${edge.where ? `where ${whereWords(edge)}; ` : ""}${queueWords(edge)}`,
      })),
    latency: endsOf(plan).map((id) => ways.to(id)),
  };
}

function chainsOf({ nodes, edges }: Plan): string[][] {
  const chain = new Map<string, string[]>();
  for (const { from, to, direct } of edges) {
    if (!direct) continue;
    const joined = [...new Set([...(chain.get(from.node) ?? [from.node]), ...(chain.get(to.node) ?? [to.node])])];
    for (const id of joined) chain.set(id, joined);
  }
  const order = new Map(nodes.map(({ id }, i) => [id, i]));
  return [...new Set(chain.values())].map((ids) => ids.toSorted((a, b) => (order.get(a) ?? 0) - (order.get(b) ?? 0)));
}

/** What feeds an output, and nodes that feed nothing. */
function endsOf({ nodes, edges, outputs }: Plan): string[] {
  const feeding = new Set(edges.map(({ from }) => from.node));
  const given = outputs.flatMap(({ from }) => from.map(({ node }) => node));
  return nodes.map(({ id }) => id).filter((id) => !feeding.has(id) || given.includes(id));
}

/** The slowest ways to nodes, by what those on them are known to wait for. */
class Ways {
  readonly #nodes: ReadonlyMap<string, PlannedNode>;
  readonly #into: ReadonlyMap<string, readonly PlannedEdge[]>;
  readonly #known = new Map<string, PathLatency>();

  constructor(plan: Plan) {
    this.#nodes = new Map(plan.nodes.map((node) => [node.id, node]));
    this.#into = Map.groupBy(plan.edges, ({ to }) => to.node);
  }

  /** @param partial what goes on from the node is partial texts, which wait for no final. */
  to(id: string, partial = false): PathLatency {
    const key = `${id} ${partial}`;
    const known = this.#known.get(key) ?? this.#find(id, partial);
    this.#known.set(key, known);
    return known;
  }

  #find(id: string, partial: boolean): PathLatency {
    const node = this.#nodes.get(id);
    const own = (node?.definition.delays?.(node.config) ?? [])
      .filter(({ finalsOnly }) => !(partial && finalsOnly))
      .map((delay) => ({ ...delay, node: id }));
    const effects = node?.definition.effects ?? [];
    const outside = effects.includes("network") || effects.includes("program") ? [id] : [];
    const [before] = (this.#into.get(id) ?? [])
      .map((edge) => this.#through(edge, partial))
      .sort((a, b) => b.ms - a.ms || b.outside.length - a.outside.length || b.path.length - a.path.length);
    return {
      path: [...(before?.path ?? []), id],
      delays: [...(before?.delays ?? []), ...own],
      outside: [...(before?.outside ?? []), ...outside],
      queuedMs: before?.queuedMs ?? 0,
      ms: own.reduce((sum, { ms }) => sum + ms, before?.ms ?? 0),
    };
  }

  #through({ from, direct, kinds, buffer }: PlannedEdge, partial: boolean): PathLatency {
    const node = this.#nodes.get(from.node);
    const partials = node?.definition.outputs(node.config)[from.port]?.carries?.includes("partials") ?? false;
    const way = this.to(from.node, partial || partials);
    return { ...way, queuedMs: way.queuedMs + (direct || !kinds.includes("audio") ? 0 : buffer.ms) };
  }
}
