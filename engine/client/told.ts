import type { AudioPiece, InputTrack, OutputTrack, Run, RunEvent } from "./types.ts";

export interface Ready {
  readonly run: Run;
  readonly inputs: readonly InputTrack[];
  readonly outputs: readonly OutputTrack[];
}

/** What a live run tells, by name. */
export interface LiveEvents {
  ready: Ready;
  event: RunEvent;
  audio: AudioPiece;
  /** `ended`: somebody else has ended the track, and takes no more on it. */
  position: { readonly track: string; readonly received: number; readonly kept: number; readonly ended?: boolean };
  missed: { readonly events: number; readonly audioMs: number; readonly lastId: number };
  /** The connection is lost and looked for again. */
  lost: { readonly attempt: number; readonly reason: string };
}

/** A message of the server, as far as this client looks at it. */
export type Told =
  | ({ readonly type: "ready" } & Ready)
  | { readonly type: "event"; readonly event: RunEvent }
  | ({ readonly type: "position" } & LiveEvents["position"])
  | ({ readonly type: "missed" } & LiveEvents["missed"])
  | { readonly type: "updated" | "refused"; readonly ref?: number; readonly problem?: unknown }
  | { readonly type: "error"; readonly problem: unknown }
  | { readonly type: "closed"; readonly code?: string; readonly reason: string };

/** Who listens to what. */
export class Listeners {
  readonly #sets: { [K in keyof LiveEvents]: Set<(told: LiveEvents[K]) => void> } = {
    ready: new Set(),
    event: new Set(),
    audio: new Set(),
    position: new Set(),
    missed: new Set(),
    lost: new Set(),
  };

  add<K extends keyof LiveEvents>(kind: K, listener: (told: LiveEvents[K]) => void): () => void {
    const set: Set<(told: LiveEvents[K]) => void> = this.#sets[kind];
    set.add(listener);
    return () => void set.delete(listener);
  }

  tell<K extends keyof LiveEvents>(kind: K, told: LiveEvents[K]): void {
    const set: Set<(told: LiveEvents[K]) => void> = this.#sets[kind];
    for (const listener of [...set]) listener(told);
  }

  /** Each event until `done` settles, in order; one that comes while its reader is busy waits. */
  async *events(done: Promise<void>): AsyncGenerator<RunEvent> {
    const waiting: RunEvent[] = [];
    let wake = () => {};
    let open = true;
    const off = this.add("event", (event) => {
      waiting.push(event);
      wake();
    });
    const end = () => {
      open = false;
      wake();
    };
    done.then(end, end);
    try {
      for (;;) {
        const next = waiting.shift();
        if (next) yield next;
        else if (!open) return;
        else
          await new Promise<void>((resolve) => {
            wake = resolve;
          });
      }
    } finally {
      off();
    }
  }
}
