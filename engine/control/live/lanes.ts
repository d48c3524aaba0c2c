import { defaultPort, type TextRole } from "#engine/plugin";
import type { Plan, PlannedNode } from "#engine/workflow";

/** An output of the workflow at which something is owed for every utterance of an input. */
export interface Terminal {
  readonly output: string;
  readonly node: string;
  /** Of its texts; absent: any. */
  readonly role?: TextRole;
  /** What is owed is the closing mark, not a final. */
  readonly marks: boolean;
}

/** One way that the audio of an input takes, up to the node that does not pass it on. */
export interface Lane {
  /** The node whose accounts say how far the audio was judged: the last detector on the way, else the node that takes the audio. */
  readonly gate: string;
  /** Of what comes into the gate. */
  readonly sampleRateHz: number;
  /** Where a detector says which audio is speech. */
  readonly marks?: { readonly node: string; readonly port: string };
  /** The node that takes the audio and passes none on. */
  readonly consumer: string;
  readonly terminals: readonly Terminal[];
  /** Edges on the way to the gate that drop audio when they are full. */
  readonly leaking: readonly string[];
}

/** All ways that the audio of `inputs.NAME` takes. None where nothing reads it. */
export function lanesOf(plan: Plan, input: string): Lane[] {
  const graph = new Graph(plan);
  const found: Lane[] = [];
  const walk = (
    node: PlannedNode,
    detector: PlannedNode | undefined,
    leaks: readonly string[],
    seen: ReadonlySet<string>,
  ) => {
    for (const edge of graph.audioFrom(node.id)) {
      const next = graph.node(edge.to.node);
      if (!next || seen.has(next.id)) continue;
      const leaking = detector || edge.direct || edge.buffer.whenFull === "block" ? leaks : [...leaks, edge.id];
      const passes = next.definition.passes !== undefined;
      const marking = passes && graph.marksOf(next) !== undefined ? next : undefined;
      const goesOn = passes && graph.audioFrom(next.id).length > 0;
      // of two detectors in a row the later one judges what the recogniser gets
      if (goesOn) walk(next, marking ?? detector, leaking, new Set([...seen, next.id]));
      if (!goesOn || graph.tapped(next.id)) found.push(lane(graph, next, marking ?? detector, leaking));
    }
  };
  const source = graph.node(`inputs.${input}`);
  if (source) walk(source, undefined, [], new Set([source.id]));
  return found;
}

function lane(
  graph: Graph,
  consumer: PlannedNode,
  detector: PlannedNode | undefined,
  leaking: readonly string[],
): Lane {
  const gate = detector ?? consumer;
  const marks = detector && graph.marksOf(detector);
  const port = defaultPort(gate.definition.inputs(gate.config));
  const formats =
    port === undefined ? Object.values(gate.formats) : [gate.formats[port], ...Object.values(gate.formats)];
  return {
    gate: gate.id,
    sampleRateHz: formats.find((format) => format !== undefined)?.sampleRateHz ?? 1000,
    ...(detector && marks && { marks: { node: detector.id, port: marks } }),
    consumer: consumer.id,
    terminals: graph.terminals(consumer, detector),
    leaking,
  };
}

class Graph {
  readonly #nodes: ReadonlyMap<string, PlannedNode>;

  constructor(private readonly plan: Plan) {
    this.#nodes = new Map(plan.nodes.map((node) => [node.id, node]));
  }

  node(id: string): PlannedNode | undefined {
    return this.#nodes.get(id);
  }

  audioFrom(id: string) {
    return this.plan.edges.filter(
      (edge) => edge.from.node === id && edge.kinds.some((kind) => kind === "audio" || kind === "encoded"),
    );
  }

  /** The output port by which a node says what is speech; one that only passes marks on says nothing itself. */
  marksOf({ definition, config }: PlannedNode): string | undefined {
    if (Object.values(definition.inputs(config)).some((port) => port.kinds.includes("speech"))) return undefined;
    const ports = Object.entries(definition.outputs(config));
    return ports.find(([, port]) => port.kinds.includes("speech"))?.[0];
  }

  /** Whether an output of the workflow is fed by the node. */
  tapped(id: string): boolean {
    return this.plan.outputs.some((output) => output.from.some((from) => from.node === id));
  }

  /** What is owed at the workflow's outputs for what the consumer gets. */
  terminals(consumer: PlannedNode, detector: PlannedNode | undefined): Terminal[] {
    const reached = this.#reachable(consumer.id);
    return this.plan.outputs.flatMap(({ name, from }) =>
      from.flatMap(({ node, port }): Terminal[] => {
        const planned = this.#nodes.get(node);
        const declared = planned?.definition.outputs(planned.config)[port];
        if (!planned || !declared) return [];
        if (detector?.id === node)
          return declared.kinds.includes("speech") ? [{ output: name, node, marks: true }] : [];
        if (!reached.has(node) || !declared.kinds.includes("text")) return [];
        const outputs = planned.definition.outputs(planned.config);
        // beside the output that finals come from, one that carries partials gives nothing else
        if (declared.carries?.includes("partials") && defaultPort(outputs) !== port) return [];
        return [{ output: name, node, marks: false, ...(declared.textRole && { role: declared.textRole }) }];
      }),
    );
  }

  #reachable(from: string): Set<string> {
    const reached = new Set([from]);
    for (const id of reached) for (const edge of this.plan.edges) if (edge.from.node === id) reached.add(edge.to.node);
    return reached;
  }
}
