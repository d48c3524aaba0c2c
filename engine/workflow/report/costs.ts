import type { Plan, PlannedNode } from "../plan.ts";
import type { Price, Prices } from "./prices.ts";

export interface NodeCost {
  readonly node: string;
  readonly type: string;
  /** What stands before the dot of the type. */
  readonly vendor: string;
  /** For an hour of the run; undefined where the table has no price. */
  readonly perHour?: number;
  /** What it is made of: `0.5 h of audio × 1.2`. */
  readonly of: readonly string[];
  /** Takes over only when something fails, and is not counted. */
  readonly standby: boolean;
}

/** What an hour of the run costs at each node that has a price or reaches the network, in the table's currency. */
export function costsOf(plan: Plan, table: Prices): NodeCost[] {
  return plan.nodes.flatMap((node) =>
    (node.candidates ?? [node.type]).flatMap((type, i): NodeCost[] => {
      const price = Object.hasOwn(table.prices, type) ? table.prices[type] : undefined;
      if (!price && !(i === 0 && node.definition.effects?.includes("network"))) return [];
      const facts = { node: node.id, type, vendor: type.split(".")[0] ?? type, standby: i > 0 };
      if (!price) return [{ ...facts, of: ["no price in the table"] }];
      const parts = partsOf(price, node, plan, table);
      return [
        { ...facts, perHour: parts.reduce((sum, { cost }) => sum + cost, 0), of: parts.map(({ words }) => words) },
      ];
    }),
  );
}

interface Part {
  readonly cost: number;
  readonly words: string;
}

function partsOf(price: Price, node: PlannedNode, plan: Plan, { assume }: Prices): Part[] {
  const streams = Math.max(
    1,
    plan.edges.filter(({ to, kinds }) => to.node === node.id && kinds.includes("audio")).length,
  );
  const hours = streams * (hearsSpeechOnly(node, plan) ? assume.speech : 1);
  const sources = Math.max(
    1,
    plan.edges.filter(({ to, kinds }) => to.node === node.id && kinds.includes("text")).length,
  );
  const millions = (sources * assume.speech * assume.charactersPerHour) / 1e6;
  const thousands = (assume.speech * assume.utterancesPerHour) / 1e3;
  const part = (each: number | undefined, amount: number, unit: string): Part[] =>
    each === undefined ? [] : [{ cost: each * amount, words: `${short(amount)} ${unit} × ${short(each)}` }];
  return [
    ...part(price.audioHour, hours, "h of audio"),
    ...part(price.millionCharacters, millions, "million characters"),
    ...part(price.thousandRequests, thousands, "thousand requests"),
  ];
}

export const short = (value: number): string => String(Number(value.toPrecision(4)));

/** A detector stands before it on every way of its audio. */
function hearsSpeechOnly(node: PlannedNode, plan: Plan): boolean {
  const feeding = plan.edges.filter(({ to, kinds }) => to.node === node.id && kinds.includes("audio"));
  return (
    feeding.length > 0 &&
    feeding.every(({ from }) => {
      const before = plan.nodes.find(({ id }) => id === from.node);
      if (!before) return false;
      return before.definition.role(before.config) === "vad" || hearsSpeechOnly(before, plan);
    })
  );
}
