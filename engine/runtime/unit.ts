import { EngineError } from "#engine/errors";
import type { Control, Frame } from "#engine/frames";
import type { Emit, InlineNode, TaskNode } from "#engine/plugin";
import type { PlannedNode } from "#engine/workflow";
import type { CallHook } from "./call-timing.ts";
import type { Edge, Tally, Waiter } from "./edge.ts";
import { samplesOf } from "./frame-queue.ts";
import type { Inlet } from "./inlet.ts";
import type { Link } from "./link.ts";
import { type PlannedPorts, portsOf } from "./planned-ports.ts";
import type { Gathering, Patient, Step } from "./scheduler.ts";
import type { TimeBook } from "./time-book.ts";
import type { Hook, Watch } from "./watch.ts";

/** What a unit needs of the run that it belongs to. */
export interface Host {
  readonly watch: Watch;
  /** Takes samples of how long calls take. */
  readonly calls: TimeBook<CallHook>;
  /** Counts frames that move: the run is alive. */
  readonly pulse: Pulse;
  wake(step: Step): void;
  whenIdle(patient: Patient): void;
  gather(gathering: Gathering): void;
  /** Resolves after everybody else had a turn. */
  nextTurn(): Promise<void>;
  /** The node broke; the run decides what that means. */
  failed(unit: Unit, error: unknown): void;
  /** The node has ended by itself: its outputs are closed. */
  ended(unit: Unit): void;
}

export interface Pulse {
  moves: number;
}

export type UnitState = "idle" | "running" | "ended" | "failed";

/** How many frames one step may take before others get their turn. */
export const FRAMES_PER_STEP = 64;

const NO_LINKS: readonly Link[][] = [];
const NO_EDGES: readonly Edge[] = [];

/** One node of one run, wired: the part that both shapes share. */
export abstract class Unit implements Step, Waiter {
  inLine = false;
  state: UnitState = "idle";
  /** What it got was cut short by a drain or a failure before it, so what it made is partial. */
  cut = false;
  readonly framesIn: Tally = { frames: 0, samples: 0 };
  readonly framesOut: Tally = { frames: 0, samples: 0 };
  readonly ports: PlannedPorts;
  /** By output port, in the order of `ports.outputs`. */
  readonly outlets: readonly Link[][];
  /** Its settings since live fields were last changed; undefined where they never were. */
  liveConfig: unknown;
  /** Queued edges that a call of this unit may fill, through all nodes that run in the same call. Set when the run is wired. */
  tails: readonly Edge[] = NO_EDGES;
  /** The queued edges into it. Set when the run is wired. */
  inlet!: Inlet;
  /** How many feeds each input has that have not ended, in the order of `ports.inputs`. */
  readonly #openFeeds: number[];
  #openFeedCount = 0;
  protected readonly pulse: Pulse;
  /** Where the main output has one link only. */
  #onlyLink: Link | undefined;

  constructor(
    readonly planned: PlannedNode,
    /** Position in plan order. */
    readonly index: number,
    readonly host: Host,
    readonly watchToken: number,
  ) {
    this.pulse = host.pulse;
    this.ports = portsOf(planned);
    const { inputs, outputs } = this.ports;
    this.outlets = outputs.length === 0 ? NO_LINKS : outputs.map(() => []);
    this.#openFeeds = inputs.map(() => 0);
  }

  get id(): string {
    return this.planned.id;
  }

  /** Fed by nothing: it ends by itself, or when the run is drained. */
  isSource = true;

  /** Everything is connected. */
  wired(inlet: Inlet, tails: readonly Edge[]): void {
    this.inlet = inlet;
    if (tails.length > 0) this.tails = tails;
    const main = this.outlets[this.ports.mainOutput];
    this.#onlyLink = main?.length === 1 ? main[0] : undefined;
  }

  /** One more link or edge that feeds a port. */
  addFeed(port: string): void {
    this.#openFeeds[this.ports.inputs.indexOf(port)]!++;
    this.#openFeedCount++;
    this.isSource = false;
  }

  /** What `create` made; undefined before, and where it failed. */
  abstract readonly node: InlineNode | TaskNode | undefined;
  /** Takes over what `create` made. */
  abstract adopt(node: InlineNode | TaskNode): void;
  abstract start(): void;
  abstract step(): void;
  abstract control(control: Control): void;
  /** Ends a source, or everything when the run is cancelled. */
  abstract interrupt(reason: EngineError): void;

  /** Samples per channel inside the node now. */
  held(): number {
    return this.node?.held?.() ?? 0;
  }

  wake(): void {
    this.host.wake(this);
  }

  broke(error: unknown): void {
    this.host.failed(this, error);
  }

  /** Takes nothing more and says nothing more, from now on: what is queued for it is dropped, its outputs close. */
  stop(state: "ended" | "failed"): void {
    if (this.state === "ended" || this.state === "failed") return;
    this.state = state;
    if (state === "failed") this.cut = true;
    for (const { edge } of this.inlet.feeds) edge.discard(state === "failed" ? "failed" : "ended");
    for (const links of this.outlets) for (const link of links) link.end(this.cut);
  }

  /** A direct link into it has ended. */
  linkEnded(port: string, cut: boolean): void {
    this.cut ||= cut;
    this.#feedEnded(port);
  }

  /** Hands a frame to everything that follows an output. The usual case, one way out and a frame that it takes, stands here whole. */
  protected readonly deliver: Emit = (frame, port) => {
    if (this.state !== "running") throw this.#lateEmission();
    const samples = samplesOf(frame);
    const only = this.#onlyLink;
    if (only !== undefined && port === undefined && frame.kind === only.usual) {
      this.framesOut.frames++;
      this.framesOut.samples += samples;
      if (only.edge !== undefined) return only.edge.push(frame, samples);
      only.moved++;
      only.movedSamples += samples;
      only.receiver.receive(frame, only.port, samples);
    } else this.#deliverTo(port, frame, samples);
  };

  #deliverTo(port: string | undefined, frame: Frame, samples: number): void {
    const links = this.outlets[port === undefined ? this.ports.mainOutput : this.ports.outputs.indexOf(port)];
    if (!links) throw this.#unknownOutput(port);
    this.framesOut.frames++;
    this.framesOut.samples += samples;
    for (let i = 0; i < links.length; i++) links[i]!.offer(frame, samples);
  }

  /** True when a call of this unit would find room on every edge that it may fill. */
  protected hasRoom(): boolean {
    for (let i = 0; i < this.tails.length; i++) if (!this.tails[i]!.hasRoom) return false;
    return true;
  }

  /**
   * Asks to be woken when there is room.
   * @throws EngineError NODE_FLOODED when the node goes on emitting into an edge that has had no room for long.
   */
  protected awaitRoom(): void {
    for (const edge of this.tails) {
      if (edge.flooded)
        throw new EngineError("NODE_FLOODED", `${this.id} goes on emitting into ${edge.id}, which has no room for it`);
      if (!edge.hasRoom) edge.onRoom(this);
    }
  }

  protected countIn(samples: number): void {
    this.framesIn.frames++;
    this.framesIn.samples += samples;
    this.pulse.moves++;
  }

  /** Runs a hook where the watchdog can name it; what it throws fails the node. */
  protected guard(hook: Hook, call: () => void): void {
    const before = this.host.watch.enter(this.watchToken, hook);
    try {
      call();
    } catch (error) {
      this.host.failed(this, error);
    }
    this.host.watch.leave(before);
  }

  /** Counts queued edges that have ended and are empty. */
  protected settleFeeds(): void {
    if (this.inlet.only?.edge.ended === false) return; // asked by all that wait for a frame
    for (const feed of this.inlet.feeds) {
      const { edge, port, settled } = feed;
      if (!edge.ended || edge.size > 0 || settled) continue;
      feed.settled = true;
      this.cut ||= edge.cut;
      this.#feedEnded(port);
    }
  }

  protected get allFeedsEnded(): boolean {
    return this.#openFeedCount === 0;
  }

  /** Called when the last feed has ended and was consumed, after the `end` controls. */
  protected abstract onInputEnd(): void;

  #feedEnded(port: string): void {
    if (this.state !== "running") return;
    const open = --this.#openFeeds[this.ports.inputs.indexOf(port)]!;
    this.#openFeedCount--;
    if (open === 0) this.control({ kind: "end", port });
    if (this.#openFeedCount === 0 && this.state === "running") this.onInputEnd();
  }

  #unknownOutput(port: string | undefined): EngineError {
    const declared = this.ports.outputs.join(", ") || "none";
    const what =
      port === undefined ? "without naming an output, and has no default one" : `to ${port}, which it does not declare`;
    return new EngineError("NODE_PROTOCOL", `${this.id} (${this.planned.type}) emitted ${what}; declared: ${declared}`);
  }

  #lateEmission(): EngineError {
    return new EngineError("NODE_EMITTED_AFTER_END", `${this.id} (${this.planned.type}) emitted after it had ended`);
  }
}
