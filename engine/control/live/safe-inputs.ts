import { type Frame, samplesToMs } from "#engine/frames";
import type { Run } from "#engine/runtime";
import type { TrackRow } from "#engine/store";
import type { Plan, PlannedOutput } from "#engine/workflow";
import { type Accounts, Kept } from "./kept.ts";
import { lanesOf } from "./lanes.ts";
import type { LiveTrack } from "./live-track.ts";

/** Names of outputs that exist only to hear a detector's marks begin so; no output of a workflow does. */
const HIDDEN = "~";

export const hiddenName = (node: string): string => HIDDEN + node;

export const isHidden = (output: string): boolean => output.startsWith(HIDDEN);

/** How far the live inputs of one run are safe. It hears everything that comes out of the run. */
export class SafeInputs {
  /** To be added to those of the plan: at them the marks of detectors are heard that the workflow itself does not give out. */
  readonly outputs: readonly PlannedOutput[];
  readonly #kept = new Map<LiveTrack, Kept>();
  /** Outputs of the workflow at which a detector's marks can be heard, by name. */
  readonly #markers = new Map<string, string>();

  constructor(
    plan: Plan,
    readonly tracks: readonly LiveTrack[],
    nowMs: () => number,
  ) {
    const hidden = new Map<string, PlannedOutput>();
    for (const track of tracks) {
      if (!track.format) continue;
      const lanes = lanesOf(plan, track.name);
      for (const { marks } of lanes) {
        if (!marks) continue;
        const gives = ({ from }: PlannedOutput) =>
          from.some(({ node, port }) => node === marks.node && port === marks.port);
        const own = plan.outputs.find(gives);
        if (own) this.#markers.set(own.name, marks.node);
        else hidden.set(marks.node, { name: hiddenName(marks.node), from: [marks] });
      }
      this.#kept.set(track, new Kept(lanes, samplesToMs(track.start, track.sampleRateHz), nowMs));
    }
    this.outputs = [...hidden.values()];
  }

  /** A frame at an output, the hidden ones included; of texts and marks also those that are not told again. */
  heard(output: string, node: string, frame: Frame): void {
    for (const kept of this.#kept.values()) {
      if (frame.kind === "text") kept.text(output, node, frame);
      if (frame.kind !== "speech") continue;
      if (isHidden(output) || this.#markers.get(output) === node) kept.mark(node, frame);
      if (!isHidden(output)) kept.markTold(output, node, frame);
    }
  }

  /** A node says that an utterance had no words. */
  empty(node: string, utterance: string): void {
    for (const kept of this.#kept.values()) kept.empty(node, utterance);
  }

  /** Positions that are not stored as they are now. */
  changed(run: Run): TrackRow[] {
    const accounts = this.#kept.size > 0 ? { nodes: run.nodeAccounts, edges: () => run.accounts } : undefined;
    return this.tracks.flatMap((track) => {
      track.kept = this.#keptOf(track, accounts);
      const { kept, received, storedKept, storedReceived, storedEnded, name, input } = track;
      if (kept === storedKept && received === storedReceived && (storedEnded || !input.ended)) return [];
      return [{ runId: run.id, track: name, received, kept, ended: input.ended }];
    });
  }

  #keptOf(track: LiveTrack, accounts: Accounts | undefined): number {
    const kept = this.#kept.get(track);
    if (!kept || !accounts) return track.received - track.input.waitingFrames;
    const ms = kept.positionMs(samplesToMs(track.received, track.sampleRateHz), accounts);
    return Math.max(track.kept, Math.min(track.received, Math.floor((ms * track.sampleRateHz) / 1000)));
  }
}
