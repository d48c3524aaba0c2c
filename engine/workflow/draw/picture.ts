import type { FrameKind } from "#engine/plugin";
import type { Plan, PlannedBargeIn, PlannedEdge, PlannedNode } from "../plan.ts";
import { monoWidth, textWidth } from "./text-width.ts";
import { bargeInWords, formatWords, policyWords, queueWords, silencedWords, whereWords } from "./words.ts";

/** Sizes of letters and distances, in px. */
export const LOOK = { title: 15, type: 11.5, port: 12, note: 10.5, pad: 14, row: 32, headLine: 18, gap: 28 } as const;

/** One end of edges on a card: a line with what it is called, and one with what goes through. */
export interface PortRow {
  readonly key: string;
  readonly name: string;
  readonly note: string;
  readonly kind: FrameKind;
}

export type CardSort = "input" | "node" | "conversion" | "output";

/** A node as it is drawn: a head, then its inputs on the left and its outputs on the right. */
export interface Card {
  readonly id: string;
  readonly sort: CardSort;
  readonly title: string;
  /** Of an including workflow's nodes: where it stands. */
  readonly within?: string;
  readonly type: string;
  readonly policies: readonly string[];
  readonly left: readonly PortRow[];
  readonly right: readonly PortRow[];
  readonly width: number;
  readonly height: number;
  /** Of the first row's middle, from the top. */
  readonly rowsAt: number;
}

export interface Wire {
  readonly from: string;
  readonly fromRow: number;
  readonly to: string;
  readonly toRow: number;
  readonly kind: FrameKind;
  readonly direct: boolean;
  readonly toOutput: boolean;
  /** Nothing travels: an utterance here drops what the other has still to say. */
  readonly silences?: true;
  /** For those who point at it. */
  readonly words: string;
}

export interface Picture {
  readonly cards: readonly Card[];
  readonly wires: readonly Wire[];
}

/** What is to be drawn of a plan, without its places. */
export function pictureOf(plan: Plan): Picture {
  const into = Map.groupBy(plan.edges, (edge) => edge.to.node);
  const right = new Map(plan.nodes.map((node) => [node.id, rightRows(node, plan)]));
  const silencing = silencingIn(plan);
  const cards = plan.nodes.map((node) =>
    nodeCard(node, { edges: into.get(node.id) ?? [], right: right.get(node.id) ?? [], silencing, plan }),
  );
  const rowOf = (node: string, port: string) =>
    Math.max(
      0,
      (right.get(node) ?? []).findIndex(({ key }) => key === port),
    );
  const wires: Wire[] = [...into].flatMap(([to, edges]) =>
    edges.map((edge, toRow) => ({
      from: edge.from.node,
      fromRow: rowOf(edge.from.node, edge.from.port),
      to,
      toRow,
      kind: leading(edge.kinds),
      direct: edge.direct,
      toOutput: false,
      words: `${edge.id}: ${edge.kinds.join(", ")}; ${queueWords(edge)}`,
    })),
  );
  for (const { bargeIn, from, to } of silencing)
    wires.push({
      from: from.node,
      fromRow: rowOf(from.node, from.port),
      to,
      toRow:
        (into.get(to) ?? []).length +
        silencing.filter((each) => each.to === to).findIndex((each) => each.from === from),
      kind: "speech",
      direct: false,
      toOutput: false,
      silences: true,
      words: `${from.node}.${from.port} silences ${to} ${bargeInWords(bargeIn)}`,
    });
  const place = new Map(plan.nodes.map(({ id }, i) => [id, i]));
  for (const output of plan.outputs) {
    if (output.from.length === 0) continue;
    const { name } = output;
    // from top to bottom as on the cards that give them: nothing is merged here, so the order says nothing
    const from = output.from.toSorted(
      (a, b) => (place.get(a.node) ?? 0) - (place.get(b.node) ?? 0) || rowOf(a.node, a.port) - rowOf(b.node, b.port),
    );
    const id = `outputs.${name}`;
    const rows = from.map(({ node, port }): PortRow => {
      const row = right.get(node)?.[rowOf(node, port)];
      return { key: `${node}.${port}`, name: `${shortName(node)}.${port}`, note: "", kind: row?.kind ?? "data" };
    });
    cards.push(card({ id, sort: "output", title: name, type: "output", policies: [], left: rows, right: [] }));
    for (const [toRow, { node, port }] of from.entries())
      wires.push({
        from: node,
        fromRow: rowOf(node, port),
        to: id,
        toRow,
        kind: rows[toRow]!.kind,
        direct: false,
        toOutput: true,
        words: `${node}.${port} is the output ${name}`,
      });
  }
  return { cards, wires };
}

interface Silencing {
  readonly bargeIn: PlannedBargeIn;
  readonly from: { readonly node: string; readonly port: string };
  readonly to: string;
}

/** Barge-ins as wires, save those that would go back to where their marks come from: these stand on the card alone. */
function silencingIn({ bargeIns = [], edges }: Plan): Silencing[] {
  const behind = (node: string, seen = new Set<string>()): Set<string> => {
    for (const { from, to } of edges) if (from.node === node && !seen.has(to.node)) behind(to.node, seen.add(to.node));
    return seen;
  };
  return bargeIns.flatMap((bargeIn) =>
    bargeIn.flush.flatMap((to) => {
      const after = behind(to).add(to);
      return bargeIn.when.filter(({ node }) => !after.has(node)).map((from) => ({ bargeIn, from, to }));
    }),
  );
}

const shortName = (id: string): string => id.replace(/^.*\//, "").replace(/^inputs\./, "");

interface Around {
  readonly edges: readonly PlannedEdge[];
  readonly right: readonly PortRow[];
  readonly silencing: readonly Silencing[];
  readonly plan: Plan;
}

function nodeCard(node: PlannedNode, { edges, right, silencing, plan }: Around): Card {
  const silencers = silencing.filter(({ to }) => to === node.id);
  const input = /(?:^|\/)inputs\.[^/]+$/.test(node.id);
  const within = node.id.includes("/") ? node.id.slice(0, node.id.lastIndexOf("/")) : undefined;
  const left = [
    ...edges.map(
      (edge): PortRow => ({
        key: edge.id,
        name: edge.where ? `${edge.to.port} where ${whereWords(edge)}` : edge.to.port,
        note: queueWords(edge),
        kind: leading(edge.kinds),
      }),
    ),
    ...silencers.map(
      ({ bargeIn, from }): PortRow => ({
        key: `${from.node} silences`,
        name: "barge-in",
        note: bargeInWords(bargeIn),
        kind: "speech",
      }),
    ),
  ];
  return card({
    id: node.id,
    sort: node.inserted ? "conversion" : input ? "input" : "node",
    title: node.inserted ? "convert" : (node.label ?? shortName(node.id)),
    ...(within !== undefined && { within }),
    type: node.type === "inputs.unbound" ? "bound when it starts" : node.type,
    policies: node.inserted ? [] : [...policyWords(node), ...(silencers.length === 0 ? silencedWords(node, plan) : [])],
    left,
    right,
  });
}

/** The outputs that are used, in the order in which the node declares them. */
function rightRows(node: PlannedNode, plan: Plan): PortRow[] {
  const used = new Map<string, Set<FrameKind>>();
  const use = (port: string, kinds: readonly FrameKind[]) =>
    used.set(port, new Set([...(used.get(port) ?? []), ...kinds]));
  for (const edge of plan.edges) if (edge.from.node === node.id) use(edge.from.port, edge.kinds);
  const ports = node.definition.outputs(node.config);
  for (const output of plan.outputs)
    for (const { node: id, port } of output.from) if (id === node.id) use(port, ports[port]?.kinds ?? []);
  for (const { from } of silencingIn(plan))
    if (from.node === node.id && !used.has(from.port)) use(from.port, ["speech"]);
  const order = [...new Set([...Object.keys(ports), ...used.keys()])];
  return order.flatMap((port): PortRow[] => {
    const kinds = used.get(port);
    if (!kinds) return [];
    const { language } = ports[port] ?? {};
    const note = [
      ...(kinds.has("audio") ? [formatWords(node.outputFormats[port])] : [...kinds]),
      ...(language === undefined ? [] : [language]),
    ];
    return [{ key: port, name: port, note: note.join(", "), kind: leading([...kinds]) }];
  });
}

/** The kind that says most of what travels: audio before the marks that go with it. */
const leading = (kinds: readonly FrameKind[]): FrameKind =>
  (["audio", "encoded", "recording", "text", "speech", "data"] as const).find((kind) => kinds.includes(kind)) ?? "data";

function card(facts: Omit<Card, "width" | "height" | "rowsAt">): Card {
  const { title, within, type, policies, left, right, sort } = facts;
  const { pad, row, headLine, gap } = LOOK;
  const rowWidth = (rows: readonly PortRow[]) =>
    Math.max(0, ...rows.map(({ name, note }) => Math.max(textWidth(name, LOOK.port), textWidth(note, LOOK.note))));
  const heads = [
    textWidth(within === undefined ? title : `${within} / ${title}`, LOOK.title) * 1.06,
    monoWidth(type, LOOK.type),
    ...policies.map((words) => textWidth(words, LOOK.note) + 16),
  ];
  const [l, r] = [rowWidth(left), rowWidth(right)];
  const width = Math.max(...heads, l + r + (l > 0 && r > 0 ? gap : 0), 72) + 2 * pad;
  const head = pad + headLine + (sort === "output" ? 0 : headLine) + policies.length * 20 + 4;
  const rows = Math.max(left.length, right.length);
  return {
    ...facts,
    width: Math.ceil(width),
    height: head + rows * row + (rows > 0 ? 8 : 4),
    rowsAt: head + row / 2 + 2,
  };
}
