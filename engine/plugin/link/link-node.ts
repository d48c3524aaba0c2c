import { EngineError } from "#engine/errors";
import { type Control, durationMs, type Frame, sampleCount, type TextFrame } from "../../frames/index.ts";
import type { NodeContext } from "../context.ts";
import type { AwaitableEmit, Received, TaskInput, TaskNode } from "../node.ts";
import { bounded } from "./bounded.ts";
import { Chunker } from "./chunker.ts";
import { Intake, type Item } from "./intake.ts";
import type { CredentialLimits } from "./limits.ts";
import type { LinkConnection } from "./link-connection.ts";
import { type Opened, Opener } from "./opener.ts";
import { Pace } from "./pace.ts";
import type { LinkPool } from "./pool.ts";
import type { LinkProtocol } from "./protocol.ts";
import type { LinkSettings } from "./settings.ts";

export interface LinkNodeOptions {
  readonly ctx: NodeContext;
  readonly protocol: LinkProtocol;
  /** From `linkSettings(…)`. */
  readonly settings: LinkSettings;
  /**
   * What one session is about. `stream`: everything, until the input ends or the session is replaced. `utterance`: what stands between two
   * speech marks; audio outside of them is not sent. `frame`: one final text. `text`: one utterance of texts, all revisions from the first
   * that promises something to the final, for services that speak while a text is written.
   */
  readonly sessions: "stream" | "utterance" | "frame" | "text";
  /** From `ctx.resource(credentialLimits(…))`. A session takes a place from its opening to its end. */
  readonly limits?: CredentialLimits;
  /** From `ctx.resource(linkPool(…))`: where a reusable connection goes when the node ends. */
  readonly pool?: LinkPool;
  /** Takes changes of live fields: the whole config, as the node type's own schema would be given it. */
  readonly onUpdate?: (config: unknown) => void;
}

/**
 * The node of a vendor that is spoken to over a connection: `create` returns it. It holds what comes until the vendor is ready, sends it in
 * order, hands results on, and ends sessions as the settings say. A connection that is lost in the midst of a session fails the node with a
 * code that may be tried again; the node type's own `retry` then replays what was not answered.
 */
export const linkNode = (options: LinkNodeOptions): TaskNode => new LinkNode(options);

class LinkNode implements TaskNode {
  declare readonly onUpdate?: (config: unknown) => void;
  readonly #intake: Intake;
  readonly #opener: Opener;
  readonly #chunker: Chunker;
  readonly #pace: Pace;
  readonly #failure = Promise.withResolvers<never>();
  readonly #stop = new AbortController();
  #emit: AwaitableEmit = () => undefined;
  #current: Opened | undefined;
  #utterance: string | undefined;
  #speaking: Frame | undefined;
  /** The utterance that a barge-in cut off, of which more may come. */
  #bargedIn: string | undefined;
  /** The utterance that barged in, while texts may wait that came before it. */
  #bargedBy: string | undefined;
  /** Called when a frame is done with. A text is: before that, the next one is not asked for, so that a retry knows what was not spoken. */
  #said: () => void = () => {};
  #lastSentMs = 0;
  /** All that came in was handled: whoever sends waits for the next frame. */
  #awaitsFrames = false;
  #callOffIdle: (() => void) | undefined;
  readonly #closing = new Set<Promise<void>>();

  constructor(readonly options: LinkNodeOptions) {
    const { ctx, settings, protocol, limits, pool, onUpdate } = options;
    if (onUpdate) this.onUpdate = onUpdate;
    this.#intake = new Intake(settings.bufferMs);
    this.#chunker = new Chunker(protocol.chunkMs);
    this.#pace = new Pace(settings.pace, settings.aheadMs, ctx.clock);
    this.#failure.promise.catch(() => {}); // `run` may never be called
    this.#opener = new Opener({
      ctx,
      protocol,
      settings,
      sink: (frame, port) => this.#emit(frame, port),
      ...(limits && { limits }),
      ...(pool && { pool }),
    });
  }

  get #byText(): boolean {
    return this.options.sessions === "frame" || this.options.sessions === "text";
  }

  async run(input: TaskInput, emit: AwaitableEmit, signal: AbortSignal): Promise<void> {
    this.#emit = emit;
    const stop = this.#stop.signal;
    const onAbort = () => this.#stop.abort(signal.reason);
    signal.addEventListener("abort", onAbort, { once: true });
    if (signal.aborted) onAbort();
    if (this.options.settings.early) this.#opener.early(stop, (error) => this.#failure.reject(error));
    const reading = this.#read(input);
    const sending = this.#send(stop);
    reading.catch(() => {});
    sending.catch(() => {});
    try {
      await Promise.race([Promise.all([reading, sending]), this.#failure.promise]);
    } catch (error) {
      if (!signal.aborted) this.#current?.connection.fail(error); // it may be the far end that is stuck: no goodbye
      this.#abandon(error);
      throw error;
    } finally {
      signal.removeEventListener("abort", onAbort);
      this.#callOffIdle?.();
      this.#emit = () => undefined;
    }
  }

  onControl(control: Control): void {
    if (control.kind === "flush") this.#intake.push({ order: "flush" });
    if (control.kind === "barge-in") this.#bargeIn(control.utterance);
  }

  held(): number {
    return this.#intake.samples + this.#chunker.held;
  }

  async close(): Promise<void> {
    const { clock } = this.options.ctx;
    if (!this.#stop.signal.aborted)
      this.#abandon(new EngineError("RUN_CANCELLED", `${this.options.ctx.nodeId} was closed`));
    const all = Promise.all([...this.#closing, this.#opener.dispose()]);
    await bounded(all, clock, GOODBYE_MS, () => new EngineError("VENDOR_LOST", "no goodbye came")).catch(() => {});
  }

  async #read(input: TaskInput): Promise<void> {
    if (this.#byText) await this.#readTexts(input);
    else await input.each((frame) => this.#take(frame));
    this.#intake.end();
  }

  #take(frame: Frame): Promise<void> | undefined {
    this.#stop.signal.throwIfAborted();
    if (this.#waitsForMore(frame)) return undefined;
    this.#intake.push({ frame });
    return this.#intake.room();
  }

  async #readTexts(input: TaskInput): Promise<void> {
    for (let received = await this.#receive(input); received; received = await this.#receive(input)) {
      this.#intake.push({ frame: received.frame });
      await new Promise<void>((resolve) => (this.#said = resolve));
      this.#stop.signal.throwIfAborted();
    }
  }

  /** Audio that only adds to a chunk needs nobody to be woken for it: most of what a stream of short frames brings. */
  #waitsForMore(frame: Frame): boolean {
    if (frame.kind !== "audio" || !this.#awaitsFrames || !this.#intake.isEmpty || !this.#isOpen) return false;
    if (this.options.sessions === "utterance" && this.#utterance === undefined) return false;
    return this.#chunker.add(frame);
  }

  /** The next frame. Of texts, what is there at once after a barge-in came before it; the first that has to be waited for did not. */
  async #receive(input: TaskInput): Promise<Received | undefined> {
    for (;;) {
      const received = this.#bargedBy === undefined ? undefined : input.poll();
      if (!received) {
        this.#bargedBy = undefined;
        return input.next();
      }
      const { frame } = received;
      if (!isUnprotected(frame) || frame.utterance === this.#bargedBy) return received;
      this.options.ctx.count("bargedTexts");
    }
  }

  async #send(signal: AbortSignal): Promise<void> {
    for (;;) {
      this.#awaitsFrames = true;
      const item = await this.#intake.next();
      this.#awaitsFrames = false;
      if (!item) break;
      signal.throwIfAborted();
      await this.#handle(item, signal);
      if ("frame" in item) this.#said();
    }
    await this.#finish("done", signal);
  }

  async #handle(item: Item, signal: AbortSignal): Promise<void> {
    if ("order" in item) return this.#order(item.order, signal);
    const { frame } = item;
    if (this.options.sessions === "frame") return this.#speak(frame, signal);
    if (this.options.sessions === "text") return this.#follow(frame, signal);
    if (frame.kind === "speech") return this.#mark(frame, signal);
    if (this.options.sessions === "utterance" && this.#utterance === undefined)
      return this.options.ctx.count("unspokenSamples", frame.kind === "audio" ? sampleCount(frame) : 0);
    if (!this.#isOpen) await this.#session(frame, signal); // also where the chunk is not whole yet: the vendor may take a while
    const pieces = frame.kind === "audio" ? this.#chunker.push(frame) : [frame];
    for (const piece of pieces) await this.#deliver(piece, signal);
  }

  async #order(order: "flush" | "idle" | "renew", signal: AbortSignal): Promise<void> {
    if (order === "idle" && !this.#intake.isEmpty) return; // something came meanwhile
    if (order === "flush" && this.options.sessions === "stream") {
      await this.#deliverRest(signal);
      const peer = this.#current?.session.peer;
      if (peer?.flush) return peer.flush();
    }
    await this.#finish(order, signal);
  }

  async #mark(frame: Extract<Frame, { kind: "speech" }>, signal: AbortSignal): Promise<void> {
    const { sessions, settings, ctx } = this.options;
    if (frame.mark === "start") {
      if (sessions === "utterance") await this.#finish("done", signal);
      this.#utterance = frame.utterance;
      const opened = await this.#session(frame, signal);
      return opened.session.peer.send(frame);
    }
    await this.#deliverRest(signal);
    this.#utterance = undefined;
    this.#current?.session.peer.send(frame);
    const ageMs = this.#current ? ctx.clock.nowMs() - this.#current.session.beganMs : 0;
    if (sessions === "utterance") await this.#finish("done", signal);
    else if (settings.sessionMs > 0 && ageMs >= settings.sessionMs) await this.#finish("renew", signal);
  }

  /** One text, one session. */
  async #speak(frame: Frame, signal: AbortSignal): Promise<void> {
    if (frame.kind === "text" && (!frame.final || frame.text.trim() === "")) return;
    this.#speaking = frame;
    await this.#deliver(frame, signal);
    if (this.#speaking !== frame) return this.#endSession("barge-in");
    await this.#finish("done", signal);
    this.#speaking = undefined;
  }

  /** One utterance of texts, one session. */
  async #follow(frame: Frame, signal: AbortSignal): Promise<void> {
    if (frame.kind !== "text") return;
    if (frame.utterance === this.#bargedIn && !frame.protected) return this.options.ctx.count("bargedTexts");
    const { text, stableChars, final, utterance } = frame;
    if (this.#speaking?.kind === "text" && this.#speaking.utterance !== utterance) {
      await this.#finish("done", signal); // its final never came
      this.#speaking = undefined;
    }
    if (!this.#speaking && (final ? text : text.slice(0, stableChars)).trim() === "") return;
    this.#speaking = frame;
    await this.#deliver(frame, signal);
    if (this.#speaking !== frame) return this.#endSession("barge-in");
    if (!final) return;
    await this.#finish("done", signal);
    this.#speaking = undefined;
  }

  /** There is a session, and nothing asks for another: what every frame would otherwise have to wait for. */
  get #isOpen(): boolean {
    return this.#current !== undefined && !this.#current.session.isOver && !this.#isTooOld;
  }

  /** The session is to be replaced, and may be now: between utterances, or anywhere where there are none. */
  get #isTooOld(): boolean {
    const { settings, sessions, ctx } = this.options;
    if (!this.#current || sessions !== "stream" || this.#utterance !== undefined || settings.sessionMs === 0)
      return false;
    return ctx.clock.nowMs() - this.#current.session.beganMs >= settings.sessionMs;
  }

  /** The session that is open, or a new one. */
  async #session(frame: Frame, signal: AbortSignal): Promise<Opened> {
    const { sessions, ctx } = this.options;
    if (this.#current?.session.isOver) this.#endSession("over");
    if (this.#isTooOld) await this.#finish("renew", signal);
    if (this.#current) return this.#current;
    const rate = "sampleRateHz" in frame && frame.sampleRateHz !== undefined ? frame.sampleRateHz : 16_000;
    const about = sessions === "utterance" ? this.#utterance : "utterance" in frame ? frame.utterance : undefined;
    const opened = await this.#opener.open(rate, sessions === "stream" ? undefined : about, signal);
    if (signal.aborted) {
      opened.connection.fail(signal.reason);
      opened.leave();
      throw signal.reason;
    }
    this.#current = opened;
    this.#lastSentMs = ctx.clock.nowMs();
    const { connection } = opened;
    const onLost = () => this.#lost(opened, connection.signal.reason);
    if (connection.signal.aborted) onLost();
    else connection.signal.addEventListener("abort", onLost, { once: true });
    void opened.session.ended.then(() => {
      if (this.#current === opened) this.#endSession("over");
    });
    this.#watchIdle();
    return opened;
  }

  async #deliver(frame: Frame, signal: AbortSignal): Promise<void> {
    const { ctx } = this.options;
    const waitMs = this.#pace.waitMs(durationMs(frame));
    if (waitMs > 0) await ctx.clock.sleep(waitMs, signal);
    const { connection, session } = await this.#session(frame, signal); // it may have ended meanwhile
    connection.signal.throwIfAborted(); // lost as soon as it was open: what is in hand was not sent
    if (frame.kind === "text" && this.options.sessions !== "stream" && this.#speaking !== frame) return; // barged in meanwhile
    if (frame.kind === "audio") session.timeline.add(frame.startSample, sampleCount(frame));
    if (frame.kind === "encoded") session.timeline.add(frame.startSample, frame.sampleCount);
    session.sent++;
    session.peer.send(frame);
    this.#lastSentMs = ctx.clock.nowMs();
    ctx.usage("audioSeconds", durationMs(frame) / 1000);
    if (frame.kind === "text" && frame.final) ctx.usage("characters", [...frame.text].length);
    if (connection.socket.bufferedBytes > 0) await connection.socket.drained();
  }

  async #deliverRest(signal: AbortSignal): Promise<void> {
    for (const piece of this.#chunker.rest()) await this.#deliver(piece, signal);
  }

  /** Ends the session in order: what is outstanding comes first. */
  async #finish(cause: string, signal: AbortSignal): Promise<void> {
    await this.#deliverRest(signal);
    const current = this.#current;
    if (!current) return;
    const { settings, protocol, ctx } = this.options;
    const late = () =>
      new EngineError(
        "RESULT_LATE",
        `${protocol.vendor} did not finish within ${settings.finishMs} ms of being asked to`,
      );
    const all = Promise.race([current.session.peer.finish(), current.session.ended, this.#failure.promise]);
    await bounded(all, ctx.clock, settings.finishMs, late, signal);
    await current.session.room();
    if (this.#current === current) this.#endSession(cause);
  }

  #endSession(cause: string): void {
    const opened = this.#current;
    if (!opened) return;
    this.#current = undefined;
    const { connection, session, leave } = opened;
    connection.release(session);
    leave();
    if (this.options.protocol.reusable && connection.usable) this.#opener.keep(connection);
    else this.#close(connection, cause);
  }

  /** The connection ended by itself. Where a session had been given something, that is the node's failure. */
  #lost(opened: Opened, reason: unknown): void {
    if (this.#current !== opened) return;
    this.#current = undefined;
    opened.connection.release(opened.session);
    opened.leave();
    if (opened.session.sent > 0 || this.#utterance !== undefined) this.#failure.reject(reason);
  }

  /** The node has failed, or is not wanted any more. */
  #abandon(reason: unknown): void {
    this.#stop.abort(reason);
    this.#callOffIdle?.();
    const opened = this.#current;
    this.#current = undefined;
    if (!opened) return;
    opened.connection.release(opened.session);
    opened.leave();
    opened.session.peer.abandon?.();
    this.#close(opened.connection, "abandoned");
  }

  #close(connection: LinkConnection, cause: string): void {
    const closing = connection.close(cause);
    this.#closing.add(closing);
    void closing.then(() => this.#closing.delete(closing));
  }

  #bargeIn(by: string): void {
    if (!this.#byText) return;
    this.#bargedBy = by;
    const speaking = this.#speaking;
    if (!speaking || !isUnprotected(speaking) || speaking.utterance === by) return;
    this.#bargedIn = speaking.utterance;
    this.#speaking = undefined;
    const current = this.#current;
    if (!current) return this.options.ctx.count("bargedTexts"); // its session is being opened: it will be given nothing
    const { connection, session } = current;
    session.shut();
    if (session.peer.abandon) session.peer.abandon();
    else void connection.close("barge-in");
    session.over();
    if (this.#current === current) this.#endSession("barge-in");
  }

  #watchIdle(): void {
    const { idleMs } = this.options.settings;
    if (idleMs === 0) return;
    this.#callOffIdle?.();
    const { clock } = this.options.ctx;
    const look = () => {
      if (!this.#current) return;
      const quietMs = clock.nowMs() - this.#lastSentMs;
      if (quietMs >= idleMs) return this.#intake.push({ order: "idle" });
      this.#callOffIdle = clock.after(idleMs - quietMs, look);
    };
    this.#callOffIdle = clock.after(idleMs, look);
  }
}

const isUnprotected = (frame: Frame): frame is TextFrame => frame.kind === "text" && !frame.protected;

/** By the run's clock: how long a far end may take to answer a goodbye when the node is closed. */
const GOODBYE_MS = 1000;
