import { EngineError, killGroup, type Program } from "#engine/plugin";
import { isWhole, REQUEST_END } from "./wire.ts";

/** How long the stages get to end by themselves before they are killed, of the machine's time. */
const GRACE_MS = 1000;

/** A stage, found. */
export interface Command {
  readonly program: Program;
  readonly args: readonly string[];
}

/**
 * One life of a chain of processes, joined by pipes. They form a process group led by a shell, which waits for all of them, so that none
 * is left behind, not as a zombie either. When any of them ends, all of them do.
 *
 * One request at a time: the caller waits for an answer before it asks again.
 */
export class Pipeline {
  readonly #name: string;
  readonly #child: Bun.Subprocess<"pipe", "pipe", "ignore">;
  readonly #stopped: Promise<void>;
  #alive = true;
  #ending: Promise<void> | undefined;
  #received = "";
  #waiting: { resolve(answer: string): void; reject(error: unknown): void } | undefined;

  constructor(name: string, commands: readonly Command[]) {
    this.#name = name;
    const env = commands.find(({ program }) => program.root !== "/")?.program.env ?? commands[0]?.program.env ?? {};
    this.#child = Bun.spawn(["/bin/sh", "-c", script(commands)], {
      stdin: "pipe",
      stdout: "pipe",
      stderr: "ignore",
      env,
      detached: true,
    });
    this.#stopped = Promise.all([this.#read(), this.#child.exited]).then(() => {});
    this.#child.exited.then(() => this.#fail());
  }

  /** False from the moment that any of its processes is known to have ended. */
  get alive(): boolean {
    return this.#alive;
  }

  /** The process id of the shell, which is that of the group. */
  get group(): number {
    return this.#child.pid;
  }

  /**
   * Sends one request and waits for its answer, of which the final NUL is left out.
   * @param timeoutMs of the machine's time; then the pipeline is ended, for its answers would be another request's.
   * @throws EngineError ENGINE_FAILED when no answer comes.
   */
  async ask(request: string, timeoutMs: number): Promise<string> {
    if (!this.#alive) throw this.#died();
    const answer = new Promise<string>((resolve, reject) => {
      this.#waiting = { resolve, reject };
    });
    const timer = setTimeout(() => {
      this.#settle(new EngineError("ENGINE_FAILED", `${this.#name} gave no answer in ${timeoutMs} ms and was ended`));
      this.end();
    }, timeoutMs);
    try {
      this.#send(request);
      return await answer;
    } finally {
      clearTimeout(timer);
    }
  }

  /** Ends all stages, a stopped or stubborn one by force. Resolves when they are gone. */
  end(): Promise<void> {
    this.#alive = false;
    this.#ending ??= this.#terminate();
    return this.#ending;
  }

  /** Lets the stages end by the end of their input. Resolves when they are gone. */
  async close(): Promise<void> {
    this.#alive = false;
    await Promise.resolve(this.#child.stdin.end()).catch(() => {}); // it may have ended already
    const late = setTimeout(() => this.end(), GRACE_MS);
    await this.#stopped;
    clearTimeout(late);
  }

  async #terminate(): Promise<void> {
    killGroup(this.group, "SIGTERM");
    killGroup(this.group, "SIGCONT"); // a stopped process takes no TERM
    const force = setTimeout(() => killGroup(this.group), GRACE_MS);
    await this.#stopped;
    clearTimeout(force);
    killGroup(this.group); // stages whose shell was killed may be left
  }

  #send(request: string): void {
    const failed = () => this.#fail(); // the first stage is gone, which its end need not have told yet
    try {
      const { stdin } = this.#child;
      Promise.all([stdin.write(request), stdin.flush()]).catch(failed);
    } catch {
      failed();
    }
  }

  /** Takes answers until the last stage closes its output, which it does as soon as one before it has ended. */
  async #read(): Promise<void> {
    const decoder = new TextDecoder();
    for await (const bytes of this.#child.stdout) {
      this.#received += decoder.decode(bytes, { stream: true });
      const end = this.#received.indexOf(REQUEST_END);
      if (end < 0) continue;
      const answer = this.#received.slice(0, end);
      this.#received = this.#received.slice(end + REQUEST_END.length);
      if (!isWhole(answer)) break; // the stages behind one that was killed end with a NUL too
      this.#waiting?.resolve(answer);
      this.#waiting = undefined;
    }
    this.#fail();
  }

  /** One process has ended by itself: so does the rest. */
  #fail(): void {
    this.#settle(this.#died());
    if (this.#alive) this.end();
  }

  #settle(error: EngineError): void {
    this.#waiting?.reject(error);
    this.#waiting = undefined;
  }

  #died(): EngineError {
    return new EngineError("ENGINE_FAILED", `${this.#name}: a stage of its pipeline has ended without an answer`);
  }
}

/**
 * The shell starts the stages and waits until all have ended. It keeps no end of a pipe, so that the last stage's end is the end of the
 * output; and it outlives a TERM to the group, since the trap, unlike an ignored signal, is not inherited.
 */
function script(commands: readonly Command[]): string {
  const stages = commands.map(({ program, args }) => [program.path, ...args].map(quoted).join(" "));
  const [first, ...more] = stages;
  const joined = [`${first} <&3`, ...more].map((stage) => `${stage} 3<&-`).join(" | ");
  return `trap : TERM; exec 3<&0; ${joined} & exec <&- 3<&- >&-; until wait; do :; done`;
}

const quoted = (word: string): string => `'${word.replaceAll("'", "'\\''")}'`;
