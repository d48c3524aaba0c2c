import type { AudioFormat, FrameKind, GateSettings, NodeDefinition, TextRole } from "#engine/plugin";
import type { Finding } from "./finding.ts";
import type { FrameTest } from "./frame-test.ts";

/** A workflow that was proven to fit together: what the runtime executes. Secrets and params are filled in. */
export interface Plan {
  readonly name: string;
  readonly description?: string;
  /** As given; absent for a workflow that came as text. */
  readonly file?: string;
  /** Absolute; what relative paths in the workflow were resolved against. */
  readonly dir: string;
  /** In plan order: producers before consumers, otherwise as written. Workflow inputs come first, as sources named `inputs.NAME`. */
  readonly nodes: readonly PlannedNode[];
  /** Grouped by consumer in plan order, then as listed in its `from`. */
  readonly edges: readonly PlannedEdge[];
  /** The workflow's own outputs: each name with the ports that feed it. */
  readonly outputs: readonly PlannedOutput[];
  readonly limits: Limits;
  /** Absent where nobody can barge in. */
  readonly bargeIns?: readonly PlannedBargeIn[];
  /** Conversions inserted, candidates left out, and the like. */
  readonly notes: readonly Finding[];
}

export interface PlannedNode {
  /** As in the file, with the including nodes' ids before it (`outer/inner`); inserted nodes are named after what they follow, such as `vad~1`. */
  readonly id: string;
  /** For display. A node with retries or fallbacks still shows the type of its first candidate. */
  readonly type: string;
  readonly label?: string;
  /** The types that take over in order, itself first; absent where there is only one. */
  readonly candidates?: readonly string[];
  /** How often a unit of work is tried with the first candidate; absent where it is once. */
  readonly attempts?: number;
  /** What it is spared of silence; absent where it gets everything. */
  readonly gate?: GateSettings["mode"];
  /** Lowered: retries, fallbacks and `resultMs` are inside. */
  readonly definition: NodeDefinition;
  /** The parsed output of the definition's own schema. */
  readonly config: unknown;
  /** By input port; undefined where only the frames will tell. */
  readonly formats: Readonly<Record<string, AudioFormat | undefined>>;
  readonly outputFormats: Readonly<Record<string, AudioFormat | undefined>>;
  readonly onFailure: "end" | "continue";
  /** Bounds `create`; the run's `limits.startMs` bounds all of them together. */
  readonly openMs?: number;
  /** True for a conversion that the plan put in. */
  readonly inserted: boolean;
  /** Where `use` stands, for messages. Absent for inserted nodes. */
  readonly place?: { readonly line: number; readonly column: number };
}

export type WhenFull = "block" | "dropOldest" | "dropNewest" | "coalesce" | "latest";

export interface PlannedEdge {
  /** `asr.final -> subtitles.text`, unique in the plan. */
  readonly id: string;
  readonly from: { readonly node: string; readonly port: string };
  readonly to: { readonly node: string; readonly port: string };
  /** The kinds that travel: given by the one side and taken by the other. */
  readonly kinds: readonly FrameKind[];
  readonly textRoles?: readonly TextRole[];
  readonly buffer: EdgeBuffer;
  /** Frames that do not fit all of them are dropped, and counted. Such an edge is never direct. */
  readonly where?: readonly FrameTest[];
  /** How frames of several edges into one node are merged. */
  readonly order: "time" | "arrival";
  /** The consumer is called in the producer's own call; nothing is queued and `buffer` says nothing. */
  readonly direct: boolean;
}

/**
 * Audio is bounded in media time, everything else in frames; whichever is reached first on an edge that carries both. Where the workflow
 * says nothing: 2000 ms, 64 frames and `block`; audio of a real-time source, as far as nodes pass it on: 500 ms and `dropOldest`.
 */
export interface EdgeBuffer {
  readonly ms: number;
  readonly frames: number;
  readonly whenFull: WhenFull;
}

/** Who speaks over what: an utterance at `when` that lasts `minMs` silences the nodes of `flush`. Edges into and out of these are never direct. */
export interface PlannedBargeIn {
  readonly when: readonly { readonly node: string; readonly port: string }[];
  /** Of media time, from where voice was first heard. */
  readonly minMs: number;
  /** No audio comes with the marks: `minMs` is of the run's clock. */
  readonly timed: boolean;
  /** In plan order. */
  readonly flush: readonly string[];
}

export interface PlannedOutput {
  readonly name: string;
  readonly from: readonly { readonly node: string; readonly port: string }[];
}

/** All in milliseconds of the run's clock. */
export interface Limits {
  /** Until all nodes are ready. */
  readonly startMs: number;
  /** Without any frame moving. */
  readonly idleMs: number;
  /** From the end of input, or from a drain, to the end of the run. */
  readonly drainMs: number;
  /** In all. */
  readonly runMs?: number;
}
