import type { GatewayDefinition } from "#engine/plugin";
import { MemoryNetwork, SystemClock, SystemNetwork } from "#engine/runtime";
import { type Emulator, type EmulatorOptions, emulate } from "#engine/testing";

/** A line of what a vendor's own library prints, driven by a program. */
export interface Told {
  readonly event: string;
  // biome-ignore lint/suspicious/noExplicitAny: what a foreign program prints
  readonly detail?: any;
}

/** The programs that run a vendor's library for JavaScript; `path` is missing where this machine has not the program. */
export const JAVASCRIPT = [
  { program: "bun", path: process.execPath },
  { program: "node", path: Bun.which("node") },
];

/** A gateway on a free port of this machine, for programs of others. */
export const emulateOutside = (
  gateway: GatewayDefinition,
  options: Pick<EmulatorOptions, "types" | "workflow" | "keys" | "faults">,
): Promise<Emulator> =>
  emulate(gateway, {
    network: new MemoryNetwork(new SystemClock()),
    outside: new SystemNetwork(),
    web: "127.0.0.1:0",
    ...options,
  });

/** Runs a program to its end. @throws Error when it ends with another status than 0, or not within a minute */
export async function toldBy(command: readonly string[]): Promise<Told[]> {
  const child = Bun.spawn([...command], {
    stdin: "ignore",
    stdout: "pipe",
    stderr: "inherit",
    timeout: 60_000,
    killSignal: "SIGKILL",
  });
  const output = await new Response(child.stdout).text();
  if ((await child.exited) !== 0) throw new Error(`it ended with ${child.exitCode ?? child.signalCode}`);
  return output
    .split("\n")
    .filter(Boolean)
    .map((line) => JSON.parse(line) as Told);
}
