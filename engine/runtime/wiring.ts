import { fits, type Plan, type PlannedNode } from "#engine/workflow";
import type { BargeIn } from "./barge-in.ts";
import { type BatchGroups, BatchUnit } from "./batch-unit.ts";
import { Edge, type EdgeAccount } from "./edge.ts";
import { type Feed, Inlet } from "./inlet.ts";
import { InlineUnit } from "./inline-unit.ts";
import { Link, type Receiver } from "./link.ts";
import { TaskUnit } from "./task-unit.ts";
import { type Host, Unit } from "./unit.ts";

/** The units of a run in plan order, and every way between them. */
export class Wiring {
  constructor(
    readonly units: readonly Unit[],
    readonly links: readonly Link[],
  ) {}

  accounts(): EdgeAccount[] {
    return this.links.map(accountOf);
  }
}

/**
 * Builds units and edges from a plan and connects them.
 * @param firstToken the watchdog's for the first node; those of the others follow in plan order.
 * @param tap makes what listens at one of the workflow's own outputs.
 */
export function wire(
  plan: Plan,
  host: Host,
  firstToken: number,
  batches: BatchGroups,
  tap: (output: string, node: string) => Receiver,
  bargeIns: readonly BargeIn[],
): Wiring {
  const units = plan.nodes.map((node, index) => unitFor(node, index, host, firstToken + index, batches));
  const byId = new Map<string, Unit>(units.map((unit) => [unit.id, unit]));
  const unitOf = (id: string): Unit => {
    const unit = byId.get(id);
    if (!unit) throw new Error(`the plan names node ${id}, which it does not have`);
    return unit;
  };
  const feeds = new Map<Unit, Feed[]>(units.map((unit) => [unit, []]));
  const links: Link[] = [];
  for (const planned of plan.edges) {
    const to = unitOf(planned.to.node);
    const edge = planned.direct ? undefined : new Edge(planned.id, planned.buffer);
    if (edge) feeds.get(to)!.push({ edge, port: planned.to.port, order: planned.order, settled: false });
    to.addFeed(planned.to.port);
    const link = new Link(planned.id, planned.kinds, planned.textRoles, planned.to.port, to as Unit & Receiver, edge);
    const { where } = planned;
    if (where) link.refuse((frame) => (fits(frame, where) ? undefined : "where"));
    outlet(unitOf(planned.from.node), planned.from.port).push(link);
    links.push(link);
  }
  for (const output of plan.outputs)
    for (const { node, port } of output.from) {
      const unit = unitOf(node);
      const { kinds } = unit.planned.definition.outputs(unit.planned.config)[port]!;
      outlet(unit, port).push(new Link(output.name, kinds, undefined, port, tap(output.name, node), undefined));
    }
  for (const bargeIn of bargeIns) attach(bargeIn, units, unitOf);
  for (const unit of units) unit.wired(new Inlet(feeds.get(unit)!, unit), [...reachableEdges(unit)]);
  return new Wiring(units, links);
}

/** Lets a barge-in listen, and puts it on every way into and out of what it flushes. */
function attach(bargeIn: BargeIn, units: readonly Unit[], unitOf: (id: string) => Unit): void {
  for (const unit of units) {
    const flushed = bargeIn.flushes(unit);
    if (flushed) bargeIn.add(unit);
    for (const links of unit.outlets)
      for (const link of links)
        if (flushed || (link.receiver instanceof Unit && bargeIn.flushes(link.receiver))) bargeIn.guard(link);
  }
  for (const { node, port } of bargeIn.planned.when) {
    const link = new Link(
      `${node}.${port} -> bargeIn`,
      ["audio", "speech"],
      undefined,
      port,
      bargeIn.listener(node),
      undefined,
    );
    outlet(unitOf(node), port).push(link);
  }
}

function unitFor(node: PlannedNode, index: number, host: Host, token: number, batches: BatchGroups): Unit {
  if (node.definition.shape === "task") return new TaskUnit(node, index, host, token);
  if (!node.definition.batch) return new InlineUnit(node, index, host, token);
  const unit = new BatchUnit(node, index, host, token);
  unit.group = batches.of(node.definition);
  return unit;
}

function outlet(unit: Unit, port: string): Link[] {
  const links = unit.outlets[unit.ports.outputs.indexOf(port)];
  if (!links) throw new Error(`the plan names output ${unit.id}.${port}, which the node does not have`);
  return links;
}

/** Queued edges that can be full, through all direct links from a unit on. */
function reachableEdges(unit: Unit, found = new Set<Edge>()): Set<Edge> {
  for (const links of unit.outlets)
    for (const { edge, receiver } of links)
      if (!edge) {
        if (receiver instanceof InlineUnit) reachableEdges(receiver, found);
      } else if (edge.buffer.whenFull === "block" || edge.buffer.whenFull === "coalesce") found.add(edge);
  return found;
}

/** A direct link hands over what it gets in the same call: what went in has come out. */
function accountOf(link: Link): EdgeAccount {
  if (link.edge) return link.edge.account();
  const moved = { frames: link.moved, samples: link.movedSamples };
  const none = { frames: 0, samples: 0 };
  return { edge: link.id, in: moved, out: moved, dropped: {}, coalesced: none, inFlight: none };
}
