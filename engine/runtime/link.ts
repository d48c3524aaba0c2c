import type { Frame, FrameKind, TextRole } from "#engine/frames";
import type { DropReason, Edge } from "./edge.ts";

const KINDS: Readonly<Record<FrameKind, number>> = {
  audio: 1,
  speech: 2,
  text: 4,
  encoded: 8,
  recording: 16,
  data: 32,
};

/** What takes frames without a queue: an inline node in its producer's call, or a listener outside the run. */
export interface Receiver {
  receive(frame: Frame, port: string, samples: number): void;
  /** One of the links that feed `port` has ended. `cut`: its stream was cut short. */
  linkEnded(port: string, cut: boolean): void;
}

/** Why a frame may not go over a link; undefined where it may. */
export type Refusal = (frame: Frame) => DropReason | undefined;

/** One way out of an output port: filters by kind, then queues or calls. */
export class Link {
  readonly #kinds: number;
  /** A kind that is taken whatever its role: audio, where it is taken at all. Most frames are of it. */
  usual: FrameKind | undefined;
  readonly #roles: readonly TextRole[] | undefined;
  /** Frames that went over a link without a queue, where in = out by construction. */
  moved = 0;
  movedSamples = 0;
  #refusals: Refusal[] | undefined;

  constructor(
    readonly id: string,
    kinds: readonly FrameKind[],
    roles: readonly TextRole[] | undefined,
    readonly port: string,
    readonly receiver: Receiver,
    readonly edge: Edge | undefined,
  ) {
    this.#kinds = kinds.reduce((mask, kind) => mask | KINDS[kind], 0);
    this.#roles = roles;
    this.usual = kinds.find((kind) => kind === "audio") ?? kinds.find((kind) => kind !== "text");
  }

  /** @param samples of the frame, per channel */
  offer(frame: Frame, samples: number): void {
    if (frame.kind !== this.usual && !this.#takes(frame)) return;
    if (this.#refusals !== undefined) {
      const reason = refused(frame, this.#refusals);
      if (reason !== undefined) return this.edge?.refuse(frame, samples, reason);
    }
    if (this.edge !== undefined) return this.edge.push(frame, samples);
    this.moved++;
    this.movedSamples += samples;
    this.receiver.receive(frame, this.port, samples);
  }

  /** From now on asks of every frame. A link without a queue does not count what is refused. */
  refuse(refusal: Refusal): void {
    this.#refusals = [...(this.#refusals ?? []), refusal];
    this.usual = undefined; // the short way asks nothing
  }

  #takes(frame: Frame): boolean {
    if ((this.#kinds & KINDS[frame.kind]) === 0) return false;
    return !this.#roles || frame.kind !== "text" || this.#roles.includes(frame.role);
  }

  end(cut: boolean): void {
    if (this.edge) this.edge.close(cut);
    else this.receiver.linkEnded(this.port, cut);
  }
}

function refused(frame: Frame, refusals: readonly Refusal[]): DropReason | undefined {
  for (const refusal of refusals) {
    const reason = refusal(frame);
    if (reason !== undefined) return reason;
  }
  return undefined;
}
