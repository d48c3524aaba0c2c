import type { RunRow } from "#engine/store";
import type { AttachRequest, AudioInlet, InputTrack, LiveSession, OutputTrack, SessionListener } from "../api/live.ts";
import { Follower, type Source } from "./follower.ts";
import { type SessionHost, wanted } from "./session.ts";

/** A socket on a run that is over: it is told what it has not heard, and then that nothing follows. */
export class Replayed implements LiveSession {
  readonly outputs: readonly OutputTrack[];
  readonly runId: string;
  readonly project: string;
  readonly #follower: Follower;
  #over = false;

  constructor(
    source: Source,
    row: RunRow,
    request: AttachRequest,
    private readonly listener: SessionListener,
    /** All of them ended. */
    readonly inputs: readonly InputTrack[],
    private readonly host: Pick<SessionHost, "lateMessages">,
  ) {
    this.runId = row.id;
    this.project = row.project;
    this.outputs = row.request.outputs as readonly OutputTrack[];
    this.#follower = new Follower(
      source,
      {
        take: (event) => {
          const more = listener.send({ type: "event", event });
          if ((event.id ?? 0) >= source.storedId) this.#finish(undefined);
          return more;
        },
        missed: () => true,
        failed: () => this.#finish("READER_TOO_SLOW"),
      },
      request.after,
      wanted(request),
    );
    // there is nothing that it has not heard, or its last message is one that was not asked for
    if (this.#follower.idle) queueMicrotask(() => this.#finish(undefined));
  }

  /** Who lost the connection before the end of the run may not know of it yet. */
  push(): void {
    this.host.lateMessages++;
  }

  inlet(number: number): AudioInlet | undefined {
    return number < this.inputs.length ? this : undefined;
  }

  pushText(): void {
    this.host.lateMessages++;
  }

  mute(): void {}
  flush(): void {}
  end(): void {}

  writable(): void {
    this.#follower.resume();
  }

  close(): void {
    this.#over = true;
    this.#follower.close();
  }

  #finish(code: "READER_TOO_SLOW" | undefined): void {
    if (this.#over) return;
    this.close();
    this.listener.send({ type: "closed", ...(code && { code }), reason: "the run is over" });
  }
}
