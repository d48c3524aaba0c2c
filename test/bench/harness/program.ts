import { createInterface } from "node:readline";
import { Readable } from "node:stream";
import { pinned } from "../measure.ts";
import type { Question } from "./serve.ts";

/** The core that measured programs are kept to; whoever starts them runs elsewhere. */
export const CORE = 1;

/** A program of a benchmark that runs `serve` and answers with an `A`, kept to one core, `CORE` if none is named. `close()` it. */
export class MeasuringProgram<Q extends Question, A = number> {
  readonly #child: Bun.Subprocess<"pipe", "pipe", "pipe">;
  readonly #lines: AsyncIterator<string>;
  readonly #remarks: Promise<string>;

  constructor(
    command: readonly string[],
    { core = CORE, ...options }: { readonly cwd?: string; readonly core?: number } = {},
  ) {
    this.#child = Bun.spawn(pinned(command, core), { ...options, stdin: "pipe", stdout: "pipe", stderr: "pipe" });
    this.#lines = createInterface({ input: Readable.fromWeb(this.#child.stdout as never) })[Symbol.asyncIterator]();
    this.#remarks = new Response(this.#child.stderr).text();
  }

  get pid(): number {
    return this.#child.pid;
  }

  /** @throws Error with what the program says when it fails or ends */
  async ask(question: Q): Promise<A> {
    this.#child.stdin.write(`${JSON.stringify(question)}\n`);
    await this.#child.stdin.flush();
    const line = await this.#lines.next();
    if (line.done) {
      const status = await this.#child.exited;
      throw new Error(`${question.ask}: the program ended with status ${status}: ${(await this.#remarks).slice(-800)}`);
    }
    const { answer, error } = JSON.parse(line.value) as { answer?: A; error?: string };
    if (answer === undefined) throw new Error(`${question.ask}: ${error}`);
    return answer;
  }

  async close(): Promise<void> {
    await this.#child.stdin.end();
    await this.#child.exited;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }
}

/** A TypeScript program of this folder, run by the Bun that runs this one. */
export const ownProgram = (file: string): string[] => [process.execPath, file];
