import { readFileSync } from "node:fs";
import { join } from "node:path";
import { callCommand } from "#test/called-command";
import type { Block } from "./pages.ts";

/** A command of a `console` block, and what the page says that it prints. */
export interface Step {
  readonly command: string;
  readonly printed: string;
}

export function stepsOf({ text }: Block): Step[] {
  return text
    .split(/^\$ /m)
    .slice(1)
    .map((step) => {
      const end = step.indexOf("\n");
      return { command: step.slice(0, end), printed: step.slice(end + 1) };
    });
}

/** Calls the commands of a block in a folder, one after the other. What they print comes back with times and run ids made equal. */
export async function callSteps(
  block: Block,
  folder: string,
): Promise<{ command: string; said: string; did: string }[]> {
  const results: { command: string; said: string; did: string }[] = [];
  let status = 0;
  for (const { command, printed } of stepsOf(block)) {
    const called = await callStep(command, folder, status);
    status = called.status;
    results.push({ command, said: steady(printed), did: steady(called.text) });
  }
  return results;
}

async function callStep(command: string, folder: string, last: number): Promise<{ status: number; text: string }> {
  if (command === "echo $?") return { status: 0, text: `${last}\n` };
  const [program, ...args] = command.split(/\s+/);
  if (program === "parlando") return callCommand(args, folder);
  if (program === "cat") return { status: 0, text: readFileSync(join(folder, args[0]!), "utf8") };
  if (program === "bun") return callBun(args, folder);
  throw new Error(`a page calls ${program}, which the tests of pages do not know`);
}

/** Both streams together; a test runner's own lines are left out, for they hold times. */
async function callBun(args: readonly string[], folder: string): Promise<{ status: number; text: string }> {
  const child = Bun.spawn([process.execPath, ...args], {
    cwd: folder,
    stdin: "ignore",
    stdout: "pipe",
    stderr: "pipe",
  });
  const [out, err] = await Promise.all([new Response(child.stdout).text(), new Response(child.stderr).text()]);
  return { status: await child.exited, text: out + err };
}

/** What differs from one run to the next. */
export const steady = (text: string): string =>
  text
    .replace(/\bin \d+\.\d s\b/g, "in 0.0 s")
    .replace(/\d+(\.\d)? × real time/g, "0.0 × real time")
    .replace(/\bruns\/\d{8}-\d{6}-\w{4}\b/g, "runs/ID")
    .trimEnd();
