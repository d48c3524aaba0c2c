import type {
  AwaitableEmit,
  Clock,
  Control,
  Frame,
  InlineNode,
  NodeDefinition,
  Received,
  TaskInput,
  TaskNode,
} from "#engine/plugin";
import { EngineError } from "#engine/plugin";
import { type ClockedNetwork, type MemoryNetwork, VirtualClock } from "#engine/runtime";
import { type Driven, type DriveOptions, driveNode } from "../drive.ts";
import { ReadInput } from "../read-input.ts";

/** A node type with a config and an input that it is to be tried with. */
export interface Subject {
  readonly definition: NodeDefinition;
  /** As it stands in `with:`. Default: empty. */
  readonly config?: unknown;
  /** A typical input, long enough for the node to show what it does; to the default input, or by port. */
  readonly frames?: readonly Frame[] | Readonly<Record<string, readonly Frame[]>>;
  /** Negotiated formats; needed where the input begins without audio. */
  readonly formats?: NonNullable<DriveOptions["formats"]>;
  /** What it reaches, opened anew for every time it is driven. Default: a network on which nobody listens. */
  readonly open?: () => Promise<Surroundings>;
  /** The machine's own, in place of a world that is opened: frames come at real time. */
  readonly real?: { readonly clock: Clock; readonly network: ClockedNetwork };
}

/** A world for a node: a virtual clock that is driven, and a network in memory that moves by it. */
export interface Surroundings {
  readonly clock: VirtualClock;
  readonly network: MemoryNetwork;
  close(): Promise<void>;
}

/** Makes it anew, so that one check cannot spoil another. */
export type MakeSubject = () => Subject | Promise<Subject>;

/** One named promise. `run` rejects with what was broken. */
export interface Check {
  readonly name: string;
  /** By the machine's clock, for a check that takes longer than others. */
  readonly timeoutMs?: number;
  run(): Promise<void>;
}

export interface ProbeOptions {
  /** In place of the subject's own. */
  readonly frames?: DriveOptions["frames"];
  /** Lets other probes go on between two frames. */
  readonly interleaved?: boolean;
  /** Cancels the run in the midst of what follows so many frames, in and out together: from there on nothing comes, and there is no room. */
  readonly cancelAfter?: number;
  /** `emit` returns a promise of room each time. */
  readonly scarceRoom?: boolean;
  readonly closeTwice?: boolean;
}

export interface Probed extends Driven {
  /** Frames that were emitted while the node had been told to wait for room. */
  readonly impatient: number;
}

/** Far longer than any node may need on the run's clock, which jumps there as soon as nothing else is left to happen. */
const NEVER_MS = 3_600_000;
/** What a cancelled node has to end in. */
const CANCEL_MS = 1000;

/**
 * Drives a subject under a virtual clock, as a task whatever its shape, and bounds it in run time.
 * @throws what the node threw, or an error that says that it does not end.
 */
export async function probe(subject: Subject, options: ProbeOptions = {}): Promise<Probed> {
  const stop = new AbortController();
  const probing = new Probing(options, stop);
  const { definition, config = {}, formats } = subject;
  const around = await subject.open?.();
  try {
    const driven = await driveNode(probing.wrap(definition), config, {
      frames: options.frames ?? subject.frames ?? [],
      signal: stop.signal,
      clock: around?.clock ?? subject.real?.clock ?? new VirtualClock(),
      ...(around && { network: around.network }),
      ...(subject.real && { network: subject.real.network, pace: 1 }),
      ...(formats ? { formats } : {}),
    });
    return { ...driven, impatient: probing.impatient };
  } finally {
    await around?.close();
  }
}

class Probing {
  impatient = 0;
  #waiting = 0;
  #moved = 0;
  #gone: Promise<never> | undefined;

  constructor(
    readonly options: ProbeOptions,
    readonly stop: AbortController,
  ) {}

  wrap(definition: NodeDefinition): NodeDefinition {
    const { batch: _batch, ...facts } = definition;
    return {
      ...facts,
      shape: "task",
      create: async (config, ctx): Promise<TaskNode> => {
        const node = await definition.create(config, ctx);
        const inputs = Object.keys(definition.inputs(config));
        return {
          run: (input, emit, signal) =>
            this.#bounded(
              ctx.clock,
              this.#body(node, inputs, this.#watch(input, ctx.clock), this.#give(emit, ctx.clock), signal),
            ),
          onControl: (control, emit) => controlOf(node)(control, emit),
          held: () => node.held?.() ?? 0,
          close: async () => {
            await node.close?.();
            if (this.options.closeTwice) await node.close?.();
          },
        };
      },
    };
  }

  async #body(
    node: InlineNode | TaskNode,
    inputs: string[],
    input: TaskInput,
    emit: AwaitableEmit,
    signal: AbortSignal,
  ) {
    try {
      if ("run" in node) return await node.run(input, emit, signal);
      for (let received = await input.next(); received; received = await input.next())
        node.onFrame(received.frame, (f, p) => void emit(f, p), received.port);
      for (const port of inputs) controlOf(node)({ kind: "end", port }, emit);
    } catch (error) {
      if (!this.stop.signal.aborted) throw error;
      if (!("run" in node)) controlOf(node)({ kind: "cancel", reason: "the run was cancelled" }, emit);
    }
  }

  /** Rejects when nothing but the limit is left to happen, or when a cancelled node takes too long. */
  #bounded(clock: Clock, body: Promise<void>): Promise<void> {
    return new Promise((resolve, reject) => {
      const late = (ms: number, why: string) =>
        clock.after(ms, () => reject(new Error(`the node has not ended ${ms} ms after ${why}, in time of the run`)));
      const timers = [late(NEVER_MS, "it began")];
      this.stop.signal.addEventListener("abort", () => timers.push(late(CANCEL_MS, "it was cancelled")));
      body.then(resolve, reject).finally(() => {
        for (const callOff of timers) callOff();
      });
    });
  }

  /** A frame went in or out; after the last of them the run is about to be cancelled, and nothing moves any more. */
  #moves(clock: Clock): void {
    if (this.#moved++ !== this.options.cancelAfter) return;
    const { signal } = this.stop;
    this.#gone = new Promise<never>((_, reject) => signal.addEventListener("abort", () => reject(signal.reason)));
    this.#gone.catch(() => {});
    clock.after(1, () => this.stop.abort(new EngineError("RUN_CANCELLED", "cancelled by the check")));
  }

  #watch(input: TaskInput, clock: Clock): TaskInput {
    this.#moves(clock); // the first of all: a run that is cancelled after no frame
    const next = async (): Promise<Received | undefined> => {
      if (this.options.interleaved) await clock.sleep(1);
      await this.#gone;
      const received = await input.next();
      if (received) this.#moves(clock);
      return received;
    };
    return new ReadInput(next, () => (this.#gone ? undefined : input.poll()));
  }

  #give(emit: AwaitableEmit, clock: Clock): AwaitableEmit {
    return (frame, port) => {
      if (this.#waiting > 0) this.impatient++;
      if (!this.stop.signal.aborted) emit(frame, port);
      if (!this.#gone) this.#moves(clock);
      if (this.#gone) return this.#gone;
      if (!this.options.scarceRoom) return undefined;
      this.#waiting++;
      return clock.sleep(1).then(() => {
        this.#waiting--;
      });
    };
  }
}

/** `onControl` of either shape, taking a task's `emit`. */
function controlOf(node: InlineNode | TaskNode): (control: Control, emit: AwaitableEmit) => void {
  return (control, emit) => {
    if ("run" in node) node.onControl?.(control, emit);
    else node.onControl?.(control, (frame, port) => void emit(frame, port));
  };
}
