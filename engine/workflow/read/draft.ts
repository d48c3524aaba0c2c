import type { GateSettings, InputPorts, NodeDefinition, OutputAudio, OutputPorts } from "#engine/plugin";
import type { FrameTest } from "../frame-test.ts";
import type { Path, YamlFile } from "../yaml/yaml-file.ts";
import type { EdgeWords } from "./format.ts";

/** A node as its file has it, before its edges are known. */
export interface DraftNode {
  /** With the ids of the including nodes before it: `outer/inner`. */
  readonly id: string;
  readonly type: string;
  readonly label?: string;
  readonly yaml: YamlFile;
  /** Of the node, or of the input that it stands for. */
  readonly path: Path;
  /** Itself first, then what takes over. Empty where it could not be understood: then nothing is said of its edges. */
  readonly candidates: readonly DraftCandidate[];
  readonly inputs: InputPorts;
  readonly outputs: OutputPorts;
  readonly onFailure: "end" | "continue";
  readonly openMs?: number;
  readonly resultMs?: number;
  /** Some of its settings are stand-ins, and its ports may follow from them: what does not fit is no fault. */
  readonly guessed: boolean;
  /** Audio reaches it by speech marks only. */
  readonly gated?: boolean;
  /** What came out of looking at the recording that it opens. */
  probed?: OutputAudio;
}

export interface DraftCandidate {
  readonly definition: NodeDefinition;
  readonly config: unknown;
  readonly attempts: number;
  readonly path: Path;
  readonly inputs: InputPorts;
  readonly outputs: OutputPorts;
  readonly realTime: boolean;
  readonly guessed: boolean;
  /** What keeps silence from it. */
  readonly gate?: GateSettings;
}

export const understood = (node: DraftNode): boolean => node.candidates.length > 0;

/** One reference as it is written under `from`, `in` or `outputs`. */
export interface Feed {
  readonly ref: string;
  readonly path: Path;
  readonly options: EdgeOptions;
}

export type EdgeOptions = Omit<EdgeWords, "from" | "where"> & {
  /** All of them have to fit. */
  readonly where?: readonly WrittenTest[];
};

/** What `where` of one edge object says, and where it says so. */
export interface WrittenTest {
  readonly test: FrameTest;
  readonly at: { readonly yaml: YamlFile; readonly path: Path };
}

/** What feeds one input of a node; `port` is left out for `from`. */
export interface PortFeeds {
  readonly port?: string;
  readonly path: Path;
  readonly feeds: readonly Feed[];
}

/** What a name in a scope means: a node, a whole workflow that is included or written in its place, or the copies of either. */
export type Entry =
  | { readonly kind: "node"; readonly node: DraftNode; readonly feeds: readonly PortFeeds[] }
  | { readonly kind: "include"; readonly scope: Scope | undefined; readonly path: Path }
  | { readonly kind: "copies"; readonly copies: ReadonlyMap<string, Entry> };

/** What an input of a workflow means: a source of its own, or what the including workflow feeds it with. */
export type InputEntry =
  | { readonly kind: "source"; readonly node: DraftNode }
  | { readonly kind: "fed"; readonly by: Scope; readonly feeds: readonly Feed[] };

/** `bargeIn` as it is written. */
export interface DraftBargeIn {
  readonly when: readonly Feed[];
  readonly minMs: number;
  readonly flush: readonly FlushedName[];
  readonly path: Path;
}

/** A node, or one copy of it, that is to fall silent. */
export interface FlushedName {
  readonly node: string;
  readonly copy?: string;
  readonly path: Path;
}

/** One workflow file with its names, or nodes that stand in the place of one. */
export interface Scope {
  readonly yaml: YamlFile;
  /** Of nodes in the place of one: whose names they see, too. */
  readonly parent?: Scope;
  readonly entries: ReadonlyMap<string, Entry>;
  readonly inputs: ReadonlyMap<string, InputEntry>;
  readonly outputs: ReadonlyMap<string, readonly Feed[]>;
  readonly bargeIn?: DraftBargeIn;
}
