import { GATE_PORT, type NodeTypes } from "#engine/plugin";
import type { Finding } from "../finding.ts";
import { type DraftNode, understood } from "../read/draft.ts";
import { checkTests } from "./check-tests.ts";
import type { Connections, DraftEdge } from "./connect.ts";

/** Inputs that are fed by nothing, by too much, or not by what they need; and nodes that no source reaches. */
export function checkInputs(nodes: readonly DraftNode[], connections: Connections, types: NodeTypes): Finding[] {
  const incoming = Map.groupBy(connections.edges, (edge) => edge.to);
  const outgoing = Map.groupBy(connections.edges, (edge) => edge.from);
  return nodes.filter(understood).flatMap((node) => {
    const edges = incoming.get(node) ?? [];
    const doubtful = node.guessed || connections.doubtful.has(node);
    return [
      ...(doubtful ? [] : unfedInputs(node, edges, outgoing)),
      ...(doubtful ? [] : missingKinds(node, edges)),
      ...(doubtful ? [] : unmarkedGate(node, edges)),
      ...doubledAudio(node, edges, types),
      ...strayOptions(edges),
      ...edges.flatMap(checkTests),
    ];
  });
}

function unfedInputs(
  node: DraftNode,
  edges: readonly DraftEdge[],
  outgoing: ReadonlyMap<DraftNode, readonly DraftEdge[]>,
): Finding[] {
  const ports = Object.entries(node.inputs);
  const needed = ports.filter(([name, port]) => !port.optional && !edges.some((edge) => edge.toPort === name));
  if (needed.length > 0)
    return needed.map(([name]) => {
      const input = ports.length === 1 ? "its input" : `its input ${name}`;
      const message = `${input} is fed by nothing${starvedWords(node, outgoing)}`;
      return node.yaml.finding("INPUT_UNFED", node.path, message, { at: "key" });
    });
  if (ports.length === 0 || edges.length > 0) return [];
  const message = `no source reaches it${starvedWords(node, outgoing)}`;
  return [node.yaml.finding("NODE_UNREACHABLE", node.path, message, { at: "key" })];
}

/** Who gets nothing because this node gets nothing: told with it, since they are not at fault themselves. */
function starvedWords(node: DraftNode, outgoing: ReadonlyMap<DraftNode, readonly DraftEdge[]>): string {
  const starved = new Set<DraftNode>([node]);
  for (const each of starved) for (const edge of outgoing.get(each) ?? []) starved.add(edge.to);
  const names = [...starved].slice(1).map((each) => each.id);
  if (names.length === 0) return "";
  const shown = names.slice(0, 3).join(", ") + (names.length > 3 ? ` and ${names.length - 3} more` : "");
  return `; nor is what follows it: ${shown}`;
}

function missingKinds(node: DraftNode, edges: readonly DraftEdge[]): Finding[] {
  return Object.entries(node.inputs).flatMap(([name, port]) => {
    const into = edges.filter((edge) => edge.toPort === name);
    if (into.length === 0) return [];
    return (port.requires ?? [])
      .filter((kind) => !into.some((edge) => edge.kinds.includes(kind)))
      .map((kind) => {
        const from = into.map((edge) => `${edge.from.id}.${edge.fromPort}`).join(", ");
        const message = `${node.type} needs ${kind} frames in ${name}, and ${from} gives none`;
        return into[0]!.place.yaml.finding("INPUT_LACKS_KIND", into[0]!.place.path, message);
      });
  });
}

/** A gate that no speech mark reaches would let nothing through. */
function unmarkedGate(node: DraftNode, edges: readonly DraftEdge[]): Finding[] {
  if (!node.gated || edges.length === 0 || edges.some((edge) => edge.kinds.includes("speech"))) return [];
  const message = `no speech marks come: feed the node from a detector, or its input ${GATE_PORT} from one (in: { ${GATE_PORT}: … })`;
  return [node.yaml.finding("GATE_UNFED", [...node.path, "gate"], message, { at: "key" })];
}

function doubledAudio(node: DraftNode, edges: readonly DraftEdge[], types: NodeTypes): Finding[] {
  return Object.keys(node.inputs).flatMap((name) => {
    const [first, ...others] = edges.filter((edge) => edge.toPort === name && edge.kinds.includes("audio"));
    return others.map((edge) => {
      const both = `${first!.from.id}.${first!.fromPort} and ${edge.from.id}.${edge.fromPort}`;
      const message = `${both} both give audio to ${node.id}.${name}; mix them first${mixers(types)}`;
      return edge.place.yaml.finding("AUDIO_TWICE", edge.place.path, message);
    });
  });
}

/** Node types that make one stream of audio out of several, found by their ports. */
function mixers(types: NodeTypes): string {
  const found = types.all().filter((definition) => {
    const config = definition.config.safeParse({});
    if (!config.success) return false;
    try {
      const inputs = Object.values(definition.inputs(config.data)).filter((port) => port.kinds.includes("audio"));
      const outputs = Object.values(definition.outputs(config.data));
      return (
        definition.role(config.data) === "filter" &&
        inputs.length > 1 &&
        outputs.some((port) => port.kinds.includes("audio"))
      );
    } catch {
      return false; // a type that cannot describe itself without settings is no advice
    }
  });
  return found.length === 0 ? "" : ` with ${found.map((definition) => definition.type).join(" or ")}`;
}

function strayOptions(edges: readonly DraftEdge[]): Finding[] {
  return edges.flatMap((edge) => {
    if (edge.kinds.includes("audio")) return [];
    const stray = [
      ...(edge.options.channel === undefined ? [] : ["channel"]),
      ...(edge.options.buffer?.ms === undefined ? [] : ["buffer.ms"]),
    ];
    return stray.map((word) =>
      edge.place.yaml.finding(
        "EDGE_WITHOUT_AUDIO",
        edge.place.path,
        `${word} says nothing here: the edge carries ${edge.kinds.join(" and ")}`,
      ),
    );
  });
}
