import type { z } from "zod";
import type { Control, Frame, FrameKind } from "../frames/index.ts";
import type { NodeContext } from "./context.ts";
import type { InputPorts, OutputAudio, OutputPorts } from "./ports.ts";

/** What a node does in a pipeline. A role says which ports a reader may expect. */
export type Role = "source" | "vad" | "asr" | "file-asr" | "translate" | "interpret" | "tts" | "filter" | "sink";

/** What a node reaches outside the run; the control plane allows or refuses by it. */
export type Effect = "files" | "network" | "microphone" | "speaker" | "program";

/** Hands a frame to whatever follows `port` (the default output when left out). Synchronous: outputs had room when the hook was called. */
export type Emit = (frame: Frame, port?: string) => void;

/**
 * The same for a task: `undefined` when there is room for more, else a promise that resolves when there is. Awaiting it is the
 * back-pressure. Rejects with the reason of the run's end once the run has ended.
 */
export type AwaitableEmit = (frame: Frame, port?: string) => Promise<void> | undefined;

/** A frame as a task receives it, with the input it came in by. */
export interface Received {
  readonly port: string;
  readonly frame: Frame;
}

/** Takes a frame that came in by `port`. Where it is not done with it at once, it returns what the next frame has to wait for. */
export type TakeFrame = (frame: Frame, port: string) => Promise<void> | undefined;

/** A task's inputs, merged in the order of its edges; iteration ends when all of them have ended. */
export interface TaskInput extends AsyncIterable<Frame> {
  /** The next frame, or undefined after the last. */
  next(): Promise<Received | undefined>;
  /** The next frame if one is there already. */
  poll(): Received | undefined;
  /**
   * Calls `take` for each frame, in the call that brings it, where that can be: a stream costs no promise for its frames then. Until it
   * resolves nothing else reads the input.
   * @returns after the last frame. Rejects with what `take` throws or rejects with, and with the reason of the run's end.
   */
  each(take: TakeFrame): Promise<void>;
}

/** The first shape: called for each frame, in one call with its inline neighbours. */
export interface InlineNode {
  /** Must not block. A frame that was emitted is read-only from then on. */
  onFrame(frame: Frame, emit: Emit, port: string): void;
  /** `end` is the last chance to emit; after it the outputs close. */
  onControl?(control: Control, emit: Emit): void;
  /** Fields marked `live()` have changed; the whole config as it is from now on. A node with such fields has this hook. */
  onUpdate?(config: unknown): void;
  /** Samples per channel that are inside the node at this moment, for the accounts of a node that passes audio on. */
  held?(): number;
  /** Frees what `create` made. Called once, after the last hook. */
  close?(): void | Promise<void>;
}

/** The second shape: a loop of its own that may wait, reconnect, and speak when nothing arrives. */
export interface TaskNode {
  /**
   * Its return closes the outputs; what it throws fails the node.
   * @param signal aborts when the run is cancelled or out of time; what the node awaits should end then, and is cut off shortly after.
   */
  run(input: TaskInput, emit: AwaitableEmit, signal: AbortSignal): Promise<void>;
  onControl?(control: Control, emit: AwaitableEmit): void;
  onUpdate?(config: unknown): void;
  held?(): number;
  close?(): void | Promise<void>;
}

type ByConfig<Config, T> = T | ((config: Config) => T);

interface NodeFacts<Schema extends z.ZodObject> {
  /** `vendor.role` or `vendor.what`, lower case, stable and public. */
  readonly type: string;
  /** One sentence for lists, in the third person. */
  readonly summary: string;
  readonly role: ByConfig<z.output<Schema>, Role>;
  readonly inputs: ByConfig<z.output<Schema>, InputPorts>;
  readonly outputs: ByConfig<z.output<Schema>, OutputPorts>;
  /** What stands in `with:`. Every field has a `.describe()`; secret and live fields are marked by `secret()` and `live()`. */
  readonly config: Schema;
  /** Defaults to none. */
  readonly effects?: readonly Effect[];
  /** Some settings make it reach the network, as declared `effects` do for all: an address in place of a path. */
  readonly fetches?: (config: z.output<Schema>) => boolean;
  /** With these settings it asks for `ctx.callback()`: lint says where no service can call back, and no other node is given an address. */
  readonly calledBack?: (config: z.output<Schema>) => boolean;
  /** Of a source: its frames come whether or not there is room, so what follows drops rather than waits. Defaults to false. */
  readonly realTime?: ByConfig<z.output<Schema>, boolean>;
  /** What happens to audio that comes in: it goes out again sample by sample, or in another format at the same time. */
  readonly passes?: "samples" | "time";
  /** What it adds by design between what comes in and what goes out, for people who look for where latency comes from. */
  readonly delays?: (config: z.output<Schema>) => readonly Delay[];
  /** How often a unit of work is tried where the workflow does not say, the first time counted. Defaults to 1. */
  readonly retry?: { readonly attempts: number };
  /** Makes the config that turns audio of one format into another; the plan inserts such a node where formats differ. */
  readonly converts?: (wanted: Conversion) => z.input<Schema>;
  /** The node can stand for a workflow input of this kind that is bound to a path or URL. */
  readonly opens?: Opens<z.output<Schema>>;
  /** What is spoken and asked for, where the ports do not say it: several targets of one translation. */
  readonly languages?: (config: z.output<Schema>) => Languages;
  /** The node can answer for one of a role that needs the network, where there is none. */
  readonly standsIn?: StandsIn<z.input<Schema>>;
}

/** A time that a node's settings make everything wait. */
export interface Delay {
  readonly ms: number;
  /** What for, as in `silence that ends an utterance`. */
  readonly why: string;
  /** Only what is final waits for it; partials come before. */
  readonly finalsOnly?: true;
}

/** BCP 47, or the vendor's own names for it. */
export interface Languages {
  readonly source?: string;
  readonly targets?: readonly string[];
}

/** What is expected of a node that stands in for another. */
export interface Wanted {
  /** What is spoken or written. Left out: not known. */
  readonly source?: string;
  readonly targets: readonly string[];
  /** Partials are made use of. */
  readonly partials: boolean;
}

export interface StandsIn<Config> {
  readonly role: Role;
  /**
   * The settings with which it does what is wanted.
   * @throws EngineError LANGUAGE_UNSUPPORTED, ENGINE_MISSING and the like where it cannot.
   */
  settings(wanted: Wanted): Config;
}

/** What an edge needs. A field that is left out stays as it is. */
export interface Conversion {
  readonly sampleRateHz?: number;
  readonly channels?: number;
  readonly frameMs?: number;
  /** The one channel to take, from 0. */
  readonly channel?: number;
}

export interface Opens<Config> {
  readonly kind: FrameKind;
  /** The config that opens it. */
  config(location: string): Readonly<Record<string, unknown>>;
  /**
   * The format of what is there, read from its head, and the length of the frames that will come where that is certain; undefined where
   * only the frames will tell.
   * @throws EngineError FILE_NOT_FOUND, AUDIO_NOT_RECOGNISED, AUDIO_EMPTY, …
   */
  probe(config: Config): Promise<OutputAudio | undefined>;
}

/** One ready frame of one node, as `batch` gets it. */
export interface BatchItem<Node extends InlineNode = InlineNode> {
  readonly node: Node;
  readonly frame: Frame;
  readonly port: string;
  readonly emit: Emit;
  /** Set by `batch` where this item failed: it fails the item's node, and no other. */
  error: unknown;
}

export interface InlineSpec<Schema extends z.ZodObject, Node extends InlineNode = InlineNode>
  extends NodeFacts<Schema> {
  readonly shape?: "inline";
  /** Makes the state of one run's node. A promise is awaited under `limits.startMs`. */
  create(config: z.output<Schema>, ctx: NodeContext): Node | Promise<Node>;
  /**
   * Takes ready frames of many nodes of this type, of many runs, in one call instead of `onFrame` one by one. Several items may belong to
   * one node; they stand in order. What comes out must not depend on the grouping. What it throws fails all nodes of the call. The items
   * are the engine's and are used again.
   */
  batch?(items: readonly BatchItem<Node>[]): void;
}

export interface TaskSpec<Schema extends z.ZodObject> extends NodeFacts<Schema> {
  readonly shape: "task";
  create(config: z.output<Schema>, ctx: NodeContext): TaskNode | Promise<TaskNode>;
}

export type NodeSpec<Schema extends z.ZodObject = z.ZodObject, Node extends InlineNode = InlineNode> =
  | InlineSpec<Schema, Node>
  | TaskSpec<Schema>;

/** A node type, its config type forgotten: what registries and plans hold. Configs handed to it must come from its own `config` schema. */
export interface NodeDefinition
  extends Omit<
    NodeFacts<z.ZodObject>,
    | "role"
    | "inputs"
    | "outputs"
    | "fetches"
    | "calledBack"
    | "delays"
    | "realTime"
    | "converts"
    | "opens"
    | "languages"
    | "standsIn"
  > {
  readonly shape: "inline" | "task";
  role(config: unknown): Role;
  inputs(config: unknown): InputPorts;
  outputs(config: unknown): OutputPorts;
  fetches?(config: unknown): boolean;
  calledBack?(config: unknown): boolean;
  delays?(config: unknown): readonly Delay[];
  realTime(config: unknown): boolean;
  readonly converts?: (wanted: Conversion) => unknown;
  readonly opens?: Opens<unknown>;
  readonly languages?: (config: unknown) => Languages;
  readonly standsIn?: StandsIn<unknown>;
  /** Of one that hosts another and takes no settings itself: schema and parsed settings of what it hosts, for changes of live fields. */
  readonly hosts?: { readonly config: z.ZodObject; readonly settings: unknown };
  create(config: unknown, ctx: NodeContext): InlineNode | TaskNode | Promise<InlineNode | TaskNode>;
  readonly batch?: (items: readonly BatchItem[]) => void;
}

/** Declares a node type. The result is a plain value that `definePlugin` takes; nothing is opened by it. */
export function defineNode<Schema extends z.ZodObject, Node extends InlineNode>(
  spec: NodeSpec<Schema, Node>,
): NodeDefinition {
  const byConfig = <T>(value: ByConfig<z.output<Schema>, T>) =>
    typeof value === "function" ? (value as (config: unknown) => T) : () => value;
  return {
    ...spec,
    shape: spec.shape ?? "inline",
    role: byConfig(spec.role),
    inputs: byConfig(spec.inputs),
    outputs: byConfig(spec.outputs),
    realTime: byConfig(spec.realTime ?? false),
  } as NodeDefinition;
}
