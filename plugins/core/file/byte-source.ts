import { open } from "node:fs/promises";
import { asEngineError, EngineError, type NodeContext } from "#engine/plugin";

/** The bytes of a recording, from wherever it lies. `close()` it. */
export interface ByteSource {
  /** As error messages name it. */
  readonly name: string;
  /** Bytes in all; undefined where nobody knows. */
  readonly size: number | undefined;
  /** A path that a program could open as well. */
  readonly path?: string;
  /**
   * The next bytes, undefined after the last. They are good until the next call.
   * @param most a hint: what comes from a network comes as it comes.
   */
  next(most: number): Promise<Uint8Array | undefined>;
  close(): Promise<void>;
}

/** @throws EngineError FILE_NOT_FOUND, FILE_UNREADABLE. */
export async function fileBytes(path: string): Promise<ByteSource> {
  const file = await open(path, "r").catch((error: unknown) => {
    throw unreadable(path, error);
  });
  try {
    const stat = await file.stat();
    if (stat.isDirectory()) throw new EngineError("FILE_UNREADABLE", `${path}: a folder; wanted a recording`);
    let block = new Uint8Array(0);
    return {
      name: path,
      size: stat.isFile() ? stat.size : undefined,
      ...(stat.isFile() && { path }),
      async next(most) {
        if (block.length < most) block = new Uint8Array(most);
        const { bytesRead } = await file.read(block, 0, most, null).catch((error: unknown) => {
          throw unreadable(path, error);
        });
        return bytesRead === 0 ? undefined : block.subarray(0, bytesRead);
      },
      close: () => file.close(),
    };
  } catch (error) {
    await file.close();
    throw error instanceof EngineError ? error : unreadable(path, error);
  }
}

const MOST_REDIRECTS = 5;

/** Whether a location is a web address rather than a path. */
export const isWebUrl = (location: string): boolean => /^https?:\/\//i.test(location);

/**
 * What a web server sends, while it sends it. Redirects are followed; each address passes the run's guard.
 * @throws EngineError INPUT_UNREACHABLE for an answer that is no recording; what the network throws.
 */
export async function urlBytes(url: string, { network }: Pick<NodeContext, "network">): Promise<ByteSource> {
  let at = url;
  for (let left = MOST_REDIRECTS; ; left--) {
    const answer = await network.fetch({ url: at });
    const { location } = answer.headers;
    if (answer.status >= 300 && answer.status < 400 && location !== undefined && left > 0) {
      await drop(answer.chunks());
      at = new URL(location, at).href;
      continue;
    }
    const { host } = new URL(at);
    if (answer.status !== 200) {
      await drop(answer.chunks());
      throw new EngineError("INPUT_UNREACHABLE", `${host} answered ${answer.status}; wanted a recording`);
    }
    const length = Number(answer.headers["content-length"] ?? Number.NaN);
    return streamed(`the recording at ${host}`, Number.isFinite(length) ? length : undefined, answer.chunks());
  }
}

function streamed(name: string, size: number | undefined, chunks: AsyncIterable<Uint8Array>): ByteSource {
  const iterator = chunks[Symbol.asyncIterator]();
  let found = 0;
  return {
    name,
    size,
    async next() {
      for (;;) {
        const { done, value } = await iterator.next();
        if (done) {
          if (size !== undefined && found < size)
            throw new EngineError("INPUT_UNREACHABLE", `${name}: ${found} of ${size} bytes came`);
          return undefined;
        }
        found += value.length;
        if (value.length > 0) return value;
      }
    },
    async close() {
      await iterator.return?.();
    },
  };
}

async function drop(chunks: AsyncIterable<Uint8Array>): Promise<void> {
  for await (const _ignored of chunks) break;
}

/** What an error of the file system means for a recording. */
export function unreadable(path: string, error: unknown): EngineError {
  const code = error instanceof Error && "code" in error ? String(error.code) : "";
  if (code === "ENOENT" || code === "ENOTDIR")
    return new EngineError("FILE_NOT_FOUND", `${path}: no such file; wanted a recording`, { cause: error });
  if (code === "EISDIR")
    return new EngineError("FILE_UNREADABLE", `${path}: a folder; wanted a recording`, { cause: error });
  return asEngineError(error, "FILE_UNREADABLE", path);
}
