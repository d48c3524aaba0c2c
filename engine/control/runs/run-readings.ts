import { EngineError } from "#engine/errors";
import type { ArtifactRow, RunRow, Store } from "#engine/store";
import type {
  ArtifactView,
  FileToSend,
  FinalView,
  RunAccounts,
  TranscriptRequest,
  UsageFilter,
  UsageLine,
} from "../api/runs.ts";
import { isOver } from "../live/live-run.ts";
import { recordingOf } from "./recording.ts";
import type { RunBook } from "./run-book.ts";
import { finalView, MEDIA_TYPES, renderTranscript } from "./transcript.ts";
import { usageLines } from "./usage.ts";

/** What can be read of a run, going on or over. Whoever asks may: that was checked before. */
export class RunReadings {
  constructor(
    private readonly store: Store,
    private readonly book: RunBook,
  ) {}

  async transcript({ id }: RunRow, request: TranscriptRequest) {
    const finals = await this.store.read((from) => from.journal.finals(id));
    return { mediaType: MEDIA_TYPES[request.format], body: renderTranscript(finals, request) };
  }

  async finals({ id }: RunRow): Promise<readonly FinalView[]> {
    return (await this.store.read((from) => from.journal.finals(id))).map(finalView);
  }

  async artifacts({ id }: RunRow): Promise<readonly ArtifactView[]> {
    return (await this.store.read((from) => from.runs.artifacts(id))).map(artifactView);
  }

  async artifact({ id }: RunRow, name: string): Promise<FileToSend> {
    const found = (await this.store.read((from) => from.runs.artifacts(id))).find((each) => each.name === name);
    if (!found) throw new EngineError("ARTIFACT_NOT_FOUND", "the run has no such file");
    const { path, bytes, mediaType } = found;
    return { path, bytes, name, mediaType: mediaType ?? "application/octet-stream" };
  }

  async recording({ id }: RunRow): Promise<FileToSend> {
    const live = this.book.get(id);
    if (live && isOver(live.state)) await live.ended;
    else if (live)
      throw new EngineError("ARTIFACT_NOT_FOUND", "the run goes on: its recording is there when it has ended");
    const path = await recordingOf(this.book.options.planner.dirOf(id));
    return { path, bytes: Bun.file(path).size, mediaType: "audio/wav", name: `${id}.wav` };
  }

  accounts(row: RunRow): RunAccounts {
    const live = this.book.get(row.id);
    if (!live) {
      const { edges = [], nodes = [], imbalances = [] } = (row.accounts ?? {}) as Partial<RunAccounts>;
      return { state: row.state as RunAccounts["state"], edges, nodes, imbalances, lagMs: {} };
    }
    const lag = [...live.tracks.values()].map(
      (track) => [track.name, ((track.received - track.kept) * 1000) / track.sampleRateHz] as const,
    );
    const { accounts: edges, nodeAccounts: nodes } = live.run;
    return { state: live.state, edges, nodes, imbalances: [], lagMs: Object.fromEntries(lag) };
  }

  usage(project: string, { run, key, labels = {}, fromMs, toMs, by }: UsageFilter): Promise<readonly UsageLine[]> {
    return this.store.read(async (from) => {
      const rows = await from.usage.list({
        project,
        ...(run !== undefined && { runId: run }),
        ...(key !== undefined && { keyId: key }),
        ...(fromMs !== undefined && { fromMs }),
        ...(toMs !== undefined && { toMs }),
      });
      const chosen = rows.filter((row) => Object.entries(labels).every(([name, value]) => row.labels[name] === value));
      const latencies = await from.usage.latencies(chosen.map((row) => row.runId));
      return usageLines(chosen, by, latencies);
    });
  }
}

const artifactView = ({ name, bytes, mediaType, partial, createdAtMs }: ArtifactRow): ArtifactView => ({
  name,
  bytes,
  ...(mediaType !== null && { mediaType }),
  partial,
  createdAtMs,
});
