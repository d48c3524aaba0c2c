import type { EngineError } from "#engine/errors";
import type { Control, Frame } from "#engine/frames";
import type { InlineNode, TaskNode } from "#engine/plugin";
import { isTimed } from "./call-timing.ts";
import type { Feed } from "./inlet.ts";
import type { Receiver } from "./link.ts";
import type { Patient } from "./scheduler.ts";
import { FRAMES_PER_STEP, Unit } from "./unit.ts";

/**
 * A node of the inline shape. Where the edge before it is direct, its producer's emission calls `receive`, so that a chain of inline
 * nodes is one call; otherwise `step` takes queued frames while everything behind has room.
 */
export class InlineUnit extends Unit implements Receiver, Patient {
  node: InlineNode | undefined;

  adopt(node: InlineNode | TaskNode): void {
    this.node = node as InlineNode;
  }

  start(): void {
    this.state = "running";
    if (this.inlet.feeds.length > 0) this.wake();
  }

  receive(frame: Frame, port: string, samples: number): void {
    if (this.state !== "running") return;
    this.countIn(samples);
    const watch = this.host.watch;
    const before = watch.enterFrame(this.watchToken);
    try {
      this.node!.onFrame(frame, this.deliver, port);
    } catch (error) {
      this.host.failed(this, error);
    }
    watch.leave(before);
  }

  #timed(frame: Frame, port: string): void {
    const startedMs = performance.now();
    this.node!.onFrame(frame, this.deliver, port);
    this.host.calls.add(this.planned.type, "onFrame", performance.now() - startedMs);
  }

  step(): void {
    this.take(false);
  }

  release(): void {
    this.take(true);
  }

  control(control: Control): void {
    if (this.state === "running") this.guard("onControl", () => this.node?.onControl?.(control, this.deliver));
  }

  /** Nothing in it waits, so there is nothing to interrupt. */
  interrupt(_reason: EngineError): void {}

  protected take(impatient: boolean): void {
    const only = this.inlet.only;
    if (only !== undefined) return this.#takeFrom(only);
    let patience = !impatient;
    for (let n = 0; n < FRAMES_PER_STEP && this.state === "running"; n++) {
      if (!this.hasRoom()) return this.guard("onFrame", () => this.awaitRoom());
      const feed = this.inlet.choose(!patience);
      if (feed === "wait") return this.host.whenIdle(this);
      if (feed === undefined) return this.settleFeeds();
      const frame = this.inlet.take(feed);
      if (frame !== undefined) this.receive(frame, feed.port, feed.edge.shiftedSamples);
      patience = true;
    }
    if (this.state === "running") this.wake();
  }

  /** Where there is one queue only, which is usual: one error boundary and one entry for the watchdog around all frames of the step. */
  #takeFrom({ edge, port }: Feed): void {
    if (this.state !== "running") return;
    const watch = this.host.watch;
    const before = watch.enterFrame(this.watchToken);
    let room = true;
    let left = FRAMES_PER_STEP;
    try {
      for (; left > 0 && this.state === "running"; left--) {
        room = this.hasRoom();
        if (!room) break;
        const frame = edge.shift();
        if (frame === undefined) break;
        this.countIn(edge.shiftedSamples);
        if (isTimed(this.framesIn.frames)) this.#timed(frame, port);
        else this.node!.onFrame(frame, this.deliver, port);
      }
    } catch (error) {
      this.host.failed(this, error);
    }
    watch.leave(before);
    if (this.state !== "running") return;
    if (!room) this.guard("onFrame", () => this.awaitRoom());
    else if (left > 0) this.settleFeeds();
    else this.wake();
  }

  protected onInputEnd(): void {
    this.stop("ended");
    this.host.ended(this);
  }
}
