import { EngineError } from "#engine/errors";
import type { RunRow, TrackRow } from "#engine/store";
import type { InputTrack, OutputTrack } from "../api/live.ts";
import type { Keep, RunState, RunView } from "../api/runs.ts";
import type { LiveRun } from "../live/live-run.ts";
import { liveInputs } from "./bindings.ts";
import { outputsOf } from "./planner.ts";

/** A run as it is shown: from its row, and from itself where it goes on in this process. */
export function runView(row: RunRow, tracks: readonly TrackRow[], lastId: number, live: LiveRun | undefined): RunView {
  return {
    id: row.id,
    project: row.project,
    workflow: { name: row.workflow, ...(row.version !== null && { version: row.version }) },
    state: live?.state ?? (row.state as RunState),
    labels: row.labels,
    createdAtMs: row.createdAtMs,
    ...(row.endedAtMs !== null && { endedAtMs: row.endedAtMs }),
    generation: row.generation,
    ...(row.errorCode !== null && { error: { code: row.errorCode, message: row.errorMessage ?? "" } }),
    inputs: live ? [...live.tracks.values()].map((track) => track.view()) : storedTracks(row, tracks),
    outputs: live ? outputsOf(live.options.plan) : (row.request.outputs as readonly OutputTrack[]),
    lastEventId: live?.storedId ?? lastId,
    keep: row.keep as Keep,
  };
}

function storedTracks(row: RunRow, tracks: readonly TrackRow[]): InputTrack[] {
  return [...liveInputs(row)].map(([track, sent]) => {
    const stored = tracks.find((each) => each.track === track);
    return {
      track,
      ...("encoding" in sent ? { kind: "audio" as const, format: sent } : { kind: sent.kind }),
      received: stored?.kept ?? 0, // what came after it is gone with the process that had it
      kept: stored?.kept ?? 0,
      windowSamples: 0,
      ended: stored?.ended ?? false,
    };
  });
}

/** A misspelt name would leave a reader without a word. @throws EngineError OUTPUT_UNKNOWN. */
export function requireOutputs({ request }: RunRow, names: readonly string[]): void {
  const known = (request.outputs as readonly OutputTrack[]).map(({ track }) => track);
  const unknown = names.find((name) => !known.includes(name));
  if (unknown !== undefined)
    throw new EngineError("OUTPUT_UNKNOWN", `the run has no output ${unknown}; it has ${known.join(", ") || "none"}`);
}
