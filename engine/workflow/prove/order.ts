import type { Finding } from "../finding.ts";
import type { DraftNode } from "../read/draft.ts";
import type { DraftEdge } from "./connect.ts";

export interface Ordered {
  /** Producers before consumers, otherwise as given; without the nodes of circles and what hangs behind them. */
  readonly nodes: readonly DraftNode[];
  readonly findings: readonly Finding[];
}

/** Puts nodes into plan order, and finds every circle. Linear but for the choice among nodes that are ready at once. */
export function orderNodes(nodes: readonly DraftNode[], edges: readonly DraftEdge[]): Ordered {
  const outgoing = Map.groupBy(edges, (edge) => edge.from);
  const waiting = new Map(nodes.map((node) => [node, 0]));
  for (const edge of edges) waiting.set(edge.to, waiting.get(edge.to)! + 1);
  const rank = new Map(nodes.map((node, index) => [node, index]));
  const ready = new Heap(nodes.flatMap((node, index) => (waiting.get(node) === 0 ? [index] : [])));
  const ordered: DraftNode[] = [];
  for (let next = ready.pop(); next !== undefined; next = ready.pop()) {
    const node = nodes[next]!;
    ordered.push(node);
    waiting.delete(node);
    for (const { to } of outgoing.get(node) ?? []) {
      const left = waiting.get(to)! - 1;
      waiting.set(to, left);
      if (left === 0) ready.push(rank.get(to)!);
    }
  }
  return { nodes: ordered, findings: findCircles(new Set(waiting.keys()), edges) };
}

/** One finding for each circle among the nodes that could not be ordered; nodes that only hang behind one are in none. */
function findCircles(left: ReadonlySet<DraftNode>, edges: readonly DraftEdge[]): Finding[] {
  const incoming = Map.groupBy(
    edges.filter((edge) => left.has(edge.from) && left.has(edge.to)),
    (edge) => edge.to,
  );
  const findings: Finding[] = [];
  const seen = new Set<DraftNode>();
  for (const start of left) {
    // every node that is left has a producer that is left, so walking back always runs into a circle
    const trail: DraftEdge[] = [];
    const onTrail = new Map<DraftNode, number>();
    let node = start;
    while (!seen.has(node)) {
      seen.add(node);
      onTrail.set(node, trail.length);
      const edge = incoming.get(node)![0]!;
      trail.push(edge);
      node = edge.from;
    }
    const begin = onTrail.get(node);
    if (begin !== undefined) findings.push(circleFinding(trail.slice(begin).reverse()));
  }
  return findings;
}

function circleFinding(circle: readonly DraftEdge[]): Finding {
  const [first, ...others] = circle;
  const words = others.map((edge) => `, which feeds ${edge.to.id}`).join("");
  const closing = circle.at(-1)!; // the edge that feeds the first of them
  return closing.place.yaml.finding(
    "GRAPH_CYCLE",
    closing.place.path,
    `${first!.from.id} feeds ${first!.to.id}${words}`,
  );
}

/** The smallest number first. */
class Heap {
  readonly #items: number[];

  /** @param sorted in rising order. */
  constructor(sorted: number[]) {
    this.#items = sorted;
  }

  push(item: number): void {
    const items = this.#items;
    let at = items.push(item) - 1;
    while (at > 0) {
      const parent = (at - 1) >> 1;
      if (items[parent]! <= items[at]!) break;
      [items[parent], items[at]] = [items[at]!, items[parent]!];
      at = parent;
    }
  }

  pop(): number | undefined {
    const items = this.#items;
    const top = items[0];
    const last = items.pop();
    if (items.length > 0 && last !== undefined) {
      items[0] = last;
      let at = 0;
      for (;;) {
        const left = 2 * at + 1;
        if (left >= items.length) break;
        const child = left + 1 < items.length && items[left + 1]! < items[left]! ? left + 1 : left;
        if (items[at]! <= items[child]!) break;
        [items[at], items[child]] = [items[child]!, items[at]!];
        at = child;
      }
    }
    return top;
  }
}
