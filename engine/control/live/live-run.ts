import type { Frame, TextFrame } from "#engine/frames";
import { samplesToMs } from "#engine/frames";
import { Run, type RunEvent, type RunReport } from "#engine/runtime";
import type { Rows, RunRow, TrackRow } from "#engine/store";
import type { RunState } from "../api/runs.ts";
import type { Journal, Writer } from "../journal.ts";
import type { RunMessage, RunMessageType } from "../messages.ts";
import { isClients } from "../runs/bindings.ts";
import type { Follower, Source } from "./follower.ts";
import type { AudioListener, LiveRunOptions } from "./live-run-options.ts";
import type { LiveTrack } from "./live-track.ts";
import { hasOwnSources, ownSourcesOf, recordedInput, recordedSources } from "./own-sources.ts";
import { isHidden, SafeInputs } from "./safe-inputs.ts";
import { type DataOf, dataOf, endData, finalRow, message, plain, textData } from "./tell.ts";

/** A run of this process: says what happens in stored messages, knows how far its inputs are safe, and who follows it. */
export class LiveRun implements Writer, Source {
  readonly run: Run;
  readonly followers = new Set<Follower>();
  readonly #listeners = new Set<AudioListener>();
  readonly ended: Promise<RunReport | undefined>;
  readonly tracks: ReadonlyMap<string, LiveTrack>;
  storedId: number;
  finals = 0;
  /** Called after positions of tracks were stored, and when a track is ended by somebody else than its sender. */
  readonly onPositions = new Set<(track: LiveTrack) => void>();
  #lastId: number;
  #state: RunState = "starting";
  #interrupted = false;
  /** How far inputs are that are read, where they are recorded. */
  #readMs: number | undefined;
  readonly #safe: SafeInputs;
  readonly #startedMs: number;
  readonly #resolveEnded: (report: RunReport | undefined) => void;

  constructor(readonly options: LiveRunOptions) {
    const { row, plan, tracks, clock, household } = options;
    this.#lastId = options.lastId;
    this.storedId = options.lastId;
    this.tracks = new Map(tracks.map((track) => [track.name, track]));
    this.#startedMs = clock.nowMs();
    const { promise, resolve } = Promise.withResolvers<RunReport | undefined>();
    this.ended = promise;
    this.#resolveEnded = resolve;
    const { recorder } = options;
    for (const track of tracks) {
      const { format, name } = track;
      if (recorder && format) track.onPcm = (pcm, startSample) => recorder.input(name, pcm, format, startSample);
    }
    this.#safe = new SafeInputs(plan, tracks, () => clock.nowMs());
    const read = recorder ? recordedSources(this) : [];
    if (row.generation > 0) {
      const from = Object.fromEntries(tracks.map((track) => [track.name, track.start]));
      this.#append("run.resumed", { generation: row.generation, from });
    }
    this.run = new Run(
      { ...plan, outputs: [...plan.outputs, ...this.#safe.outputs, ...read] },
      {
        runId: row.id,
        clock,
        labels: row.labels,
        generation: row.generation,
        log: options.log,
        epochMs: options.epochMs,
        guard: options.guard,
        onEvent: (event) => this.#heard(event),
        onOutput: (output, frame) => this.#output(output, frame),
      },
      household,
    );
    this.run.audioIsHeard = this.#audioIsHeard;
  }

  get id(): string {
    return this.options.row.id;
  }

  get tickOf(): number {
    return this.options.tickOf;
  }

  get project(): string {
    return this.options.row.project;
  }

  get row(): RunRow {
    return this.options.row;
  }

  get state(): RunState {
    return this.#state;
  }

  get lastId(): number {
    return this.#lastId;
  }

  listen(listener: AudioListener): void {
    this.#listeners.add(listener);
    this.run.audioIsHeard = true;
  }

  unlisten(listener: AudioListener): void {
    this.#listeners.delete(listener);
    this.run.audioIsHeard = this.#audioIsHeard;
  }

  get #audioIsHeard(): boolean {
    const { recorder, hearer } = this.options;
    return this.#listeners.size > 0 || recorder !== undefined || hearer !== undefined;
  }

  /** Ends the inputs; what came in already still goes through. Resolves when it is stored, and no later process forgets it. */
  async drain(): Promise<void> {
    const tracks = [...this.tracks.values()];
    for (const track of tracks) {
      track.close();
      track.input.end();
    }
    const drain = { atMs: this.options.epochMs(), sources: ownSourcesOf(this) };
    if (hasOwnSources(this)) this.run.drain();
    const rows = tracks.map(({ name, received, kept }) => ({
      runId: this.id,
      track: name,
      received,
      kept,
      ended: true,
    }));
    await this.journal.save(async (to) => {
      await to.journal.saveTracks(rows);
      await to.runs.update(this.id, { drain });
    });
    for (const track of tracks) for (const listener of this.onPositions) listener(track);
  }

  cancel(reason: string): void {
    this.#closeTracks();
    this.run.cancel(reason);
  }

  /** Nothing more is taken in, whoever still sends; senders are told. */
  #closeTracks(): void {
    for (const track of this.tracks.values()) {
      track.close();
      if (track.closed) for (const listener of this.onPositions) listener(track);
    }
  }

  /**
   * Stops here so that another process can go on: says so, and nothing after it.
   * @param mostMs so long its nodes may take to stop.
   */
  async interrupt(mostMs: number): Promise<void> {
    if (this.#interrupted || isOver(this.#state)) return void (await this.ended);
    if (isClients(this.row)) return this.#endForGood(mostMs);
    this.#interrupted = true;
    this.#state = "interrupted";
    this.run.cancel("the process ends");
    const report = await Promise.race([this.run.done, this.options.clock.sleep(mostMs)]);
    this.#append("run.state", { state: "interrupted" }, undefined, async (to) => {
      await to.runs.update(this.id, { state: "interrupted" });
      if (report) await this.options.atEnd(to, report);
    });
    await this.journal.settled();
    this.options.recorder?.close();
    this.#resolveEnded(undefined);
  }

  /** What comes out of it now is still told: its client goes with the process. */
  async #endForGood(mostMs: number): Promise<void> {
    this.run.cancel("the process ends");
    await Promise.race([this.ended, this.options.clock.sleep(mostMs)]);
  }

  storedAfter(id: number, limit: number): Promise<readonly RunMessage[]> {
    return this.options.storedAfter(id, limit);
  }

  // what the journal asks

  committed(told: RunMessage): void {
    if (told.id !== undefined) {
      this.storedId = told.id;
      this.options.hearer?.stored(told.id);
    }
    for (const follower of this.followers) follower.offer(told);
    this.options.observe?.(told);
  }

  changedTracks(): readonly TrackRow[] {
    if (this.#interrupted) return []; // what its nodes did while they were stopped says nothing
    // audio that is told as kept is not sent again, so by then it is recorded
    this.options.recorder?.flush();
    return this.#safe.changed(this.run);
  }

  tracksCommitted(rows: readonly TrackRow[]): void {
    for (const row of rows) {
      const track = this.tracks.get(row.track);
      if (!track) continue;
      track.storedKept = row.kept;
      track.storedReceived = row.received;
      track.storedEnded ||= row.ended;
      for (const listener of this.onPositions) listener(track);
    }
  }

  private get journal(): Journal {
    return this.options.journal;
  }

  // what the run says

  #heard(event: RunEvent): void {
    if (this.#interrupted) return;
    switch (event.type) {
      case "run.state":
        if (isOver(event.state)) return; // it is told with the end
        this.#state = event.state;
        if (event.state === "running") this.options.hearer?.running();
        return this.#append("run.state", { state: event.state }, undefined, (to) =>
          to.runs.update(this.id, { state: event.state }),
        );
      case "output":
        this.#frame(event.output, event.node, event.frame);
        if (!isHidden(event.output)) this.options.hearer?.frame(event.output, event.frame, this.#lastId);
        return;
      case "node":
        return this.#node(event.node, event.event);
      case "node.failed": {
        const { code, message: words } = event.error;
        return this.#append("node.failed", { node: event.node, error: { code, message: words }, ends: event.ends });
      }
      case "artifact": {
        const { node, path, bytes, mediaType, partial } = event.artifact;
        const name = this.options.artifactNames.nameOf(path);
        const facts = { name, bytes, partial, ...(mediaType !== undefined && { mediaType }) };
        const createdAtMs = this.options.epochMs();
        return this.#append("artifact", { node, ...facts }, undefined, (to) =>
          to.runs.saveArtifacts([{ runId: this.id, path, createdAtMs, ...facts, mediaType: mediaType ?? null }]),
        );
      }
      case "run.ended":
        return this.#end(event.report);
    }
  }

  #frame(output: string, node: string, frame: Frame): void {
    this.#safe.heard(output, node, frame);
    if (isHidden(output)) return;
    switch (frame.kind) {
      case "text":
        return this.#text(output, node, frame);
      case "speech": {
        const { mark, utterance, atSample, sampleRateHz } = frame;
        return this.#append("speech", { output, node, mark, utterance, atSample, sampleRateHz });
      }
      case "data":
        return this.#append("data", dataOf(output, node, frame));
    }
  }

  #text(output: string, node: string, frame: TextFrame): void {
    // what an earlier generation has stored is not told again; of an utterance that straddles its end the middle decides
    const coveredMs = this.options.covered.get(coverKey(output, node, frame.role)) ?? Number.NEGATIVE_INFINITY;
    if (samplesToMs((frame.startSample + frame.endSample) / 2, frame.sampleRateHz) < coveredMs) return;
    const data = textData(output, node, frame);
    if (!frame.final) return this.#tell("text.partial", data);
    this.finals++;
    const id = this.#lastId + 1;
    const latencyMs = this.#latencyMs(frame);
    this.#append("text.final", data, finalRow(this.id, id, { output, node, latencyMs }, frame));
  }

  /** From when the last of its audio came until now; of live audio only. */
  #latencyMs(frame: TextFrame): number | undefined {
    const [track] = this.tracks.values();
    if (!track?.format || this.tracks.size > 1) return undefined;
    const behindMs = samplesToMs(track.received, track.sampleRateHz) - samplesToMs(frame.endSample, frame.sampleRateHz);
    return behindMs < 0 ? undefined : behindMs;
  }

  #node(node: string, event: { readonly type: string; readonly [fact: string]: unknown }): void {
    if (event.type === "emptyUtterance" && typeof event.utterance === "string") {
      this.#safe.empty(node, event.utterance);
      this.journal.touch(this);
    }
    this.#tell("node", { ...plain(event), node });
  }

  #end(report: RunReport): void {
    const data = endData(report);
    this.#state = report.state;
    this.#closeTracks();
    const endedAtMs = this.options.epochMs();
    this.#append("run.state", { state: report.state });
    this.#append("run.ended", data, undefined, async (to) => {
      await to.runs.update(this.id, {
        state: report.state,
        endedAtMs,
        errorCode: data.error?.code ?? null,
        errorMessage: data.error?.message ?? null,
        accounts: { edges: report.edges, nodes: report.nodes, imbalances: report.imbalances },
      });
      await this.options.atEnd(to, report);
    });
    this.options.recorder?.close();
    void this.journal.settled().then(() => this.#resolveEnded(report));
  }

  #output(output: string, frame: Frame): void {
    if (isHidden(output)) return this.#read(output, frame);
    if (frame.kind === "encoded") return this.options.hearer?.frame(output, frame, 0);
    if (frame.kind !== "audio") return;
    this.options.hearer?.frame(output, frame, 0);
    this.options.recorder?.output(output, frame, this.#inputMs);
    for (const listener of this.#listeners) listener.audio(output, frame, this.row.generation);
  }

  /** A recording holds what is read, such as a file, as well as what is sent. */
  #read(output: string, frame: Frame): void {
    const name = recordedInput(output);
    if (name === undefined || frame.kind !== "audio") return;
    this.options.recorder?.input(name, frame.pcm, frame, frame.startSample);
    const end = frame.startSample + frame.pcm.length / frame.channels;
    this.#readMs = Math.max(this.#readMs ?? 0, samplesToMs(end, frame.sampleRateHz));
  }

  /** How long it has been going on in this process, by its clock. */
  get durationMs(): number {
    return this.options.clock.nowMs() - this.#startedMs;
  }

  /** How far the first live input is, or what is read and recorded; of a run without either, how long it has been going on. */
  get #inputMs(): number {
    const [track] = this.tracks.values();
    return track?.format ? samplesToMs(track.received, track.sampleRateHz) : (this.#readMs ?? this.durationMs);
  }

  #about() {
    const { row, epochMs } = this.options;
    return { run: row.id, atMs: epochMs(), generation: row.generation, labels: row.labels };
  }

  /** Live only. */
  #tell<Type extends RunMessageType>(type: Type, data: DataOf<Type>): void {
    this.journal.append(this, message(this.#about(), type, data));
  }

  #append<Type extends RunMessageType>(
    type: Type,
    data: DataOf<Type>,
    final?: ReturnType<typeof finalRow>,
    also?: (to: Rows) => Promise<void>,
  ): void {
    const id = ++this.#lastId;
    this.journal.append(this, message(this.#about(), type, data, id), final, also);
  }
}

/** Names a stream of finals. */
export const coverKey = (output: string, node: string, role: string): string => JSON.stringify([output, node, role]);

export const isOver = (state: RunState): boolean => state === "done" || state === "failed" || state === "cancelled";
