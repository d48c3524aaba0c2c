import { EngineError } from "#engine/errors";
import type { Frame } from "#engine/frames";
import type { GatewayOutcome, GatewayRun, GatewayStart } from "#engine/plugin";
import type { LiveRun } from "../live/live-run.ts";
import type { Hearer } from "../live/live-run-options.ts";
import type { LiveTrack } from "../live/live-track.ts";
import type { RunBook } from "../runs/run-book.ts";

/** How many frames may wait for a run before its client is not read any further. */
const MOST_WAITING = 64;

interface Held {
  readonly output: string;
  readonly frame: Frame;
  readonly afterId: number;
}

/**
 * What comes out of a run for a gateway's client: in order, and none of it before the store has what it follows from, so that a final that
 * the client was told is never lost.
 */
export class Outflow implements Hearer {
  readonly #held: Held[] = [];
  readonly #ready = Promise.withResolvers<void>();
  #storedId = 0;
  #broken = false;

  /** @param failed what a gateway threw where it should not; nothing more is told. */
  constructor(
    private readonly onOutput: GatewayStart["onOutput"],
    private readonly failed: (error: unknown) => void,
  ) {}

  /** Resolves when all nodes are ready. */
  get ready(): Promise<void> {
    return this.#ready.promise;
  }

  running(): void {
    this.#ready.resolve();
  }

  frame(output: string, frame: Frame, afterId: number): void {
    if (this.#held.length === 0 && afterId <= this.#storedId) this.#tell(output, frame);
    else this.#held.push({ output, frame, afterId });
  }

  stored(id: number): void {
    this.#storedId = id;
    for (let next = this.#held[0]; next && next.afterId <= id; next = this.#held[0]) {
      this.#held.shift();
      this.#tell(next.output, next.frame);
    }
  }

  /** The store of all runs waits for it, so nothing that goes wrong in a gateway may reach it. */
  #tell(output: string, frame: Frame): void {
    if (this.#broken) return;
    try {
      this.onOutput(frame, output);
    } catch (error) {
      this.#broken = true;
      this.failed(error);
    }
  }
}

/** A stored run that a gateway's client feeds. */
export class ClientRun implements GatewayRun {
  readonly done: Promise<GatewayOutcome>;
  #over = false;

  constructor(
    private readonly live: LiveRun,
    private readonly track: LiveTrack,
    book: RunBook,
    signal: AbortSignal | undefined,
  ) {
    track.takenBy(this); // nobody else sends, so the run is never taken for left alone
    book.changed(live);
    const left = () => this.cancel("the client has gone");
    this.done = live.ended.then((report): GatewayOutcome => {
      this.#over = true;
      signal?.removeEventListener("abort", left);
      if (!report) return { state: "cancelled", error: new EngineError("SERVER_DRAINING", "the server ends") };
      return { state: report.state, ...(report.error && { error: report.error }) };
    });
    if (signal?.aborted) left();
    else signal?.addEventListener("abort", left, { once: true });
  }

  get id(): string {
    return this.live.id;
  }

  push(frame: Frame): Promise<void> | undefined {
    if (this.#over) return undefined;
    try {
      this.live.options.journal.requireRoom();
    } catch (error) {
      return Promise.reject(error);
    }
    return this.track.pushFrame(frame, MOST_WAITING);
  }

  flush(): void {
    this.live.run.control({ kind: "flush" });
  }

  end(): void {
    this.track.end();
    this.live.options.journal.touch(this.live);
  }

  cancel(reason: string): void {
    this.live.cancel(reason);
  }
}
