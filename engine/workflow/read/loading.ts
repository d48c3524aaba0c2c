import type { Finding } from "../finding.ts";
import type { PlanOptions } from "../options.ts";
import type { YamlFile } from "../yaml/yaml-file.ts";
import type { DraftNode } from "./draft.ts";
import type { Words } from "./interpolate.ts";

/** What is gathered while a workflow and all that it includes are read. */
export interface Loading {
  readonly options: PlanOptions;
  readonly findings: Finding[];
  /** Workflow inputs first, then as written, an include's own nodes in its place. */
  readonly nodes: DraftNode[];
  /** Looks at recordings, to be called when everything was read. */
  readonly probes: (() => Promise<void>)[];
  /** Every `choose` that was met, by its place. */
  readonly choices: Map<string, Choice>;
  /** By the same places: the case to take whatever `choose` says, so that each is planned once. */
  readonly forced: ReadonlyMap<string, string>;
}

/** One `choose`: its cases, and those that were planned. */
export interface Choice {
  readonly cases: readonly string[];
  /** The cases that it stands in, by the places of theirs. */
  readonly within: ReadonlyMap<string, string>;
  readonly planned: Set<string>;
}

/** One file while it is read. */
export interface FileContext {
  readonly loading: Loading;
  readonly yaml: YamlFile;
  /** Absolute; what relative paths in the file are relative to. */
  readonly dir: string;
  /** Before the ids of its nodes: empty, or `outer/`. */
  readonly prefix: string;
  readonly words: Words;
  /** By node type. */
  readonly defaults: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
  /** The cases that are being read, by the places of their `choose`. */
  readonly within: ReadonlyMap<string, string>;
  /** Set for a node that includes the file with `onFailure: continue`. */
  readonly failing: "end" | "continue";
}

/** Stands in for a folder that only a run has. */
export const LINT_RUN = { id: "run", dir: "/run-folder" } as const;
