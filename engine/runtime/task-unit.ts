import { EngineError } from "#engine/errors";
import type { Control, Frame } from "#engine/frames";
import type { AwaitableEmit, InlineNode, Received, TakeFrame, TaskInput, TaskNode } from "#engine/plugin";
import { isTimed } from "./call-timing.ts";
import type { Delays } from "./delays.ts";
import type { Taker } from "./edge.ts";
import type { Feed } from "./inlet.ts";
import type { Patient } from "./scheduler.ts";
import { FRAMES_PER_STEP, Unit } from "./unit.ts";

interface Waiting<T> {
  resolve(value: T): void;
  reject(reason: unknown): void;
}

/** A task that takes its frames by `each`. */
interface Taking extends Waiting<void> {
  readonly take: TakeFrame;
  /** It is not done with the frame that it has. */
  busy: boolean;
}

/** How many frames a task may emit before it has to give the others a turn. */
const EMISSIONS_PER_TURN = 256;

/** A node of the task shape: a loop of its own, which waits for frames, for room, and for whatever else it likes. */
export class TaskUnit extends Unit implements Patient, Taker, TaskInput {
  node: TaskNode | undefined;
  /** Where something is measured of the node. */
  delays: Delays | undefined;
  readonly #abort = new AbortController();
  /** What the signal says; asking a signal costs as much as passing on a frame. */
  #aborted = false;
  #reader: Waiting<Received | undefined> | undefined;
  #taking: Taking | undefined;
  #forRoom: (Waiting<void> & { promise: Promise<void> }) | undefined;
  /** Resolves when `run` has returned; undefined where it was never called. */
  unwound: Promise<void> | undefined;
  #readsThisTurn = 0;
  #emissionsThisTurn = 0;

  get signal(): AbortSignal {
    return this.#abort.signal;
  }

  adopt(node: InlineNode | TaskNode): void {
    this.node = node as TaskNode;
  }

  start(): void {
    this.state = "running";
    this.host.watch.resumed(this.watchToken);
    this.unwound = this.#run();
  }

  step(): void {
    if (this.#forRoom && (this.hasRoom() || this.state !== "running")) {
      const waiting = this.#forRoom;
      this.#forRoom = undefined;
      this.host.watch.resumed(this.watchToken);
      waiting.resolve();
    }
    this.#serve(false);
  }

  release(): void {
    this.#serve(true);
  }

  control(control: Control): void {
    if (this.state === "running") this.guard("onControl", () => this.node?.onControl?.(control, this.#emit));
  }

  interrupt(reason: EngineError): void {
    this.#aborted = true;
    this.#abort.abort(reason);
    this.#reader?.reject(reason);
    this.#forRoom?.reject(reason);
    this.#taking?.reject(reason);
    this.#reader = undefined;
    this.#forRoom = undefined;
    this.#taking = undefined;
  }

  poll(): Received | undefined {
    if (this.state !== "running" || this.#aborted) return undefined;
    if (this.#taking !== undefined) throw this.#inputTaken();
    const feed = this.inlet.choose(false);
    if (feed === undefined || feed === "wait") return undefined;
    return this.#taken(feed);
  }

  #taken(feed: Feed): Received | undefined {
    const frame = this.inlet.take(feed);
    if (frame === undefined) return undefined;
    this.#count(frame, feed.edge.shiftedSamples);
    return { port: feed.port, frame };
  }

  #count(frame: Frame, samples: number): void {
    this.countIn(samples);
    this.delays?.handed(frame);
  }

  next(): Promise<Received | undefined> {
    if (++this.#readsThisTurn <= FRAMES_PER_STEP) return this.#next();
    this.#readsThisTurn = 0;
    return this.host.nextTurn().then(() => this.#next());
  }

  #next(): Promise<Received | undefined> {
    if (this.#aborted) return Promise.reject(this.#abort.signal.reason);
    if (this.#taking !== undefined) return Promise.reject(this.#inputTaken());
    const received = this.poll();
    if (received) return Promise.resolve(received);
    this.settleFeeds();
    if (this.allFeedsEnded || this.state !== "running") return Promise.resolve(undefined);
    const coming = Promise.withResolvers<Received | undefined>();
    this.#reader = coming;
    if (this.inlet.choose(false) === "wait") this.host.whenIdle(this);
    return coming.promise;
  }

  async each(take: TakeFrame): Promise<void> {
    if (this.#aborted) throw this.#abort.signal.reason;
    if (this.#taking !== undefined) throw this.#inputTaken();
    if (this.allFeedsEnded || this.state !== "running") return;
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    this.#taking = { take, resolve, reject, busy: false };
    this.wake(); // what has come already, be it the end
    await promise;
  }

  #inputTaken(): EngineError {
    return new EngineError("NODE_PROTOCOL", `${this.id} reads from the input whose frames it takes by each`);
  }

  /** Who waits for the only queue gets its frame without it being queued. */
  takesNow(frame: Frame, samples: number): boolean {
    if (this.state !== "running" || this.#forRoom !== undefined) return false;
    const { port } = this.inlet.only!;
    const taking = this.#taking;
    if (taking !== undefined) {
      if (taking.busy) return false;
      this.#count(frame, samples);
      this.#hand(taking, frame, port);
      return true;
    }
    if (this.#reader === undefined) return false;
    this.#count(frame, samples);
    this.#answer({ port, frame });
    return true;
  }

  async *[Symbol.asyncIterator](): AsyncIterator<Frame> {
    for (let received = await this.next(); received; received = await this.next()) yield received.frame;
  }

  readonly #emit: AwaitableEmit = (frame, port) => {
    if (this.#aborted) return handled(Promise.reject(this.#abort.signal.reason));
    if (isTimed(this.framesOut.frames + 1)) this.#timed(frame, port);
    else this.deliver(frame, port);
    this.delays?.emitted(frame);
    this.pulse.moves++;
    if (!this.hasRoom()) return this.#roomAgain();
    if (++this.#emissionsThisTurn < EMISSIONS_PER_TURN) return undefined;
    this.#emissionsThisTurn = 0;
    return this.host.nextTurn();
  };

  #timed(frame: Frame, port: string | undefined): void {
    const startedMs = performance.now();
    this.deliver(frame, port);
    this.host.calls.add(this.planned.type, "emit", performance.now() - startedMs);
  }

  #roomAgain(): Promise<void> {
    this.awaitRoom();
    if (!this.#forRoom) {
      this.#forRoom = Promise.withResolvers<void>();
      handled(this.#forRoom.promise);
    }
    return this.#forRoom.promise;
  }

  #serve(impatient: boolean): void {
    if (this.state !== "running") return;
    if (this.#taking !== undefined) return this.#serveTaking(this.#taking, impatient);
    if (!this.#reader) return;
    const feed = this.inlet.choose(impatient);
    if (feed === "wait") return this.host.whenIdle(this);
    const received = feed && this.#taken(feed);
    if (!received) return this.settleFeeds(); // the end of the last feed answers the reader
    this.#answer(received);
  }

  #serveTaking(taking: Taking, impatient: boolean): void {
    let patience = !impatient;
    for (let left = FRAMES_PER_STEP; left > 0; left--) {
      if (taking.busy || taking !== this.#taking || this.state !== "running") return;
      const feed = this.inlet.choose(!patience);
      if (feed === "wait") return this.host.whenIdle(this);
      const received = feed && this.#taken(feed);
      if (!received) return this.settleFeeds(); // the end of the last feed ends the taking
      this.#hand(taking, received.frame, received.port);
      patience = true;
    }
    this.wake();
  }

  #hand(taking: Taking, frame: Frame, port: string): void {
    const before = this.host.watch.enter(this.watchToken, "run");
    taking.busy = true;
    try {
      const working = taking.take(frame, port);
      if (working === undefined) taking.busy = false;
      else this.#await(taking, working);
    } catch (error) {
      this.#giveUp(taking, error);
    }
    this.host.watch.leave(before);
  }

  #await(taking: Taking, working: Promise<void>): void {
    const goOn = () => {
      taking.busy = false;
      if (this.inlet.unfinished) this.wake();
    };
    working.then(goOn, (error) => this.#giveUp(taking, error));
  }

  #giveUp(taking: Taking, error: unknown): void {
    if (this.#taking === taking) this.#taking = undefined;
    taking.reject(error);
  }

  #answer(received: Received | undefined): void {
    const reader = this.#reader;
    this.#reader = undefined;
    this.host.watch.resumed(this.watchToken);
    reader?.resolve(received);
  }

  async #run(): Promise<void> {
    try {
      await this.node!.run(this, this.#emit, this.#abort.signal);
    } catch (error) {
      // A node that was interrupted may end by throwing; what it throws then is no failure.
      if (!this.#aborted) return this.host.failed(this, error);
      this.cut = true;
    }
    if (this.state !== "running") return;
    this.stop("ended");
    this.host.ended(this);
  }

  /** A task ends when `run` returns, not when its input ends. */
  protected onInputEnd(): void {
    const taking = this.#taking;
    this.#taking = undefined;
    if (taking) return taking.resolve();
    this.#answer(undefined);
  }
}

/** A task need not await what `emit` returns; a rejection that it never looks at is no bug of the process. */
function handled(promise: Promise<void>): Promise<void> {
  promise.catch(() => {});
  return promise;
}
