import { readFileSync } from "node:fs";
import { join } from "node:path";

export const CHECKOUT = join(import.meta.dir, "../..");
export const MAIN = join(CHECKOUT, "engine/main.ts");

export interface CommandOptions {
  /** Milliseconds until the process is killed. Default 60,000. */
  readonly limitMs?: number;
  readonly cwd?: string;
  /** On top of this process's own variables; undefined takes one away. */
  readonly env?: Readonly<Record<string, string | undefined>>;
  /** In a process group of its own, and `kill` reaches all of it, as keys of a terminal do. */
  readonly group?: boolean;
}

export interface CommandEnd {
  /** Null after a signal. */
  readonly status: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly out: string;
  readonly err: string;
  /** From before its start. */
  readonly wallMs: number;
  /** The most memory that it had when it was last looked at, in bytes; 0 where the system does not tell. */
  readonly peakBytes: number;
}

/** The command line of this checkout in a process of its own. */
export interface GoingCommand {
  readonly pid: number;
  /** Standard output, line by line, for one reader; `ended` has all of it anyway. */
  readonly lines: AsyncIterable<string>;
  readonly ended: Promise<CommandEnd>;
  kill(signal: NodeJS.Signals): void;
}

/** Starts `parlando ARGS`. It is killed when it takes longer than its limit. */
export function startCommand(args: readonly string[], options: CommandOptions = {}): GoingCommand {
  const startedMs = performance.now();
  const child = Bun.spawn([process.execPath, MAIN, ...args], {
    cwd: options.cwd ?? CHECKOUT,
    env: { ...process.env, NO_COLOR: "1", ...options.env },
    stdin: "ignore",
    stdout: "pipe",
    stderr: "pipe",
    detached: options.group ?? false,
  });
  let peakBytes = 0;
  const looking = setInterval(() => {
    peakBytes = Math.max(peakBytes, peakOf(child.pid));
  }, 10);
  const timer = setTimeout(() => child.kill("SIGKILL"), options.limitMs ?? 60_000);
  const [read, kept] = child.stdout.tee();
  const ended = Promise.all([new Response(kept).text(), new Response(child.stderr).text(), child.exited]).then(
    ([out, err]): CommandEnd => {
      clearTimeout(timer);
      clearInterval(looking);
      return {
        status: child.exitCode,
        signal: child.signalCode as NodeJS.Signals | null,
        out,
        err,
        wallMs: performance.now() - startedMs,
        peakBytes,
      };
    },
  );
  return {
    pid: child.pid,
    lines: linesOf(read),
    ended,
    kill: (signal) => void process.kill(options.group ? -child.pid : child.pid, signal),
  };
}

/** What `resourceUsage` tells of a child counts from before its program began, when it was still a copy of this process. */
function peakOf(pid: number): number {
  try {
    const kib = /^VmHWM:\s*(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1];
    return Number(kib ?? 0) * 1024;
  } catch {
    return 0; // ended, or no such folder on this system
  }
}

export const runCommand = (args: readonly string[], options?: CommandOptions): Promise<CommandEnd> =>
  startCommand(args, options).ended;

async function* linesOf(stream: ReadableStream<Uint8Array>): AsyncGenerator<string> {
  const decoder = new TextDecoder();
  let rest = "";
  for await (const bytes of stream) {
    const lines = (rest + decoder.decode(bytes, { stream: true })).split("\n");
    rest = lines.pop() ?? "";
    yield* lines;
  }
  if (rest !== "") yield rest;
}
