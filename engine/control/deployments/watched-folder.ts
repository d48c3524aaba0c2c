import { mkdir, readdir, rename, stat } from "node:fs/promises";
import { join, parse } from "node:path";
import { asEngineError } from "#engine/errors";
import type { Clock, Logger } from "#engine/plugin";
import { newId } from "../ids.ts";

/** What becomes of a file. */
export interface FileJobs {
  /**
   * The job of a file, which is started where there is none yet. A path is never that of another file again.
   * @param path absolute. @param name as it came.
   */
  jobOf(path: string, name: string): Promise<string>;
  /** Undefined while it goes on. */
  endOf(job: string): Promise<"done" | "failed" | undefined>;
  /** The file has gone from there. */
  forget(path: string): Promise<void>;
}

export interface WatchedFolderOptions {
  /** Of the deployment. */
  readonly name: string;
  /** Absolute. The folders below may be anywhere on the same file system. */
  readonly folder: string;
  readonly done: string;
  readonly failed: string;
  /** A glob. */
  readonly files: string;
  readonly lookMs: number;
  readonly quietMs: number;
  readonly concurrency: number;
  readonly jobs: FileJobs;
  readonly clock: Clock;
  readonly log: Logger;
}

interface Seen {
  /** Size and time of change. */
  readonly mark: string;
  readonly sinceMs: number;
}

/** In the watched folder: files that belong to a job. */
const WORKING = "working";
/** Before the name of a file there: 32 digits that no other file has. */
const CLAIMED = /^([0-9a-f]{32})-(.+)$/s;

/**
 * Makes each file that comes into a folder a job, once. A file that is complete moves to `working` under a name that is only its own; whatever is
 * there has a job, or gets one; when that has ended, the file moves on to `done` or `failed`. So the place of a file says what became of it, a
 * process may die at any moment, and nobody writes into what is being read.
 */
export class WatchedFolder {
  readonly #seen = new Map<string, Seen>();
  readonly #glob: Bun.Glob;
  #callOff: (() => void) | undefined;
  #stopped = false;
  #looking: Promise<void> = Promise.resolve();
  #failing = false;

  constructor(private readonly options: WatchedFolderOptions) {
    this.#glob = new Bun.Glob(options.files);
  }

  begin(): void {
    this.#looking = this.look();
    void this.#looking.then(() => {
      if (!this.#stopped) this.#callOff = this.options.clock.after(this.options.lookMs, () => this.begin());
    });
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    this.#callOff?.();
    await this.#looking;
  }

  /** One round. Never rejects: what is in the way now is tried again in the next one. */
  async look(): Promise<void> {
    const { name, folder, done, failed, log } = this.options;
    try {
      for (const each of [join(folder, WORKING), done, failed]) await mkdir(each, { recursive: true });
      const working = await this.#settle();
      await this.#take(this.options.concurrency - working);
      this.#failing = false;
    } catch (error) {
      const { code } = asEngineError(error, "FILE_UNREADABLE", name);
      if (!this.#failing)
        log.warn("a watched folder cannot be worked on, and is tried again", { deployment: name, code });
      this.#failing = true;
    }
  }

  /** Sees to all files in work; returns how many still are. */
  async #settle(): Promise<number> {
    const { folder, jobs, done, failed } = this.options;
    let working = 0;
    for (const claimed of await readdir(join(folder, WORKING))) {
      if (this.#stopped) return Number.POSITIVE_INFINITY;
      const name = CLAIMED.exec(claimed)?.[2];
      if (name === undefined) continue;
      const path = join(folder, WORKING, claimed);
      const end = await jobs.endOf(await jobs.jobOf(path, name));
      if (!end) {
        working++;
        continue;
      }
      await rename(path, await freeName(end === "done" ? done : failed, name));
      await jobs.forget(path);
    }
    return working;
  }

  /** Claims files that are complete, at most so many. */
  async #take(most: number): Promise<void> {
    const { folder, jobs, quietMs, clock } = this.options;
    const there = new Set<string>();
    let left = most;
    for (const entry of await readdir(folder, { withFileTypes: true })) {
      const { name } = entry;
      if (!entry.isFile() || !this.#isWanted(name)) continue;
      there.add(name);
      const seen = await this.#look(name);
      if (!seen || clock.nowMs() - seen.sinceMs < quietMs || left <= 0 || this.#stopped) continue;
      left--;
      const path = join(folder, WORKING, `${newId("file").slice("file_".length)}-${name}`);
      await rename(join(folder, name), path);
      this.#seen.delete(name);
      await jobs.jobOf(path, name);
    }
    for (const name of this.#seen.keys()) if (!there.has(name)) this.#seen.delete(name);
  }

  #isWanted(name: string): boolean {
    return !name.startsWith(".") && !/\.(part|tmp)$/.test(name) && this.#glob.match(name);
  }

  /** Since when the file has been as it is; undefined for one that is empty or has just gone. */
  async #look(name: string): Promise<Seen | undefined> {
    const { folder, clock } = this.options;
    const facts = await stat(join(folder, name)).catch(() => undefined);
    if (!facts || facts.size === 0) return undefined;
    const mark = `${facts.size} ${facts.mtimeMs}`;
    const before = this.#seen.get(name);
    if (before?.mark === mark) return before;
    const seen = { mark, sinceMs: clock.nowMs() };
    this.#seen.set(name, seen);
    return seen;
  }
}

/** A path in a folder that nothing is at: where the name is taken, with a number before its extension. */
async function freeName(folder: string, name: string): Promise<string> {
  const { name: stem, ext } = parse(name);
  for (let number = 1; ; number++) {
    const path = join(folder, number === 1 ? name : `${stem}.${number}${ext}`);
    if (!(await stat(path).catch(() => undefined))) return path;
  }
}
