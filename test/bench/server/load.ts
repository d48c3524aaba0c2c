import { existsSync, mkdirSync, readFileSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { Readable } from "node:stream";
import { pinned } from "../measure.ts";

/** What came and went in a stretch of time. */
export interface Reading {
  readonly sockets: number;
  readonly closed: number;
  readonly seconds: number;
  readonly chunks: number;
  readonly messages: number;
  readonly events: number;
  /** Times that a socket took no more. */
  readonly stalls: number;
  /** Chunks whose event came back; from when they were due. */
  readonly ages: number;
  readonly ageP50Ms: number;
  readonly ageP99Ms: number;
  /** How late the clients themselves were. */
  readonly lateP99Ms: number;
}

export interface LoadOptions {
  readonly port: number;
  readonly path: string;
  /** The first message of each socket. */
  readonly hello: object;
  /** A file of 16-bit samples; absent: nothing is sent. */
  readonly pcm?: string;
  readonly chunkSamples: number;
  readonly core: number;
}

/** The clients: one program in C. `close()` it. */
export class Load implements AsyncDisposable {
  readonly #child: Bun.Subprocess<"pipe", "pipe", "inherit">;
  readonly #lines: AsyncIterator<string>;

  constructor({ port, path, hello, pcm = "-", chunkSamples, core }: LoadOptions) {
    const args = [`${port}`, path, JSON.stringify(hello), pcm, `${chunkSamples}`];
    this.#child = Bun.spawn(pinned([program(), ...args], core), { stdin: "pipe", stdout: "pipe", stderr: "inherit" });
    this.#lines = createInterface({ input: Readable.fromWeb(this.#child.stdout as never) })[Symbol.asyncIterator]();
  }

  open(count: number): Promise<{ ready: number; refused: number; ms: number }> {
    return this.#ask(`open ${count}`);
  }

  measure(ms: number): Promise<Reading> {
    return this.#ask(`measure ${ms}`);
  }

  /** Until so many events have come in all. `ms` is from the first to the last. */
  await(events: number): Promise<{ events: number; ms: number }> {
    return this.#ask(`await ${events}`);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#child.stdin.end();
    await this.#child.exited;
  }

  async #ask<T>(command: string): Promise<T> {
    this.#child.stdin.write(`${command}\n`);
    await this.#child.stdin.flush();
    const line = await this.#lines.next();
    if (line.done) throw new Error(`${command}: the clients ended with status ${await this.#child.exited}`);
    const { answer, error } = JSON.parse(line.value) as { answer?: T; error?: string };
    if (answer === undefined) throw new Error(`${command}: ${error}`);
    return answer;
  }
}

/** Compiled the first time, and again when its source has changed. */
function program(): string {
  const source = join(import.meta.dir, "load.c");
  const compiler = Bun.which("cc") ?? Bun.which("gcc") ?? Bun.which("clang");
  if (!compiler) throw new Error("the clients are written in C, and there is no C compiler");
  const folder = join(process.env.XDG_CACHE_HOME || join(homedir(), ".cache"), "parlando", "bench");
  const hash = Bun.hash(readFileSync(source)).toString(16);
  const target = join(folder, `load-${hash}`);
  if (existsSync(target)) return target;
  mkdirSync(folder, { recursive: true });
  const built = Bun.spawnSync([compiler, "-O2", "-Wall", "-Wextra", "-o", target, source], { stderr: "pipe" });
  if (built.exitCode !== 0) throw new Error(`load.c does not compile: ${built.stderr.toString().slice(0, 500)}`);
  return target;
}
