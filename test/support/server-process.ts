import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { CHECKOUT, MAIN } from "./command-line.ts";

/** A plugin of the tests, as `plugins:` of a configuration names it. */
export const testPlugin = (name: string): string => join(import.meta.dir, `${name}.ts`);

export interface ServerProcessOptions {
  /** Configuration and store lie in here; a server that is started in it again goes on with them. */
  readonly folder: string;
  /** `parlando.yaml`; the port is chosen unless it is named. */
  readonly config?: Readonly<Record<string, unknown>>;
  readonly port?: number;
  readonly env?: Readonly<Record<string, string | undefined>>;
  /** What stands before the command, such as `taskset`. */
  readonly before?: readonly string[];
  readonly log?: "debug" | "info" | "warn" | "silent";
}

/** `parlando serve` in a process of its own. */
export class ServerProcess {
  /** What it wrote to standard error, the last of it. */
  remarks = "";

  private constructor(
    readonly child: Bun.Subprocess<"ignore", "pipe", "pipe">,
    readonly url: string,
  ) {
    void this.#keepRemarks();
  }

  static async start(options: ServerProcessOptions): Promise<ServerProcess> {
    const { folder, config = {}, before = [] } = options;
    const file = join(folder, "parlando.yaml");
    writeFileSync(file, JSON.stringify({ ...config, listen: { port: options.port ?? 0 } }));
    const child = Bun.spawn(
      [...before, process.execPath, MAIN, "serve", "--config", file, "--log", options.log ?? "warn"],
      {
        cwd: CHECKOUT,
        env: { ...process.env, NO_COLOR: "1", ...options.env },
        stdin: "ignore",
        stdout: "pipe",
        stderr: "pipe",
      },
    );
    const url = await listeningUrl(child.stdout);
    if (url === undefined) {
      const remarks = await new Response(child.stderr).text();
      throw new Error(`the server ended with status ${await child.exited}: ${remarks.slice(-1000)}`);
    }
    return new ServerProcess(child, url);
  }

  get pid(): number {
    return this.child.pid;
  }

  get port(): number {
    return Number(new URL(this.url).port);
  }

  /** Null while it lives. */
  get status(): number | null {
    return this.child.exitCode ?? (this.child.signalCode === null ? null : -1);
  }

  get rssBytes(): number {
    return Number(/^VmRSS:\s*(\d+) kB$/m.exec(this.#proc("status"))?.[1] ?? 0) * 1024;
  }

  /** Most memory that it ever had. */
  get peakBytes(): number {
    return Number(/^VmHWM:\s*(\d+) kB$/m.exec(this.#proc("status"))?.[1] ?? 0) * 1024;
  }

  /** Processor time of all its threads so far. */
  get cpuMs(): number {
    return cpuMsOf(this.pid);
  }

  /** Open descriptors, by what they are. */
  descriptors(): number {
    return readdirSync(`/proc/${this.pid}/fd`).length;
  }

  kill(signal: NodeJS.Signals): void {
    this.child.kill(signal);
  }

  /** Asks it to end, and waits until it has. */
  async stop(signal: NodeJS.Signals = "SIGTERM"): Promise<number> {
    this.child.kill(signal);
    return this.child.exited;
  }

  #proc(file: string): string {
    try {
      return readFileSync(`/proc/${this.pid}/${file}`, "utf8");
    } catch {
      return ""; // it has ended
    }
  }

  async #keepRemarks(): Promise<void> {
    const decoder = new TextDecoder();
    for await (const bytes of this.child.stderr)
      this.remarks = (this.remarks + decoder.decode(bytes, { stream: true })).slice(-20_000);
  }
}

/** The address that the server tells; undefined where it ends before. What it says afterwards is read and dropped. */
async function listeningUrl(stdout: ReadableStream<Uint8Array>): Promise<string | undefined> {
  const reader = stdout.getReader();
  const decoder = new TextDecoder();
  let text = "";
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return undefined;
    text += decoder.decode(value, { stream: true });
    const url = /^listening on (\S+)$/m.exec(text)?.[1];
    if (url === undefined) continue;
    void (async () => {
      while (!(await reader.read()).done);
    })();
    return url;
  }
}

/** Makes a key in the store of a server that does not run. */
export async function makeKey(folder: string, name: string, project: string): Promise<string> {
  const file = join(folder, "parlando.yaml");
  const child = Bun.spawn(
    [process.execPath, MAIN, "keys", "create", "--name", name, "--project", project, "--config", file],
    { cwd: CHECKOUT, stdin: "ignore", stdout: "pipe", stderr: "pipe" },
  );
  const [out, err] = await Promise.all([new Response(child.stdout).text(), new Response(child.stderr).text()]);
  if ((await child.exited) !== 0) throw new Error(`keys create failed: ${err.slice(-500)}`);
  return out.trim();
}

/** Processor time of a process, all its threads together; 0 where it is gone. */
export function cpuMsOf(pid: number): number {
  const file = `/proc/${pid}/stat`;
  if (!existsSync(file)) return 0;
  const fields = readFileSync(file, "utf8")
    .replace(/^.*\) /s, "")
    .split(" ");
  return (Number(fields[11] ?? 0) + Number(fields[12] ?? 0)) * 10;
}
