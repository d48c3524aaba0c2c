import { EngineError } from "#engine/errors";
import type { Control, Frame } from "#engine/frames";
import { sampleCount } from "#engine/frames";
import type { NodeContext } from "../context.ts";
import type { AwaitableEmit, Role, TaskInput, TaskNode } from "../node.ts";
import type { InputPorts, OutputPorts } from "../ports.ts";
import { Budget, type Step } from "./budget.ts";
import { type Candidate, PortMap, UtteranceIds } from "./candidate.ts";
import { Continuity } from "./continuity.ts";
import { Feed } from "./feed.ts";
import { Instance } from "./instance.ts";
import { instanceContext } from "./instance-context.ts";
import { FrameReplay, type Item, lengthMs, type Replay, UtteranceReplay } from "./replay.ts";
import { Seam } from "./seam.ts";

/** What a supervisor works by: the candidates, and the face that the first of them shows to the workflow. */
export interface Supervision {
  readonly candidates: readonly Candidate[];
  readonly resultMs?: number;
  readonly role: Role;
  readonly inputs: InputPorts;
  readonly outputs: OutputPorts;
  readonly passesAudio: boolean;
}

/** Hosts one instance at a time of one candidate after the other, and makes them look like one node. */
export class Supervisor implements TaskNode {
  readonly #budget: Budget;
  readonly #byUtterance: boolean;
  readonly #replay: Replay;
  readonly #continuity: Continuity;
  readonly #ids: UtteranceIds;
  readonly #seam: Seam | undefined;
  #instance: Instance | undefined;
  #feed: Feed | undefined;
  #outerEmit: AwaitableEmit | undefined;
  /** Of the first candidate, once its live fields were changed. */
  #settings: unknown;
  #waitMs = 0;
  #closed = false;
  #emittedAnything = false;
  /** Why the run ended, once it has: then nothing is tried again. */
  #over: { readonly reason: unknown } | undefined;

  private constructor(
    readonly plan: Supervision,
    readonly ctx: NodeContext,
  ) {
    const spenders = plan.candidates.map((c) => ({ type: c.definition.type, attempts: c.attempts }));
    this.#budget = new Budget(spenders, () => ctx.random());
    this.#byUtterance = plan.role === "asr" || plan.role === "interpret";
    this.#replay = this.#byUtterance ? new UtteranceReplay(answersOf(plan)) : new FrameReplay();
    this.#continuity = new Continuity(plan.role === "tts" || plan.role === "interpret");
    this.#ids = new UtteranceIds(() => ctx.newUtterance());
    if (this.#byUtterance) this.#seam = new Seam((words) => ctx.count("mergedWords", words));
  }

  /**
   * Opens the first instance that can be opened.
   * @throws what the last candidate failed with.
   */
  static async open(plan: Supervision, ctx: NodeContext): Promise<Supervisor> {
    const supervisor = new Supervisor(plan, ctx);
    while (!supervisor.#instance)
      try {
        supervisor.#instance = await supervisor.#create(ctx.signal);
      } catch (error) {
        if (ctx.signal.aborted) throw error;
        supervisor.#decide(error);
      }
    return supervisor;
  }

  async run(input: TaskInput, emit: AwaitableEmit, signal: AbortSignal): Promise<void> {
    const end = (reason: unknown) => {
      this.#over = { reason };
    };
    const feed = new Feed(input, end);
    this.#feed = feed;
    this.#outerEmit = emit;
    for (;;)
      try {
        this.#instance ??= await this.#create(signal);
        return await this.#instance.run(feed, signal);
      } catch (error) {
        if (this.#over || signal.aborted || this.#closed) throw error;
        await this.#giveUp(error, feed);
      }
  }

  onControl(control: Control, emit: AwaitableEmit): void {
    this.#outerEmit ??= emit;
    if (control.kind === "end")
      this.#feed?.append({ control }); // it waits for the frames before it
    else if (this.#instance) {
      if (control.kind === "flush") this.#replay.handed({ control });
      this.#instance.control(control);
    } else if (control.kind !== "cancel") this.#feed?.append({ control });
  }

  /** Changes what the first candidate is set to, now and whenever it is opened again; the others stand in as they were written. */
  onUpdate(settings: unknown): void {
    this.#settings = settings;
    if (this.#budget.current === 0) this.#instance?.update(settings);
  }

  held(): number {
    return (this.#instance?.held() ?? 0) + (this.#feed?.waiting.reduce((sum, item) => sum + samplesOf(item), 0) ?? 0);
  }

  async close(): Promise<void> {
    this.#closed = true;
    await this.#instance?.close();
  }

  /** Waits as long as the last failure asks for, then opens an instance of the candidate whose turn it is. */
  async #create(signal: AbortSignal): Promise<Instance> {
    if (this.#waitMs > 0) await this.ctx.clock.sleep(this.#waitMs, signal);
    const candidate = this.plan.candidates[this.#budget.current];
    if (!candidate) throw new EngineError("NODE_PROTOCOL", "no candidate to supervise");
    const { definition } = candidate;
    const config = this.#budget.current === 0 && this.#settings !== undefined ? this.#settings : candidate.config;
    const ports = new PortMap(this.plan, candidate);
    const stop = new AbortController();
    const own = AbortSignal.any([this.ctx.signal, stop.signal]);
    const ctx = instanceContext(this.ctx, {
      formats: ports.formats(this.ctx.formats),
      signal: own,
      newUtterance: () => (this.#byUtterance ? this.#ids.next() : this.ctx.newUtterance()),
    });
    const node = await definition.create(config, ctx);
    const { resultMs } = this.plan;
    const instance = new Instance({
      type: definition.type,
      node,
      ports,
      stop,
      signalFor: (run) => (run === this.ctx.signal ? own : AbortSignal.any([run, stop.signal])),
      clock: this.ctx.clock,
      byUtterance: this.#byUtterance,
      ...(resultMs === undefined ? {} : { resultMs }),
      watch: {
        handed: (item) => this.#replay.handed(item),
        asked: () => this.#done(this.#replay.asked()),
        send: (frame, port) => this.#send(frame, port),
      },
    });
    if (this.#closed) {
      await instance.close();
      throw new EngineError("RUN_CANCELLED", `${definition.type} was closed while it was being opened again`);
    }
    return instance;
  }

  #send(frame: Frame, port: string): Promise<void> | undefined {
    const joined = frame.kind === "text" && this.#seam ? this.#seam.pass(frame) : frame;
    if (joined && isFinal(joined) === isFinal(frame)) this.#ids.emitted(frame);
    else if (frame.kind === "text" && frame.final) this.#ids.giveBack(frame.utterance);
    const sent = joined && this.#continuity.pass(joined, port);
    const finished = this.#replay.emitted(frame);
    if (!sent) return undefined; // said again by a later instance: no news, and no success either
    this.#emittedAnything = true;
    this.#done(finished);
    let room: Promise<void> | undefined;
    try {
      room = this.#outerEmit?.(sent, port);
    } catch (reason) {
      this.#over = { reason };
      throw reason;
    }
    return room?.catch((reason) => {
      this.#over = { reason };
      throw reason;
    });
  }

  #done(finished: boolean): void {
    if (!finished) return;
    this.#budget.succeeded();
    if (this.#byUtterance) this.#continuity.unitDone();
    else this.#continuity.frameDone();
  }

  /** Ends a failed instance and prepares for the next one; throws when there is none. */
  async #giveUp(error: unknown, feed: Feed): Promise<void> {
    const failed = this.#instance;
    this.#instance = undefined;
    if (failed) {
      this.#account(failed);
      await failed.stop(error);
    }
    const step = this.#decide(error);
    const { lostMs, overlapsUntilUs } = this.#replay;
    const again = this.#replay.take();
    feed.putBack(again);
    this.#ids.restart();
    this.#continuity.restart(step.kind === "retry");
    this.#seam?.restart(overlapsUntilUs);
    this.ctx.count(
      "replayedMs",
      again.reduce((sum, item) => sum + lengthMs(item), 0),
    );
    if (lostMs > 0) this.ctx.count("notReplayedMs", lostMs);
  }

  /** Audio that was inside a failed instance is gone; in a node that passes audio on it must stand somewhere. */
  #account(failed: Instance): void {
    if (!this.plan.passesAudio || failed.heldWhenAsked === 0) return;
    this.ctx.gate(failed.heldWhenAsked);
    this.ctx.count("lostSamples", failed.heldWhenAsked);
  }

  /** Counts and reports what follows a failure; throws when nothing does. */
  #decide(error: unknown): Step {
    const from = this.plan.candidates[this.#budget.current]?.definition.type;
    // A source begins anew when it is opened anew: what it has sent would be sent twice.
    if (this.plan.role === "source" && this.#emittedAnything) throw error;
    const step = this.#budget.failed(error);
    if (step.kind === "over") throw step.error;
    const to = this.plan.candidates[this.#budget.current]?.definition.type;
    const code = error instanceof EngineError ? error.code : "NODE_FAILED";
    this.#waitMs = step.waitMs;
    this.ctx.count(step.kind === "retry" ? "retries" : "fallbacks");
    this.ctx.report({ type: step.kind, attempt: step.attempt, of: step.of, code, from, to });
    return step;
  }
}

/** The text roles with which a node answers every utterance. */
const answersOf = ({ outputs }: Supervision): string[] => [
  ...new Set(Object.values(outputs).flatMap((port) => (port.textRole ? [port.textRole] : []))),
];

const isFinal = (frame: Frame): boolean => frame.kind === "text" && frame.final;

const samplesOf = (item: Item): number =>
  "frame" in item && item.frame.kind === "audio" ? sampleCount(item.frame) : 0;
