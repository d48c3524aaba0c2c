import { asEngineError, EngineError } from "#engine/errors";
import type { Clock, Logger } from "#engine/plugin";
import type { DeliveryRow, EventRow, FinalRow, Rows, Store, TrackRow } from "#engine/store";
import type { RunMessage } from "./messages.ts";

/** What writes in the journal: a run of this process. */
export interface Writer {
  readonly id: string;
  readonly project: string;
  /** Called in order: the message is stored, or is one that is never stored. */
  committed(message: RunMessage): void;
  /** Positions of its tracks that are not stored as they are; asked just before a commit. */
  changedTracks(): readonly TrackRow[];
  tracksCommitted(tracks: readonly TrackRow[]): void;
}

interface Entry {
  readonly writer: Writer;
  readonly message: RunMessage;
  readonly final: FinalRow | undefined;
  /** More that has to be stored in the same transaction. */
  readonly also: ((to: Rows) => Promise<void>) | undefined;
}

/** What is stored with the next commit, without being told. */
interface Save {
  readonly also: (to: Rows) => Promise<void>;
  readonly stored: () => void;
}

/** So many entries may wait for a store that fails; beyond, senders are refused. */
const MOST_WAITING = 50_000;
const RETRY_MS = [50, 200, 1000, 2000] as const;
const REMEMBERED_COMMITS = 1000;

/**
 * Stores what runs say before anyone is told, all runs together in one transaction at a time. A commit that fails is tried again until it
 * succeeds: nothing is told meanwhile, nothing is lost, and whoever brings more is refused once too much waits.
 */
export class Journal {
  readonly #entries: Entry[] = [];
  readonly #saves: Save[] = [];
  readonly #touched = new Set<Writer>();
  readonly #idle: (() => void)[] = [];
  #going = false;
  #scheduled = false;
  #failure: EngineError | undefined;
  commits = 0;
  events = 0;
  readonly commitMs: number[] = [];

  /** @param outbox what others are to be told of a message, in the same transaction. */
  constructor(
    private readonly store: Store,
    private readonly clock: Clock,
    private readonly log: Logger,
    private readonly outbox: (message: RunMessage, project: string) => readonly DeliveryRow[],
    private readonly queued: () => void,
  ) {}

  /** Why the last commit failed, as long as none has succeeded since. */
  get failure(): EngineError | undefined {
    return this.#failure;
  }

  /** @throws EngineError STORE_FULL, STORE_FAILED when too much waits for a store that fails. */
  requireRoom(): void {
    if (this.#entries.length > MOST_WAITING)
      throw this.#failure ?? new EngineError("STORE_FAILED", "the store does not keep up with what the runs say");
  }

  append(writer: Writer, message: RunMessage, final?: FinalRow, also?: (to: Rows) => Promise<void>): void {
    if (message.id === undefined && this.#entries.length === 0 && !this.#going) return writer.committed(message);
    this.#entries.push({ writer, message, final, also });
    this.#touched.add(writer);
    this.#schedule();
  }

  /** Positions of its tracks may have changed. */
  touch(writer: Writer): void {
    this.#touched.add(writer);
    this.#schedule();
  }

  /** Stores more with the next commit. Resolves when it is stored. */
  save(also: (to: Rows) => Promise<void>): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#saves.push({ also, stored: resolve });
    this.#schedule();
    return promise;
  }

  /** Resolves when everything that is in it now is stored and told. */
  async settled(): Promise<void> {
    if (!this.#going && !this.#scheduled && this.#entries.length === 0) return;
    await new Promise<void>((resolve) => this.#idle.push(resolve));
  }

  #schedule(): void {
    if (this.#going || this.#scheduled) return;
    this.#scheduled = true;
    setImmediate(() => {
      this.#scheduled = false;
      void this.#work();
    });
  }

  async #work(): Promise<void> {
    if (this.#going) return;
    this.#going = true;
    while (this.#entries.length > 0 || this.#touched.size > 0 || this.#saves.length > 0) {
      // all of them: positions rest on what is in the same transaction
      const batch = this.#entries.splice(0);
      const saves = this.#saves.splice(0);
      const touched = [...this.#touched];
      this.#touched.clear();
      const tracks = new Map(touched.map((writer) => [writer, writer.changedTracks()]));
      await this.#commit(batch, [...tracks.values()].flat(), saves);
      for (const [writer, changed] of tracks) if (changed.length > 0) writer.tracksCommitted(changed);
      for (const { writer, message } of batch) writer.committed(message);
      for (const { stored } of saves) stored();
    }
    this.#going = false;
    for (const resolve of this.#idle.splice(0)) resolve();
  }

  async #commit(batch: readonly Entry[], tracks: readonly TrackRow[], saves: readonly Save[]): Promise<void> {
    const durable = batch.filter(({ message, also }) => message.id !== undefined || also);
    if (durable.length === 0 && tracks.length === 0 && saves.length === 0) return;
    const events = durable.flatMap(({ message }) => (message.id === undefined ? [] : [eventRow(message, message.id)]));
    const finals = durable.flatMap(({ final }) => final ?? []);
    const deliveries = durable.flatMap(({ message, writer }) => this.outbox(message, writer.project));
    for (let attempt = 0; ; attempt++) {
      const begunMs = performance.now();
      try {
        await this.store.write(async (to) => {
          await to.journal.appendEvents(events);
          await to.journal.appendFinals(finals);
          await to.journal.saveTracks(tracks);
          await to.webhooks.queue(deliveries);
          for (const { also } of [...durable, ...saves]) await also?.(to);
        });
        this.#count(events.length, performance.now() - begunMs);
        if (deliveries.length > 0) this.queued();
        return;
      } catch (error) {
        this.#failure = asEngineError(error, "STORE_FAILED", "journal");
        this.log.warn("a commit failed and is tried again", {
          code: this.#failure.code,
          attempt,
          events: events.length,
        });
        await this.clock.sleep(RETRY_MS[Math.min(attempt, RETRY_MS.length - 1)]!);
      }
    }
  }

  #count(events: number, ms: number): void {
    this.#failure = undefined;
    this.commits++;
    this.events += events;
    this.commitMs.push(ms);
    if (this.commitMs.length > REMEMBERED_COMMITS) this.commitMs.shift();
  }
}

const eventRow = (message: RunMessage, id: number): EventRow => ({
  runId: message.run,
  id,
  type: message.type,
  version: message.version,
  atMs: Math.round(message.atMs),
  generation: message.generation,
  data: message.data,
});
