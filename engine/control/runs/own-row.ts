import type { RunRow } from "#engine/store";
import type { Keep, OwnBinding } from "../api/runs.ts";
import { newId } from "../ids.ts";
import type { SourcedWorkflow } from "./workflow-source.ts";

const KEEPS: readonly Keep[] = ["none", "text", "all"];

/** What a run that this process begins by itself is made of. */
export interface OwnRun {
  readonly project: string;
  readonly keyId?: string | undefined;
  readonly sourced: SourcedWorkflow;
  readonly inputs: Readonly<Record<string, OwnBinding>>;
  /** Without those that are secret. */
  readonly params: Readonly<Record<string, unknown>>;
  /** Names of secrets that are given along. */
  readonly ownSecrets?: readonly string[];
  readonly labels: Readonly<Record<string, string>>;
  readonly keep: Keep;
  readonly record: boolean;
  readonly createdAtMs: number;
}

/** The lesser of what is asked to be kept and what may be. */
export const keptOf = (asked: Keep | undefined, most: Keep): Keep =>
  KEEPS[Math.min(KEEPS.indexOf(asked ?? "all"), KEEPS.indexOf(most))] ?? "none";

export function ownRow(of: OwnRun): RunRow {
  const { project, keyId, sourced, inputs, params, ownSecrets = [], labels, keep, record, createdAtMs } = of;
  return {
    id: newId("run"),
    project,
    keyId: keyId ?? null,
    workflow: sourced.name,
    version: sourced.version,
    workflowText: sourced.text,
    request: { inputs, params, outputs: [], ...(sourced.home !== undefined && { home: sourced.home }) },
    ownSecrets,
    state: "starting",
    labels,
    keep,
    record: record && keep === "all",
    generation: 0,
    errorCode: null,
    errorMessage: null,
    traceparent: null,
    createdAtMs,
    endedAtMs: null,
    accounts: null,
    drain: null,
  };
}
