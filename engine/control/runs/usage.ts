import type { NodeAccount } from "#engine/runtime";
import type { RunRow, UsageRow } from "#engine/store";
import type { Plan } from "#engine/workflow";
import type { UsageFilter, UsageLine } from "../api/runs.ts";

/** What a run has used: audio that its sources gave, and what its nodes counted. */
export function usageOf(
  row: RunRow,
  plan: Plan,
  nodes: readonly NodeAccount[],
  finals: number,
  atMs: number,
): UsageRow {
  let audioSeconds = 0;
  let characters = 0;
  let requests = 0;
  for (const account of nodes) {
    const planned = plan.nodes.find((node) => node.id === account.node);
    if (planned?.definition.role(planned.config) === "source") audioSeconds += account.out.samples / rateOf(planned);
    characters += account.usage.characters ?? 0;
    requests += account.usage.requests ?? 0;
  }
  const { id: runId, project, keyId, workflow, labels } = row;
  return { runId, project, keyId, workflow, labels, atMs, audioSeconds, characters, requests, finals };
}

/** Of what an earlier generation of the run had used, and this one. */
export const added = (a: UsageRow | undefined, b: UsageRow): UsageRow =>
  a
    ? {
        ...b,
        audioSeconds: a.audioSeconds + b.audioSeconds,
        characters: a.characters + b.characters,
        requests: a.requests + b.requests,
        finals: a.finals + b.finals,
      }
    : b;

/** Without audio there are no samples to count, so any rate will do. */
const rateOf = ({ outputFormats }: Plan["nodes"][number]): number =>
  Object.values(outputFormats).find((format) => format !== undefined)?.sampleRateHz ?? 1;

/** Lines of what runs have used, in the order of what they are `of`. */
export function usageLines(
  rows: readonly UsageRow[],
  by: UsageFilter["by"],
  latencies: ReadonlyMap<string, readonly number[]>,
): UsageLine[] {
  const groups = new Map<string, UsageRow[]>();
  for (const row of rows) {
    const of = nameOf(row, by);
    const group = groups.get(of);
    if (group) group.push(row);
    else groups.set(of, [row]);
  }
  return [...groups]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([of, group]) => ({ of, ...sums(group), ...latencyOf(group, latencies) }));
}

function nameOf(row: UsageRow, by: UsageFilter["by"]): string {
  if (by === undefined) return "";
  if (by === "run") return row.runId;
  if (by === "key") return row.keyId ?? "";
  if (by === "workflow") return row.workflow;
  return row.labels[by.label] ?? "";
}

function sums(rows: readonly UsageRow[]) {
  const sum = (of: (row: UsageRow) => number) => rows.reduce((total, row) => total + of(row), 0);
  return {
    runs: rows.length,
    audioSeconds: sum((row) => row.audioSeconds),
    characters: sum((row) => row.characters),
    requests: sum((row) => row.requests),
    finals: sum((row) => row.finals),
  };
}

function latencyOf(rows: readonly UsageRow[], latencies: ReadonlyMap<string, readonly number[]>) {
  const all = rows.flatMap((row) => latencies.get(row.runId) ?? []).sort((a, b) => a - b);
  return all.length === 0 ? {} : { finalLatencyMs: { p50: quantile(all, 0.5), p95: quantile(all, 0.95) } };
}

/** @param sorted rising, not empty. */
export const quantile = (sorted: readonly number[], share: number): number =>
  sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))]!;
