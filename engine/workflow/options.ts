import type { AudioFormat, NodeDefinition, NodeTypes, StandIn } from "#engine/plugin";
import type { WorkflowTest } from "./tests/workflow-test.ts";

/** A workflow to plan: a file, or a text that came from elsewhere with a name for findings and the folder it counts as standing in. */
export type WorkflowSource =
  | { readonly path: string }
  | { readonly text: string; readonly name: string; readonly dir: string };

/** What an input of the workflow is bound to. */
export type Binding =
  | {
      /** A path, relative to `cwd`, or a URL. */
      readonly location: string;
    }
  | {
      /** It will be there when the workflow runs: until then the input is planned as one that is open. */
      readonly later: true;
    }
  | {
      /** A source of the caller's own, such as the far end of a stream. */
      readonly definition: NodeDefinition;
      /** Parsed output of the definition's schema. */
      readonly config: unknown;
      /** Of its audio, where that is known before the first frame. */
      readonly format?: AudioFormat;
    };

export interface PlanOptions {
  readonly types: NodeTypes;
  /** Lint forgives what only a run needs: unbound inputs, params without a value, recordings that are elsewhere. */
  readonly purpose: "lint" | "run";
  /** By name. Texts are read in the type of the param; a relative path in one is relative to `cwd`. */
  readonly params?: Readonly<Record<string, unknown>>;
  readonly bindings?: Readonly<Record<string, Binding>>;
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** The secret of that name; undefined where it is not set. */
  readonly secret: (name: string) => string | undefined;
  /** What `${run.id}` and `${run.dir}` (absolute) stand for. Lint has stand-ins; for a run, using them without this is a finding. */
  readonly run?: { readonly id: string; readonly dir: string };
  /** Absolute. */
  readonly cwd: string;
  /** For lint: it will run on another machine, so secrets and variables that are not set here are told as warnings, and planned without. */
  readonly elsewhere?: boolean;
  /** Services can call the process back that will run it; undefined where that is not known here, of which lint warns. */
  readonly callable?: boolean;
  /**
   * There is no network: what answers in place of a node type that needs one. Its config lacks the credentials that are not set.
   * Throws an EngineError where nothing does.
   */
  readonly offline?: (node: {
    readonly id: string;
    readonly definition: NodeDefinition;
    readonly config: unknown;
  }) => StandIn;
  /**
   * What takes the place of a node, for a test: a definition with the node's own ports, or undefined. `id` is the node's, or
   * `id.fallback.N` for what takes over for it, from 1. Its credentials may be missing.
   */
  readonly mock?: (id: string) => ((definition: NodeDefinition, config: unknown) => NodeDefinition) | undefined;
  /** Which of its tests the workflow is planned for: what the test names has to be there. */
  readonly test?: WorkflowTest;
  /** For a workflow that nobody on this machine has written. */
  readonly confinement?: Confinement;
}

/**
 * What a workflow from elsewhere may use. Under it a variable of the environment may stand in secret fields only, and no file is looked at
 * that is refused.
 */
export interface Confinement {
  /** Why a path may not be used, in words that do not tell what is there; undefined where it may. Absolute, links in it not followed yet. */
  refusePath(path: string, use: "read" | "write"): string | undefined;
  /** Why a node type may not be used. */
  refuseType(definition: NodeDefinition): string | undefined;
}
