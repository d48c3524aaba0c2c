import type { EngineError } from "#engine/errors";
import type { Frame } from "#engine/frames";
import type { NodeEvent } from "#engine/plugin";
import type { ArtifactReport } from "./artifacts.ts";
import type { RunReport, RunState } from "./report.ts";

/**
 * What a run tells, in order. `sequence` rises by one from 1; `atMs` is the run's clock since its start, so that under a virtual clock the
 * same run tells the same every time.
 */
export type RunEvent = { readonly sequence: number; readonly atMs: number; readonly runId: string } & RunHappening;

export type RunHappening =
  | { readonly type: "run.state"; readonly state: RunState }
  /** Text, marks and data at the workflow's outputs. Audio goes to `Run.onOutput` only. */
  | { readonly type: "output"; readonly output: string; readonly node: string; readonly frame: Frame }
  | { readonly type: "node"; readonly node: string; readonly event: NodeEvent }
  | { readonly type: "node.failed"; readonly node: string; readonly error: EngineError; readonly ends: boolean }
  | { readonly type: "artifact"; readonly artifact: ArtifactReport }
  | { readonly type: "run.ended"; readonly report: RunReport };
