import type { NodeTypes } from "#engine/plugin";
import type { Household } from "#engine/runtime";

/** Where a command writes: results to `out`, remarks to `err`. A line has no line break at its end. */
export interface Console {
  out(line: string): void;
  err(line: string): void;
  /** What follows goes over what was written by `status` last; absent where nobody watches a terminal. */
  readonly status?: (line: string) => void;
  readonly color: boolean;
}

/** What a command may know of the machine and the process; `main.ts` makes it. */
export interface World {
  readonly types: NodeTypes;
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly cwd: string;
  readonly household: Household;
  /** Services can call back a server with the `parlando.yaml` of the working folder; undefined where there is none. */
  readonly callable?: boolean;
  /** Calls at each Ctrl-C or termination, counted from 1, until the returned function is called. */
  onInterrupt(call: (count: number) => void): () => void;
}

export const EXIT = { done: 0, failed: 1, usage: 2, interrupted: 130 } as const;

export interface Command {
  readonly name: string;
  /** Arguments after the name, as in `FILE... [--json]`. */
  readonly usage: string;
  /** One line for lists. */
  readonly summary: string;
  /** More lines for `--help`. */
  readonly help?: string;
  /** The command works with node types: the plugins that `parlando.yaml` of the working folder lists are loaded for it. */
  readonly listedPlugins?: true;
  /** Returns the exit status. */
  run(argv: readonly string[], console: Console, world: World): Promise<number>;
}

/** Says what was wrong with the arguments and how they go; exit status 2. */
export function wrongUsage(command: Command, console: Console, reason: string): number {
  console.err(`parlando ${command.name}: ${reason}`);
  console.err(`usage: parlando ${command.name} ${command.usage}`);
  return EXIT.usage;
}
