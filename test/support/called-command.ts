import { type Console, runCli } from "#engine/cli";
import { newHousehold } from "#engine/runtime";
import { deliveredTypes } from "#test/built-in-types";

export interface Called {
  readonly status: number;
  /** Both streams, in the order in which the lines were written, each ending in a line break. */
  readonly text: string;
}

/** `parlando ARGS` in this process, with the built-in plugins and nothing set in its environment but what is given. */
export async function callCommand(
  args: readonly string[],
  cwd: string,
  environment: Readonly<Record<string, string>> = {},
): Promise<Called> {
  let text = "";
  const write = (line: string) => {
    text += `${line}\n`;
  };
  const console: Console = { out: write, err: write, color: false };
  const world = { types: deliveredTypes(), environment, cwd, household: newHousehold(), onInterrupt: () => () => {} };
  const status = await runCli(args, console, world);
  return { status, text };
}
