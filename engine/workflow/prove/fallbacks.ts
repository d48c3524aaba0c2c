import { type FrameKind, type OutputAudio, type OutputPort, supervise } from "#engine/plugin";
import type { Finding } from "../finding.ts";
import type { FindingCode } from "../finding-codes.ts";
import type { DraftCandidate, DraftNode } from "../read/draft.ts";
import { commonLimits } from "./audio.ts";
import type { DraftEdge } from "./connect.ts";

/** What is used of one output: the kinds that travel on its edges. */
export type UsedOutputs = ReadonlyMap<string, ReadonlySet<FrameKind>>;

/** Whether each fallback of a node can stand in for it: takes what comes, and gives what is used. */
export function checkFallbacks(node: DraftNode, into: readonly DraftEdge[], used: UsedOutputs): Finding[] {
  const [first, ...others] = node.candidates;
  return others.flatMap((candidate) => [
    ...refusedInputs(node, candidate, into),
    ...missingOutputs(node, first!, candidate, used),
  ]);
}

function refusedInputs(node: DraftNode, candidate: DraftCandidate, into: readonly DraftEdge[]): Finding[] {
  const unfit = complaint(node, candidate, "FALLBACK_UNFIT");
  const type = candidate.definition.type;
  return [...new Set(into.map((edge) => edge.toPort))].flatMap((name) => {
    const port = Object.hasOwn(candidate.inputs, name) ? candidate.inputs[name] : undefined;
    if (!port) return [unfit(`${type} has no input ${name}, which ${node.id} is fed by`)];
    const coming = new Set(into.filter((edge) => edge.toPort === name).flatMap((edge) => edge.kinds));
    const needed = (port.requires ?? []).filter((kind) => !coming.has(kind));
    if (needed.length > 0) return [unfit(`${type} needs ${needed.join(" and ")} frames in ${name}, which do not come`)];
    if (!port.kinds.some((kind) => coming.has(kind))) return [unfit(`${type} takes none of what comes in ${name}`)];
    if (coming.has("audio") && !commonLimits([node.inputs[name]!, port]))
      return [unfit(`${type} takes no format of audio that ${node.type} takes too`)];
    return [];
  });
}

function missingOutputs(
  node: DraftNode,
  first: DraftCandidate,
  candidate: DraftCandidate,
  used: UsedOutputs,
): Finding[] {
  const unfit = complaint(node, candidate, "FALLBACK_UNFIT");
  const poorer = complaint(node, candidate, "FALLBACK_POORER", "warning");
  const type = candidate.definition.type;
  return [...used].flatMap(([name, kinds]) => {
    const port = Object.hasOwn(candidate.outputs, name) ? candidate.outputs[name] : undefined;
    if (!port) return [unfit(`${type} has no output ${name}, which is used`)];
    const before = first.outputs[name]!;
    const lacking = [...kinds].filter((kind) => !port.kinds.includes(kind));
    if (lacking.length > 0) return [unfit(`${type} gives no ${lacking.join(" and ")} on ${name}, which is used`)];
    if (kinds.has("text") && port.textRole !== before.textRole)
      return [
        unfit(
          `${type} gives ${port.textRole ?? "any text"} on ${name}, where ${node.type} gives ${before.textRole ?? "any text"}`,
        ),
      ];
    if (kinds.has("audio") && formatOf(port) !== formatOf(before))
      return [unfit(`${type} gives ${formatOf(port)} on ${name}, where ${node.type} gives ${formatOf(before)}`)];
    const details = (before.carries ?? []).filter((detail) => !port.carries?.includes(detail));
    return kinds.has("text") && details.length > 0
      ? [poorer(`${type} gives no ${details.join(" and no ")} on ${name}, as ${node.type} does`)]
      : [];
  });
}

const complaint =
  (node: DraftNode, candidate: DraftCandidate, code: FindingCode, severity: "error" | "warning" = "error") =>
  (message: string): Finding =>
    node.yaml.finding(code, [...candidate.path, "use"], message, { severity });

const formatOf = ({ audio }: OutputPort): string =>
  audio === undefined
    ? "a format that only its frames tell"
    : audio === "same"
      ? "the format that comes in"
      : pcmWords(audio);

const pcmWords = ({ sampleRateHz, channels }: OutputAudio): string =>
  `${sampleRateHz} Hz with ${channels} channel${channels === 1 ? "" : "s"}`;

/** The node type that runs in the end: as it is, or with retries, fallbacks and a bound on each result around it. */
export function lower({ candidates, resultMs }: DraftNode): Pick<DraftCandidate, "definition" | "config"> {
  const [first] = candidates;
  if (candidates.length === 1 && first!.attempts === 1 && resultMs === undefined) return first!;
  return supervise({
    candidates: candidates.map(({ definition, config, attempts }) => ({ definition, config, attempts })),
    ...(resultMs !== undefined && { resultMs }),
  });
}
