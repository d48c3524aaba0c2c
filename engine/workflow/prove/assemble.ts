import {
  type Conversion,
  defaultPort,
  EngineError,
  type FrameKind,
  type NodeDefinition,
  type NodeTypes,
} from "#engine/plugin";
import type { Finding } from "../finding.ts";
import type { EdgeBuffer, PlannedBargeIn, PlannedEdge, PlannedNode } from "../plan.ts";
import { type DraftNode, type EdgeOptions, understood } from "../read/draft.ts";
import {
  commonLimits,
  conversionNeeded,
  formatWords,
  type KnownAudio,
  type Needed,
  outputAudio,
  wholeFormat,
  wholeSamples,
} from "./audio.ts";
import { type DraftSilence, planBargeIns } from "./barge-ins.ts";
import type { Connections, DraftEdge } from "./connect.ts";
import { checkFallbacks, lower } from "./fallbacks.ts";

export interface Assembled {
  readonly nodes: readonly PlannedNode[];
  readonly edges: readonly PlannedEdge[];
  readonly bargeIns?: readonly PlannedBargeIn[];
}

/**
 * Carries audio formats from sources to sinks, puts conversions where they are needed, and makes the nodes and edges that run.
 * @param ordered producers before consumers.
 */
export function assemble(
  ordered: readonly DraftNode[],
  connections: Connections,
  types: NodeTypes,
  findings: Finding[],
  silences: readonly DraftSilence[],
): Assembled {
  const { nodes, edges } = new Assembler(connections, types, findings).assemble(ordered);
  const bargeIns = planBargeIns(silences, nodes, edges);
  if (bargeIns.length === 0) return { nodes, edges };
  const flushed = new Set(bargeIns.flatMap(({ flush }) => flush));
  // what is dropped there has to be counted, and only a queue counts
  const queued = edges.map((edge) =>
    flushed.has(edge.from.node) || flushed.has(edge.to.node) ? { ...edge, direct: false } : edge,
  );
  return { nodes, edges: queued, bargeIns };
}

/** An edge that is not finished: a shared conversion still learns what kinds its consumers want. */
interface OpenEdge extends Omit<PlannedEdge, "id" | "kinds" | "buffer" | "direct" | "order"> {
  readonly kinds: Set<FrameKind>;
  readonly options: EdgeOptions;
  /** Its audio comes whether or not there is room. */
  readonly live: boolean;
}

interface Inserted {
  readonly id: string;
  readonly port: { readonly in: string; readonly out: string };
  readonly feed: OpenEdge;
  readonly takes: ReadonlySet<FrameKind>;
  readonly result: KnownAudio;
}

class Assembler {
  readonly #nodes: PlannedNode[] = [];
  readonly #edges: OpenEdge[] = [];
  readonly #incoming: Map<DraftNode, DraftEdge[]>;
  readonly #outgoing: Map<DraftNode, DraftEdge[]>;
  /** By node, what goes out of each port. */
  readonly #given = new Map<DraftNode, ReadonlyMap<string, KnownAudio>>();
  readonly #live = new Set<DraftNode>();
  readonly #inserted = new Map<string, Inserted>();
  readonly #insertedAfter = new Map<DraftNode, number>();

  constructor(
    readonly connections: Connections,
    readonly types: NodeTypes,
    readonly findings: Finding[],
  ) {
    this.#incoming = Map.groupBy(connections.edges, (edge) => edge.to);
    this.#outgoing = Map.groupBy(connections.edges, (edge) => edge.from);
  }

  assemble(ordered: readonly DraftNode[]): Assembled {
    for (const node of ordered) if (understood(node)) this.#addNode(node);
    const counts = new Map<string, number>();
    for (const { to } of this.#edges) counts.set(to.node, (counts.get(to.node) ?? 0) + 1);
    const callable = new Set(this.#nodes.flatMap(({ id, definition }) => (isCallable(definition) ? [id] : [])));
    const edges = this.#edges.map(({ kinds, options, live, ...edge }): PlannedEdge => {
      const inline = callable.has(edge.to.node) && counts.get(edge.to.node) === 1;
      const where = options.where?.map(({ test }) => test);
      return {
        id: `${edge.from.node}.${edge.from.port} -> ${edge.to.node}.${edge.to.port}`,
        ...edge,
        kinds: [...kinds],
        buffer: bufferOf(options, live),
        ...(where && { where }),
        order: options.order ?? "time",
        direct: inline && options.buffer === undefined && where === undefined,
      };
    });
    return { nodes: this.#nodes, edges: this.#grouped(edges) };
  }

  /** By consumer in plan order; a shared conversion's own edge came with its first consumer and stays in its place. */
  #grouped(edges: readonly PlannedEdge[]): PlannedEdge[] {
    const into = Map.groupBy(edges, (edge) => edge.to.node);
    return this.#nodes.flatMap((node) => into.get(node.id) ?? []);
  }

  #addNode(node: DraftNode): void {
    const into = this.#incoming.get(node) ?? [];
    this.findings.push(...checkFallbacks(node, into, this.#usedOutputs(node)));
    const received = new Map<string, KnownAudio>();
    for (const edge of into) {
      const known = this.#addEdge(edge);
      if (known) received.set(edge.toPort, known);
    }
    const given = new Map<string, KnownAudio>();
    for (const port of Object.keys(node.outputs)) {
      const known = outputAudio(node, port, received);
      if (known) given.set(port, known);
    }
    this.#given.set(node, given);
    const first = node.candidates[0]!;
    const passesLive =
      first.definition.passes && into.some((edge) => edge.kinds.includes("audio") && this.#live.has(edge.from));
    if (first.realTime || passesLive) this.#live.add(node);
    const place = node.yaml.place(node.yaml.range([...node.path, "use"]).offset);
    this.#nodes.push({
      id: node.id,
      type: node.type,
      ...(node.label !== undefined && { label: node.label }),
      ...(node.candidates.length > 1 && { candidates: node.candidates.map((each) => each.definition.type) }),
      ...(first.attempts > 1 && { attempts: first.attempts }),
      ...(first.gate && { gate: first.gate.mode }),
      ...this.#lowered(node),
      formats: formatsOf(Object.keys(node.inputs), received),
      outputFormats: formatsOf(Object.keys(node.outputs), given),
      onFailure: node.onFailure,
      ...(node.openMs !== undefined && { openMs: node.openMs }),
      inserted: false,
      place,
    });
  }

  #lowered(node: DraftNode): { readonly definition: NodeDefinition; readonly config: unknown } {
    const { definition, config } = node.candidates[0]!;
    try {
      const lowered = lower(node);
      return { definition: lowered.definition, config: lowered.config };
    } catch (error) {
      if (!(error instanceof EngineError)) throw error;
      this.findings.push(node.yaml.finding("FALLBACK_UNFIT", [...node.path, "use"], error.message));
      return { definition, config };
    }
  }

  #usedOutputs(node: DraftNode): Map<string, Set<FrameKind>> {
    const used = new Map<string, Set<FrameKind>>();
    const use = (port: string, kinds: readonly FrameKind[]) =>
      used.set(port, new Set([...(used.get(port) ?? []), ...kinds]));
    for (const edge of this.#outgoing.get(node) ?? []) use(edge.fromPort, edge.kinds);
    for (const endpoints of this.connections.outputs.values())
      for (const { node: from, port } of endpoints)
        if (from === node && port !== undefined) use(port, node.outputs[port]!.kinds);
    return used;
  }

  /** Adds an edge with the conversion it needs; returns what arrives of audio. */
  #addEdge(edge: DraftEdge): KnownAudio | undefined {
    const from = { node: edge.from.id, port: edge.fromPort };
    const to = { node: edge.to.id, port: edge.toPort };
    const live = this.#live.has(edge.from) && edge.kinds.includes("audio");
    const open: OpenEdge = {
      from,
      to,
      kinds: new Set(edge.kinds),
      ...(edge.textRoles && { textRoles: edge.textRoles }),
      options: edge.options,
      live,
    };
    if (!edge.kinds.includes("audio")) {
      this.#edges.push(open);
      return undefined;
    }
    const known = this.#given.get(edge.from)?.get(edge.fromPort) ?? {};
    const needed = this.#neededFor(edge, known);
    const inserted = needed && this.#insert(edge, known, needed, live);
    if (!inserted) {
      this.#edges.push(open);
      return known;
    }
    const through = edge.kinds.filter((kind) => inserted.takes.has(kind));
    const past = edge.kinds.filter((kind) => !inserted.takes.has(kind));
    for (const kind of through) inserted.feed.kinds.add(kind);
    this.#edges.push({ ...open, from: { node: inserted.id, port: inserted.port.out }, kinds: new Set(through) });
    // what a conversion does not take goes beside it
    if (past.length > 0) this.#edges.push({ ...open, kinds: new Set(past), live: false });
    return inserted.result;
  }

  #neededFor(edge: DraftEdge, known: KnownAudio): Needed | undefined {
    const { channel } = edge.options;
    if (channel !== undefined && known.channels !== undefined && channel >= known.channels) {
      const message = `channel ${channel} of ${edge.from.id}.${edge.fromPort}, which has ${known.channels}; the first is 0`;
      this.findings.push(edge.place.yaml.finding("CHANNEL_UNKNOWN", edge.place.path, message));
      return undefined;
    }
    const inputs = edge.to.candidates.flatMap((candidate) =>
      Object.hasOwn(candidate.inputs, edge.toPort) ? [candidate.inputs[edge.toPort]!] : [],
    );
    // candidates that have nothing in common were told of; the first one's limits go on
    const limits = commonLimits(inputs) ?? edge.to.inputs[edge.toPort]!.audio ?? {};
    return conversionNeeded(known, limits, channel);
  }

  #insert(edge: DraftEdge, known: KnownAudio, needed: Needed, live: boolean): Inserted | undefined {
    const key = `${edge.from.id}.${edge.fromPort} ${JSON.stringify(needed.wanted)}`;
    const shared = this.#inserted.get(key);
    if (shared) return shared;
    const lengths =
      known.frameMs === undefined && needed.result.frameMs !== undefined && known.sampleRateHz !== undefined;
    const given = `${formatWords(known)}${lengths ? " in frames of any length" : ""}`;
    const words = `${edge.from.id}.${edge.fromPort} gives ${given}; ${edge.to.id}.${edge.toPort} takes ${formatWords(needed.result)}`;
    const unfit = (reason: string): undefined => {
      this.findings.push(edge.place.yaml.finding("AUDIO_UNFIT", edge.place.path, `${words}; ${reason}`));
    };
    if (!wholeSamples(needed.result)) return unfit("that is no whole number of samples in a frame");
    const converter = this.#converter(needed.wanted);
    if (!converter) return unfit("no plugin converts the one to the other");
    const number = (this.#insertedAfter.get(edge.from) ?? 0) + 1;
    this.#insertedAfter.set(edge.from, number);
    const id = `${edge.from.id}~${number}`;
    const port = { in: converter.in, out: converter.out };
    const feed: OpenEdge = {
      from: { node: edge.from.id, port: edge.fromPort },
      to: { node: id, port: port.in },
      kinds: new Set(),
      options: {},
      live,
    };
    this.#edges.push(feed);
    this.#nodes.push({
      id,
      type: converter.definition.type,
      definition: converter.definition,
      config: converter.config,
      formats: { [port.in]: wholeFormat(known) },
      outputFormats: { [port.out]: wholeFormat(needed.result) },
      onFailure: edge.to.onFailure,
      inserted: true,
    });
    const inserted: Inserted = { id, port, feed, takes: converter.takes, result: needed.result };
    this.#inserted.set(key, inserted);
    const note = `${converter.definition.type} was put in${needed.certain ? "" : ", to work if needed"}: ${words}`;
    this.findings.push(edge.place.yaml.finding("AUDIO_CONVERTED", edge.place.path, note, { severity: "note" }));
    return inserted;
  }

  #converter(wanted: Conversion) {
    const definition = this.types.converter();
    if (!definition?.converts) return undefined;
    try {
      const parsed = definition.config.safeParse(definition.converts(wanted));
      if (!parsed.success) return undefined;
      const inputs = definition.inputs(parsed.data);
      const port = defaultPort(inputs);
      const out = defaultPort(definition.outputs(parsed.data));
      if (port === undefined || out === undefined) return undefined;
      return { definition, config: parsed.data, in: port, out, takes: new Set(inputs[port]!.kinds) };
    } catch (error) {
      if (error instanceof EngineError) return undefined; // its own way of saying that it cannot
      throw error;
    }
  }
}

/** What takes its frames in its producer's call. A batched node's frames wait for those of other runs. */
const isCallable = ({ shape, batch }: NodeDefinition): boolean => shape === "inline" && batch === undefined;

/** Room for a moment's delay of a live consumer, whose audio is worth less the older it is. */
const LIVE_MS = 500;
/** Room enough that a reader of files need not wait for every frame. */
const FILE_MS = 2000;
const FRAMES = 64;

function bufferOf({ buffer }: EdgeOptions, live: boolean): EdgeBuffer {
  return {
    ms: buffer?.ms ?? (live ? LIVE_MS : FILE_MS),
    frames: buffer?.frames ?? FRAMES,
    whenFull: buffer?.whenFull ?? (live ? "dropOldest" : "block"),
  };
}

const formatsOf = (ports: readonly string[], known: ReadonlyMap<string, KnownAudio>): PlannedNode["formats"] =>
  Object.fromEntries(ports.map((port) => [port, wholeFormat(known.get(port))]));
