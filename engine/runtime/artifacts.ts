import { closeSync, existsSync, mkdirSync, openSync, readdirSync, renameSync, unlinkSync, writeSync } from "node:fs";
import { basename, dirname, join, resolve } from "node:path";
import { EngineError } from "#engine/errors";
import type { Artifact, ArtifactOptions } from "#engine/plugin";

/** A file that a run left behind. */
export interface ArtifactReport {
  readonly node: string;
  readonly path: string;
  readonly bytes: number;
  readonly mediaType?: string;
  /** Shorter than it would have been: the run was drained or failed before its time. */
  readonly partial: boolean;
}

const BUFFER_BYTES = 64 * 1024;

/** One file, growing beside its target under a temporary name until `finish`. */
export class GrowingFile implements Artifact {
  readonly path: string;
  readonly #temporary: string;
  readonly #descriptor: number;
  readonly #buffer = Buffer.allocUnsafeSlow(BUFFER_BYTES);
  #buffered = 0;
  #written = 0;
  readonly #finishers: (() => void)[] = [];
  #open = true;

  /** @throws EngineError FILE_UNWRITABLE. */
  constructor(
    path: string,
    readonly node: string,
    runId: string,
    readonly options: ArtifactOptions = {},
  ) {
    this.path = resolve(path);
    const folder = dirname(this.path);
    this.#temporary = join(folder, `${PREFIX}${basename(this.path)}.${process.pid}.${runId}`);
    this.#descriptor = this.#attempt("open", () => {
      mkdirSync(folder, { recursive: true });
      removeLeftOvers(folder, basename(this.path));
      return openSync(this.#temporary, "w");
    });
  }

  write(bytes: Uint8Array): void {
    if (bytes.length > BUFFER_BYTES - this.#buffered) this.#flush();
    if (bytes.length > BUFFER_BYTES) return this.#put(bytes, this.#advance(bytes.length));
    this.#buffer.set(bytes, this.#buffered);
    this.#buffered += bytes.length;
  }

  writeAt(offset: number, bytes: Uint8Array): void {
    this.#flush();
    this.#put(bytes, offset);
    this.#written = Math.max(this.#written, offset + bytes.length);
  }

  onFinish(finish: () => void): void {
    this.#finishers.push(finish);
  }

  /** Lets the node mend its file, and gives it its name. A second call does nothing. */
  finish(partial: boolean): ArtifactReport | undefined {
    if (!this.#open) return undefined;
    this.#open = false;
    try {
      for (const finish of this.#finishers) finish();
      this.#flush();
      this.#attempt("close", () => closeSync(this.#descriptor));
      this.#attempt("name", () => renameSync(this.#temporary, this.path));
    } catch (error) {
      this.#remove();
      throw error;
    }
    const { mediaType } = this.options;
    return { node: this.node, path: this.path, bytes: this.#written, ...(mediaType && { mediaType }), partial };
  }

  /** Leaves nothing. */
  abandon(): void {
    if (!this.#open) return;
    this.#open = false;
    this.#remove();
  }

  #remove(): void {
    try {
      closeSync(this.#descriptor);
    } catch {
      // closed already, or the disk is gone; what matters is that no half file stays
    }
    if (existsSync(this.#temporary)) unlinkSync(this.#temporary);
  }

  #flush(): void {
    if (this.#buffered === 0) return;
    const bytes = this.#buffer.subarray(0, this.#buffered);
    this.#put(bytes, this.#advance(this.#buffered));
    this.#buffered = 0;
  }

  #advance(bytes: number): number {
    const at = this.#written;
    this.#written += bytes;
    return at;
  }

  #put(bytes: Uint8Array, at: number): void {
    for (let done = 0; done < bytes.length; )
      done += this.#attempt("write", () => writeSync(this.#descriptor, bytes, done, bytes.length - done, at + done));
  }

  #attempt<T>(what: string, call: () => T): T {
    try {
      return call();
    } catch (cause) {
      const reason = (cause as NodeJS.ErrnoException).code ?? "unknown";
      throw new EngineError(
        "FILE_UNWRITABLE",
        `${this.node}: cannot ${what} ${this.path}: ${REASONS[reason] ?? reason}`,
        { cause },
      );
    }
  }
}

const PREFIX = ".parlando-part.";

const REASONS: Readonly<Record<string, string>> = {
  ENOSPC: "the disk is full",
  EACCES: "permission denied",
  EISDIR: "it is a folder",
  EROFS: "the file system is read-only",
  ENOTDIR: "a part of the path is no folder",
  EEXIST: "a part of the path is a file",
};

/** Removes what processes that were killed while writing the same target left behind. */
function removeLeftOvers(folder: string, name: string): void {
  const prefix = `${PREFIX}${name}.`;
  for (const file of readdirSync(folder)) {
    if (!file.startsWith(prefix)) continue;
    const pid = Number(file.slice(prefix.length).split(".")[0]);
    if (Number.isInteger(pid) && pid > 0 && !isAlive(pid)) unlinkSync(join(folder, file));
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
}
