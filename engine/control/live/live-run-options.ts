import type { AudioFrame, Frame } from "#engine/frames";
import type { Clock, Logger } from "#engine/plugin";
import type { Household, RunReport } from "#engine/runtime";
import type { Rows, RunRow } from "#engine/store";
import type { Plan } from "#engine/workflow";
import type { Journal } from "../journal.ts";
import type { RunMessage } from "../messages.ts";
import type { ArtifactNames } from "./artifact-names.ts";
import type { Source } from "./follower.ts";
import type { LiveTrack } from "./live-track.ts";
import type { Recorder } from "./recorder.ts";

/** What hears the audio at a run's outputs. */
export interface AudioListener {
  audio(output: string, frame: AudioFrame, generation: number): void;
}

/** Takes everything that comes out of a run, in order. Must not block. */
export interface Hearer {
  /** All nodes are ready. */
  running(): void;
  /** @param afterId nobody outside may be told of it before the message of that id is stored. */
  frame(output: string, frame: Frame, afterId: number): void;
  /** All messages up to this id are stored. */
  stored(id: number): void;
}

export interface LiveRunOptions {
  readonly row: RunRow;
  readonly plan: Plan;
  /** Refuses what the run may not reach; returns the only addresses that may be connected to. */
  readonly guard: (url: URL) => Promise<readonly string[] | undefined>;
  readonly tracks: readonly LiveTrack[];
  /** Of the last stored event. */
  readonly lastId: number;
  /** How far the finals of earlier generations reach, in ms, by output, node and role. */
  readonly covered: ReadonlyMap<string, number>;
  readonly artifactNames: ArtifactNames;
  readonly clock: Clock;
  readonly epochMs: () => number;
  readonly log: Logger;
  readonly household: Household;
  readonly journal: Journal;
  /** Writes what goes in and out; absent where the run is not recorded. */
  readonly recorder: Recorder | undefined;
  readonly hearer?: Hearer;
  /** Runs that have different numbers here are looked after at different moments. */
  readonly tickOf: number;
  readonly storedAfter: Source["storedAfter"];
  /** Hears every message when it is told. */
  readonly observe?: (message: RunMessage) => void;
  /** What is stored with the end of the run, beside the row itself. */
  readonly atEnd: (to: Rows, report: RunReport) => Promise<void>;
}
