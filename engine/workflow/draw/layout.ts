import { type Card, LOOK, type Picture, type Wire } from "./picture.ts";

export interface Point {
  readonly x: number;
  readonly y: number;
}

export interface Placed {
  readonly cards: ReadonlyMap<Card, Point>;
  /** Where each wire passes: its beginning, what it goes through between layers, its end. */
  readonly wires: ReadonlyMap<Wire, readonly Point[]>;
  readonly width: number;
  readonly height: number;
}

/** Distances between cards below each other, between layers, and for a wire that passes between cards, in px. */
const BELOW = 34;
const BESIDE = 76;
const PASSING = 18;
const SWEEPS = 12;

/** A card, or the place where a wire passes a layer on its way. */
interface Item {
  readonly layer: number;
  readonly height: number;
  readonly width: number;
  readonly card?: Card;
  /** The wires' ends: the other item, and how far below the own and the other top they are. */
  readonly links: { readonly to: Item; readonly at: number; readonly toAt: number }[];
  y: number;
}

/**
 * Places cards in layers from left to right so that wires are short and seldom cross: longest paths, then orders by the mean of the
 * neighbours, then heights that draw wires straight (Sugiyama, Tagawa and Toda's scheme, with isotonic regression for the heights).
 */
export function layOut({ cards, wires }: Picture): Placed {
  const layers = layersOf(cards, wires);
  const items = new Map(cards.map((card): [string, Item] => [card.id, cardItem(card, layers.get(card.id) ?? 0)]));
  const columns = Array.from({ length: Math.max(0, ...layers.values()) + 1 }, (): Item[] => []);
  for (const item of items.values()) columns[item.layer]!.push(item);
  const paths = new Map(wires.map((wire) => [wire, route(wire, items, columns)]));
  order(columns);
  place(columns);
  const lefts = leftsOf(columns);
  const top = Math.min(...columns.flat().map(({ y }) => y));
  const point = (item: Item): Point => ({ x: lefts[item.layer] ?? 0, y: item.y - top });
  const all = columns.flat();
  return {
    cards: new Map([...items.values()].map((item) => [item.card!, point(item)])),
    wires: new Map([...paths].map(([wire, path]) => [wire, pointsOf(wire, path, point, columns)])),
    width: Math.max(...all.map((item) => point(item).x + item.width)),
    height: Math.max(...all.map((item) => point(item).y + item.height)),
  };
}

const cardItem = (card: Card, layer: number): Item => ({
  layer,
  height: card.height,
  width: card.width,
  card,
  links: [],
  y: 0,
});

/** The longest way from a source to each card; what starts late stands right before what it feeds. */
function layersOf(cards: readonly Card[], wires: readonly Wire[]): Map<string, number> {
  const layers = new Map(cards.map(({ id }) => [id, 0]));
  const of = (id: string) => layers.get(id) ?? 0;
  for (const { id } of cards)
    for (const wire of wires) if (wire.to === id) layers.set(id, Math.max(of(id), of(wire.from) + 1));
  for (const { id } of [...cards].reverse()) {
    const fed = wires.filter((wire) => wire.from === id);
    const isSource = !wires.some((wire) => wire.to === id);
    if (isSource && fed.length > 0) layers.set(id, Math.min(...fed.map((wire) => of(wire.to))) - 1);
  }
  return layers;
}

const portAt = (card: Card, row: number): number => card.rowsAt + row * LOOK.row;

/** The items that a wire goes through, linked one to the next. */
function route(wire: Wire, items: ReadonlyMap<string, Item>, columns: Item[][]): Item[] {
  const from = items.get(wire.from)!;
  const to = items.get(wire.to)!;
  const path = [from];
  for (let layer = from.layer + 1; layer < to.layer; layer++) {
    const passing: Item = { layer, height: PASSING, width: 0, links: [], y: 0 };
    columns[layer]!.push(passing);
    path.push(passing);
  }
  path.push(to);
  for (const [i, item] of path.slice(0, -1).entries()) {
    const next = path[i + 1]!;
    const at = item === from ? portAt(from.card!, wire.fromRow) : PASSING / 2;
    const toAt = next === to ? portAt(to.card!, wire.toRow) : PASSING / 2;
    item.links.push({ to: next, at, toAt });
    next.links.push({ to: item, at: toAt, toAt: at });
  }
  return path;
}

/** Sorts each layer by where its neighbours stand, there and back, and keeps the order with the fewest crossings. */
function order(columns: Item[][]): void {
  const rank = new Map<Item, number>();
  const number = () => {
    for (const column of columns) for (const [i, item] of column.entries()) rank.set(item, i);
  };
  number();
  let best = columns.map((column) => [...column]);
  let fewest = crossings(columns, rank);
  for (let sweep = 0; sweep < SWEEPS; sweep++) {
    const back = sweep % 2 === 1;
    for (const column of back ? columns.toReversed() : columns) {
      const mean = new Map(column.map((item) => [item, meanRank(item, back ? 1 : -1, rank)]));
      column.sort((a, b) => mean.get(a)! - mean.get(b)!);
      for (const [i, item] of column.entries()) rank.set(item, i);
    }
    const found = crossings(columns, rank);
    if (found >= fewest) continue;
    fewest = found;
    best = columns.map((column) => [...column]);
  }
  for (const [i, column] of best.entries()) columns[i] = column;
}

/** Of the neighbours on one side, ports counted as a fraction; its own place where it has none. */
function meanRank(item: Item, side: 1 | -1, rank: ReadonlyMap<Item, number>): number {
  const near = item.links.filter(({ to }) => to.layer === item.layer + side);
  if (near.length === 0) return rank.get(item)!;
  return near.reduce((sum, { to, toAt }) => sum + rank.get(to)! + toAt / (to.height + 1), 0) / near.length;
}

function crossings(columns: readonly Item[][], rank: ReadonlyMap<Item, number>): number {
  let count = 0;
  for (const column of columns) {
    const links = column.flatMap((item) =>
      item.links
        .filter(({ to }) => to.layer === item.layer + 1)
        .map(({ to, at, toAt }) => [rank.get(item)! + at / 1e4, rank.get(to)! + toAt / 1e4] as const),
    );
    for (const [i, a] of links.entries())
      for (const b of links.slice(i + 1)) if ((a[0] - b[0]) * (a[1] - b[1]) < 0) count++;
  }
  return count;
}

/** Moves each layer to where its wires would be straight, as far as its order and distances allow; there and back until it rests. */
function place(columns: readonly Item[][]): void {
  for (const column of columns) {
    let y = 0;
    for (const item of column) {
      item.y = y;
      y += item.height + BELOW;
    }
  }
  for (let sweep = 0; sweep < 2 * SWEEPS; sweep++) {
    const back = sweep % 2 === 1;
    const both = sweep >= SWEEPS;
    for (const column of back ? columns.toReversed() : columns) {
      const wanted = column.map((item) => {
        const near = item.links.filter(({ to }) => both || to.layer === item.layer + (back ? 1 : -1));
        if (near.length === 0) return item.y;
        return near.reduce((sum, { to, at, toAt }) => sum + to.y + toAt - at, 0) / near.length;
      });
      settle(column, wanted);
    }
  }
}

/** The heights nearest to those that are wanted, in the order given and without overlap: pooled adjacent violators. */
function settle(column: readonly Item[], wanted: readonly number[]): void {
  let above = 0;
  const pools: { sum: number; items: Item[]; offsets: number[] }[] = [];
  for (const [i, item] of column.entries()) {
    pools.push({ sum: wanted[i]! - above, items: [item], offsets: [above] });
    above += item.height + (item.card ? BELOW : PASSING);
    for (let last = pools.at(-1)!; pools.length > 1; last = pools.at(-1)!) {
      const before = pools.at(-2)!;
      if (before.sum / before.items.length <= last.sum / last.items.length) break;
      pools.splice(-2, 2, {
        sum: before.sum + last.sum,
        items: [...before.items, ...last.items],
        offsets: [...before.offsets, ...last.offsets],
      });
    }
  }
  for (const { sum, items, offsets } of pools)
    for (const [i, item] of items.entries()) item.y = sum / items.length + offsets[i]!;
}

const widthOf = (column: readonly Item[]): number => Math.max(0, ...column.map(({ width }) => width));

function leftsOf(columns: readonly Item[][]): number[] {
  let x = 0;
  return columns.map((column) => {
    const left = x;
    x += widthOf(column) + BESIDE;
    return left;
  });
}

function pointsOf(
  wire: Wire,
  path: readonly Item[],
  point: (item: Item) => Point,
  columns: readonly Item[][],
): Point[] {
  const [from, to] = [path[0]!, path.at(-1)!];
  const start = point(from);
  const end = point(to);
  const between = path.slice(1, -1).flatMap((item) => {
    const { x, y } = point(item);
    return [
      { x: x - 8, y: y + PASSING / 2 },
      { x: x + widthOf(columns[item.layer]!) + 8, y: y + PASSING / 2 },
    ];
  });
  return [
    { x: start.x + from.width, y: start.y + portAt(from.card!, wire.fromRow) },
    ...between,
    { x: end.x, y: end.y + portAt(to.card!, wire.toRow) },
  ];
}
