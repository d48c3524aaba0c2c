import { existsSync, mkdirSync, readdirSync, renameSync, rmSync } from "node:fs";
import { open } from "node:fs/promises";
import { join } from "node:path";
import { EngineError } from "#engine/errors";
import type { Store, UploadRow } from "#engine/store";
import { requireScope, requireWhole } from "../access.ts";
import type { Caller } from "../api/access.ts";
import type { FileToSend } from "../api/runs.ts";
import type { Uploads, UploadView } from "../api/work.ts";
import { newId } from "../ids.ts";

/** Ends the name of a file that is still coming in: what ends so when a process begins is of one that was killed. */
const COMING = ".part";

/** What was uploaded: rows in the store, bytes in files. */
export class UploadsService implements Uploads {
  /** @param folder absolute. */
  constructor(
    private readonly store: Store,
    private readonly folder: string,
    private readonly mostBytes: number,
    private readonly epochMs: () => number,
  ) {}

  async create(
    caller: Caller,
    body: ReadableStream<Uint8Array>,
    about: { readonly name?: string; readonly mediaType?: string } = {},
  ): Promise<UploadView> {
    requireScope(caller, "runs:write");
    requireWhole(caller);
    const id = newId("upload");
    mkdirSync(this.folder, { recursive: true });
    const path = join(this.folder, id);
    try {
      const bytes = await writeStream(path + COMING, body, this.mostBytes);
      renameSync(path + COMING, path);
      const row: UploadRow = {
        id,
        project: caller.project,
        name: about.name ?? null,
        mediaType: about.mediaType ?? null,
        bytes,
        path,
        createdAtMs: this.epochMs(),
      };
      await this.store.write((to) => to.uploads.insert(row));
      return uploadView(row);
    } catch (error) {
      for (const left of [path + COMING, path]) rmSync(left, { force: true });
      throw error;
    }
  }

  /** Removes what an earlier process had half of when it was killed: nobody knows its id, so nobody could delete it. */
  clearHalves(): void {
    if (!existsSync(this.folder)) return;
    for (const name of readdirSync(this.folder))
      if (name.endsWith(COMING)) rmSync(join(this.folder, name), { force: true });
  }

  async get(caller: Caller, id: string): Promise<UploadView> {
    requireScope(caller, "runs:read");
    requireWhole(caller);
    return uploadView(await this.find(caller.project, id));
  }

  async file(caller: Caller, id: string): Promise<FileToSend> {
    requireScope(caller, "runs:read");
    requireWhole(caller);
    const { path, bytes, name, mediaType } = await this.find(caller.project, id);
    return { path, bytes, name: name ?? id, mediaType: mediaType ?? "application/octet-stream" };
  }

  async delete(caller: Caller, id: string): Promise<void> {
    requireScope(caller, "runs:write");
    requireWhole(caller);
    await this.find(caller.project, id);
    await this.remove([id]);
  }

  /** @throws EngineError UPLOAD_NOT_FOUND. */
  async find(project: string, id: string): Promise<UploadRow> {
    const row = await this.store.read((from) => from.uploads.get(id));
    if (row?.project !== project) throw new EngineError("UPLOAD_NOT_FOUND", "there is no such upload");
    return row;
  }

  /** Of whatever project. */
  async remove(ids: readonly string[]): Promise<void> {
    await this.store.write((to) => to.uploads.delete(ids));
    for (const id of ids) rmSync(join(this.folder, id), { force: true });
  }
}

const uploadView = ({ id, bytes, name, mediaType, createdAtMs }: UploadRow): UploadView => ({
  id,
  bytes,
  ...(name !== null && { name }),
  ...(mediaType !== null && { mediaType }),
  createdAtMs,
});

/**
 * Writes chunks to a new file, each before the next is asked for.
 * @returns how many bytes it has.
 * @throws EngineError UPLOAD_TOO_LARGE, FILE_UNWRITABLE; what the stream throws as it is.
 */
export async function writeStream(path: string, chunks: AsyncIterable<Uint8Array>, mostBytes: number): Promise<number> {
  const file = await open(path, "wx").catch(unwritable);
  try {
    let bytes = 0;
    for await (const chunk of chunks) {
      bytes += chunk.length;
      if (bytes > mostBytes) throw new EngineError("UPLOAD_TOO_LARGE", `more than ${mostBytes} bytes`);
      await file.write(chunk).catch(unwritable);
    }
    return bytes;
  } finally {
    await file.close();
  }
}

function unwritable(cause: NodeJS.ErrnoException): never {
  const reason = cause.code === "ENOSPC" ? "the disk is full" : (cause.code ?? "unknown");
  throw new EngineError("FILE_UNWRITABLE", `what came cannot be written: ${reason}`, { cause });
}
