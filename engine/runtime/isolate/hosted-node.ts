import { randomUUID } from "node:crypto";
import { rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { EngineError } from "#engine/errors";
import { type Control, type Frame, sampleCount } from "#engine/frames";
import type { AwaitableEmit, NodeContext, NodeDefinition, TaskInput, TaskNode } from "#engine/plugin";
import type { Child } from "./child.ts";
import { arrivedError, crossingError, outcomeOf, trimmed } from "./crossing.ts";
import { machineMs } from "./inside-clock.ts";
import { type CrossingFacts, type Down, type Up, WINDOW_FRAMES } from "./messages.ts";
import { NodeAsks } from "./node-asks.ts";

type NodeUp = Extract<Up, { readonly node: number }>;
interface Emitted {
  readonly frame: Frame;
  readonly port?: string;
}

/** A node on this side whose hooks run in the child of its plugin: hands on what goes in and out, and lends its context. */
export class HostedNode implements TaskNode {
  readonly #node: number;
  readonly #asks: NodeAsks;
  readonly #tempDir = join(tmpdir(), `parlando-run-${randomUUID()}`);
  readonly #timers = new Map<number, () => void>();
  readonly #emitted: Emitted[] = [];
  #emit: AwaitableEmit | undefined;
  #emitting: Promise<void> | undefined;
  /** Frames, and samples of them, that the child's node has not taken yet. */
  #underWay = 0;
  #samplesUnderWay = 0;
  #heldInside = 0;
  #forRoom: (() => void) | undefined;
  #fail: ((error: unknown) => void) | undefined;
  #failure: unknown;
  // under a virtual clock
  #sequence = 0;
  #settled = 0;
  #onSettled: (() => void) | undefined;
  #settling = false;
  readonly #unheard: NodeUp[] = [];

  constructor(
    readonly definition: NodeDefinition,
    readonly ctx: NodeContext,
    private readonly child: Child,
  ) {
    this.#node = child.add(this);
    this.#asks = new NodeAsks(ctx, child, (down) => this.#post(down));
  }

  async create(config: unknown): Promise<void> {
    const { type } = this.definition;
    const node = this.#node;
    await this.#call((call) => ({ kind: "create", node, call, type, config, facts: this.#facts() }));
  }

  async run(input: TaskInput, emit: AwaitableEmit, signal: AbortSignal): Promise<void> {
    this.#emit = emit;
    const node = this.#node;
    const onAbort = () => this.#tryToPost({ kind: "abort", node, error: crossingError(signal.reason) });
    signal.addEventListener("abort", onAbort, { once: true });
    const broken = new Promise<never>((_, reject) => {
      this.#fail = reject;
      if (this.#failure !== undefined) reject(this.#failure);
    });
    try {
      const done = this.#call((call) => ({ kind: "run", node, call }));
      // a failed feed ends the node; one that ended with its input, or with the run, does not
      const fed = this.#feed(input).then(
        () => done,
        (error) => (signal.aborted ? done : Promise.reject(error)),
      );
      await Promise.race([done, fed, broken]);
      while (this.#emitting) await this.#emitting;
    } catch (error) {
      this.#tryToPost({ kind: "abort", node, error: crossingError(error) });
      throw error;
    } finally {
      signal.removeEventListener("abort", onAbort);
    }
  }

  onControl(control: Control): void {
    this.#tryToPost({ kind: "control", node: this.#node, control });
  }

  onUpdate(config: unknown): void {
    this.#post({ kind: "update", node: this.#node, config });
  }

  /** What is on its way counts as inside. */
  held(): number {
    return this.#heldInside + this.#samplesUnderWay;
  }

  async close(): Promise<void> {
    const node = this.#node;
    try {
      if (!this.child.dead) await this.#call((call) => ({ kind: "close", node, call }));
    } catch (error) {
      if (!this.child.dead) throw error; // else its runs know already
    } finally {
      this.child.remove(node);
      for (const callOff of this.#timers.values()) callOff();
      this.#forRoom?.();
      rmSync(this.#tempDir, { recursive: true, force: true });
    }
  }

  lost(error: EngineError): void {
    this.#hearAll(); // what it said before counts
    this.#break(error);
    this.#onSettled?.();
    this.#forRoom?.();
  }

  take(up: NodeUp): void {
    if (up.kind === "settled") {
      this.#settled = Math.max(this.#settled, up.sequence);
      if (this.#settled >= this.#sequence) this.#onSettled?.();
    } else if (up.kind === "ask") this.#answer(up);
    else {
      this.#unheard.push(up);
      if (!this.#settling || this.ctx.signal.aborted) this.#hearAll();
    }
  }

  async #feed(input: TaskInput): Promise<void> {
    const node = this.#node;
    for (let received = await input.next(); received; received = await input.next()) {
      if (this.#underWay >= WINDOW_FRAMES)
        await new Promise<void>((resolve) => {
          this.#forRoom = resolve;
        });
      const frame = trimmed(received.frame);
      this.#underWay++;
      this.#samplesUnderWay += frame.kind === "audio" ? sampleCount(frame) : 0;
      this.#post({ kind: "frame", node, port: received.port, frame });
    }
    this.#post({ kind: "inputEnd", node });
  }

  #hear(up: Exclude<NodeUp, { readonly kind: "settled" | "ask" }>): void {
    const { ctx } = this;
    switch (up.kind) {
      case "emit":
        this.#emitted.push(up);
        this.#emitting ??= this.#emitAll();
        return;
      case "answer":
        return this.child.calls.settle(up.call, up.outcome);
      case "taken":
        return this.#taken(up);
      case "count":
        return ctx.count(up.counter, up.by);
      case "usage":
        return ctx.usage(up.unit, up.amount);
      case "gate":
        return ctx.gate(up.samples);
      case "report":
        return ctx.report(up.event);
      case "log":
        return ctx.log[up.level](up.message, up.facts);
      case "after":
        return this.#after(up.timer, up.ms);
      case "callOffTimer":
        this.#timers.get(up.timer)?.();
        this.#timers.delete(up.timer);
        return;
      case "write":
        return this.#write(up);
      case "callOff":
        return this.#asks.callOff(up.call);
      case "failed":
        return this.#break(arrivedError(up.error));
    }
  }

  /** In order; undefined where everything has found its room at once. */
  #emitAll(): Promise<void> | undefined {
    for (let next = this.#emitted.shift(); next; next = this.#emitted.shift()) {
      const room = this.#emitOne(next);
      if (room) return room.then(() => this.#goOnEmitting());
    }
    return undefined;
  }

  async #goOnEmitting(): Promise<void> {
    this.#emitting = this.#emitAll();
    await this.#emitting;
  }

  #emitOne({ frame, port }: Emitted): Promise<void> | undefined {
    const roomed = () => this.#tryToPost({ kind: "room", node: this.#node, frames: 1 });
    const failed = (error: unknown) => this.#break(error);
    try {
      const room = this.#emit?.(frame, port);
      if (room) return room.then(roomed, failed);
      roomed();
    } catch (error) {
      failed(error);
    }
    return undefined;
  }

  #taken({ frames, samples, held }: Extract<Up, { kind: "taken" }>): void {
    this.#underWay -= frames;
    this.#samplesUnderWay -= samples;
    this.#heldInside = held;
    if (this.#underWay < WINDOW_FRAMES) this.#forRoom?.();
  }

  #after(timer: number, ms: number): void {
    const node = this.#node;
    const callOff = this.ctx.clock.after(ms, () => {
      this.#timers.delete(timer);
      this.#tryToPost({ kind: "timer", node, timer });
    });
    this.#timers.set(timer, callOff);
  }

  #write({ file, bytes, at }: Extract<Up, { kind: "write" }>): void {
    try {
      if (at === undefined) this.#asks.files[file]?.write(bytes);
      else this.#asks.files[file]?.writeAt(at, bytes);
    } catch (error) {
      this.#break(error);
    }
  }

  #answer({ node, call, ask }: Extract<Up, { kind: "ask" }>): void {
    void outcomeOf(this.#asks.answer(call, ask)).then((outcome) =>
      this.#tryToPost({ kind: "answer", node, call, outcome }),
    );
  }

  #break(error: unknown): void {
    this.#failure ??= error;
    this.#fail?.(error);
  }

  async #call(down: (call: number) => Down): Promise<void> {
    await this.child.calls.make((call) => this.#post(down(call))).answer;
  }

  /** For what comes to nothing when the child is no more: its loss is told by other ways. */
  #tryToPost(down: Down): void {
    if (!this.child.dead) this.#post(down);
  }

  #post(down: Down): void {
    if (!this.ctx.clock.virtual) return this.child.send(down);
    this.#sequence++;
    this.child.send(down, { node: this.#node, sequence: this.#sequence, nowMs: this.ctx.clock.nowMs() });
    if (!this.#settling && !this.ctx.signal.aborted) void this.#settle();
  }

  /** Time stands still until the child has done all it can do now; what it said meanwhile is heard in plan order. */
  async #settle(): Promise<void> {
    this.#settling = true;
    try {
      while (this.#settled < this.#sequence && !this.child.dead) {
        await this.ctx.outside(
          () =>
            new Promise<void>((resolve) => {
              this.#onSettled = resolve;
            }),
        );
        this.#hearAll();
      }
    } catch (error) {
      if (!this.ctx.signal.aborted) this.#break(error);
    } finally {
      this.#settling = false;
      this.#hearAll();
    }
  }

  #hearAll(): void {
    for (const up of this.#unheard.splice(0)) if (up.kind !== "settled" && up.kind !== "ask") this.#hear(up);
  }

  #facts(): CrossingFacts {
    const { ctx } = this;
    const format = formatOf(ctx);
    return {
      runId: ctx.runId,
      nodeId: ctx.nodeId,
      labels: ctx.labels,
      ...(format && { format }),
      formats: ctx.formats,
      tracing: ctx.tracing,
      virtual: ctx.clock.virtual,
      nowMs: ctx.clock.nowMs(),
      machineMs: machineMs(),
      epochMs: ctx.epochMs(),
      seed: ctx.random(),
      firstUtterance: ctx.newUtterance(),
      tempDir: this.#tempDir,
      keepsOutbox: ctx.outbox !== undefined,
    };
  }
}

/** Where it is not known, the node is told so when it asks. */
function formatOf(ctx: NodeContext): NodeContext["format"] | undefined {
  try {
    return ctx.format;
  } catch {
    return undefined;
  }
}
