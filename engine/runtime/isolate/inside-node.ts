import { EngineError } from "#engine/errors";
import type { Control, Frame } from "#engine/frames";
import type { AwaitableEmit, InlineNode, NodeDefinition, TaskNode } from "#engine/plugin";
import { crossingError, trimmed } from "./crossing.ts";
import type { InsideContext } from "./inside-context.ts";
import { InsideInput } from "./inside-input.ts";
import { type Up, WINDOW_FRAMES } from "./messages.ts";

/** Frames that a node may emit without awaiting any of them. */
const FLOOD_FRAMES = 65_536;

/** One node of one run in a Worker or process of its own, of either shape. */
export class InsideNode {
  #node: InlineNode | TaskNode | undefined;
  readonly input: InsideInput;
  #emitted = 0;
  #forRoom: PromiseWithResolvers<void> | undefined;

  constructor(
    readonly definition: NodeDefinition,
    readonly ctx: InsideContext,
    private readonly abort: AbortController,
    private readonly send: (up: Up) => void,
  ) {
    this.input = new InsideInput(
      abort.signal,
      (samples) => this.#taken(samples),
      (port) => this.#control({ kind: "end", port }),
    );
  }

  async create(config: unknown): Promise<void> {
    this.#node = await this.definition.create(config, this.ctx);
  }

  /** Until its input has ended and everything that it emitted has found room; then its files are complete. */
  async run(): Promise<void> {
    const node = this.#node!;
    try {
      if ("run" in node) await node.run(this.input, this.#emit, this.abort.signal);
      else await this.#runInline(node);
    } finally {
      this.ctx.finish();
      this.#tellTaken(0, 0);
    }
  }

  control(control: Control): void {
    // an end waits for the frames before it, every other control overtakes them
    if (control.kind === "end") this.input.push({ ended: control.port });
    else this.#control(control);
  }

  update(config: unknown): void {
    this.#guarded(() => this.#node?.onUpdate?.(config));
  }

  /** Frames have found their room. */
  room(frames: number): void {
    this.#emitted -= frames;
    if (this.#emitted >= WINDOW_FRAMES) return;
    this.#forRoom?.resolve();
    this.#forRoom = undefined;
  }

  interrupt(reason: Error): void {
    this.abort.abort(reason);
    this.#forRoom?.reject(reason);
    this.#forRoom = undefined;
  }

  async close(): Promise<void> {
    try {
      await this.#node?.close?.();
    } finally {
      await this.ctx.dispose();
    }
  }

  async #runInline(node: InlineNode): Promise<void> {
    for (let received = await this.input.next(); received; received = await this.input.next()) {
      node.onFrame(received.frame, this.#emit, received.port);
      this.#tellTaken(0, 0);
      if (this.#emitted >= WINDOW_FRAMES) await this.#room();
    }
  }

  #control(control: Control): void {
    this.#guarded(() => this.#node?.onControl?.(control, this.#emit));
  }

  /** Hooks that nobody awaits: what they throw fails the node all the same. */
  #guarded(hook: () => void): void {
    try {
      hook();
    } catch (error) {
      this.send({ kind: "failed", node: this.ctx.node, error: crossingError(error) });
    }
  }

  readonly #emit: AwaitableEmit = (frame: Frame, port?: string) => {
    if (this.abort.signal.aborted) return handled(Promise.reject(this.abort.signal.reason));
    if (this.#emitted >= FLOOD_FRAMES)
      throw new EngineError("NODE_FLOODED", `${this.ctx.nodeId} goes on emitting, and there is no room for it`);
    this.#emitted++;
    this.send({ kind: "emit", node: this.ctx.node, frame: trimmed(frame), ...(port !== undefined && { port }) });
    return this.#emitted < WINDOW_FRAMES ? undefined : this.#room();
  };

  #room(): Promise<void> {
    this.#forRoom ??= Promise.withResolvers();
    return handled(this.#forRoom.promise);
  }

  #taken(samples: number): void {
    this.#tellTaken(1, samples);
  }

  #tellTaken(frames: number, samples: number): void {
    this.send({ kind: "taken", node: this.ctx.node, frames, samples, held: this.#node?.held?.() ?? 0 });
  }
}

function handled(promise: Promise<void>): Promise<void> {
  promise.catch(() => {});
  return promise;
}
