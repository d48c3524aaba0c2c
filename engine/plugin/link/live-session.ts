import type { Frame } from "../../frames/index.ts";
import type { NodeContext } from "../context.ts";
import type { PeerSession, Session } from "./protocol.ts";
import type { Timeline } from "./timeline.ts";

/** Hands a frame on; the promise, where there is one, resolves when there is room for more. */
export type Sink = (frame: Frame, port?: string) => Promise<void> | undefined;

/** A session as the link keeps it: where its results go, and what became of it. */
export class LiveSession implements Session {
  /** The vendor's side, set once the peer has made it. */
  peer!: PeerSession;
  /** Frames that were sent in it. */
  sent = 0;
  /** Resolves when the vendor ended it in order. */
  readonly ended: Promise<void>;
  readonly #resolveEnded: () => void;
  #open = true;
  #over = false;
  /** Settles when there is room for all that was emitted; several may wait for it. */
  #rooms: Promise<unknown> | undefined;

  constructor(
    readonly ctx: NodeContext,
    readonly timeline: Timeline,
    readonly utterance: string | undefined,
    readonly beganMs: number,
    private readonly sink: Sink,
  ) {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.ended = promise;
    this.#resolveEnded = resolve;
  }

  /** Nothing that comes for it counts any more once this is false. */
  get isOpen(): boolean {
    return this.#open;
  }

  /** The vendor has ended it: it takes nothing more. */
  get isOver(): boolean {
    return this.#over;
  }

  emit(frame: Frame, port?: string): void {
    if (!this.#open) return;
    const room = this.sink(frame, port);
    if (!room) return;
    const all = Promise.all([this.#rooms, room]);
    all.catch(() => {}); // told to whoever waits for room
    this.#rooms = all;
  }

  over(): void {
    this.#over = true;
    this.#resolveEnded();
  }

  /** What was emitted waits for room behind the node. */
  get isFull(): boolean {
    return this.#rooms !== undefined;
  }

  /** Resolves when there is room behind the node for what was emitted. */
  async room(): Promise<void> {
    for (let rooms = this.#rooms; rooms; rooms = this.#rooms) {
      await rooms;
      if (this.#rooms === rooms) this.#rooms = undefined;
    }
  }

  /** What still comes for it is dropped. */
  shut(): void {
    this.#open = false;
  }
}
