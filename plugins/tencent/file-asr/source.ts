import { createHash } from "node:crypto";
import { EngineError, type NodeContext, type RecordingFrame } from "#engine/plugin";
import { containerOf, requireContainer } from "../wire/recording.ts";

/** A recording as the service is given it: an address, or the file's bytes as they are. */
export type Source = { readonly url: string } | { readonly bytes: Uint8Array; readonly container: string | undefined };

/** What an interface takes. */
export interface SourceLimits {
  readonly bytes: number;
  /** Undefined: whatever it is. */
  readonly containers?: readonly string[];
  readonly takesUrls: boolean;
}

/** Addresses are shorter than this. */
const URL_CHARACTERS = 2048;
/** 5 MB of an upload. */
const MB = 1024 * 1024;

const LEGACY_CONTAINERS = ["wav", "pcm", "mp3", "silk", "speex", "amr", "m4a"];
export const LIMITS: Readonly<Record<"legacy" | "current" | "flash", SourceLimits>> = {
  legacy: { bytes: 5 * MB, containers: LEGACY_CONTAINERS, takesUrls: true },
  current: { bytes: 5 * MB, takesUrls: true },
  flash: {
    bytes: 100 * MB,
    containers: ["wav", "pcm", "ogg-opus", "speex", "silk", "mp3", "m4a", "aac", "amr"],
    takesUrls: false,
  },
};

/**
 * Takes a recording as it is, and refuses what the service would refuse, before anything is sent.
 * @throws EngineError FILE_NOT_FOUND, UPLOAD_TOO_LARGE, AUDIO_EMPTY, AUDIO_FORMAT_UNSUPPORTED, CONFIG_INVALID for an address that is too long.
 */
export async function sourceOf(frame: RecordingFrame, limits: SourceLimits, ctx: NodeContext): Promise<Source> {
  const { source, container } = frame;
  if ("url" in source) {
    if (!limits.takesUrls)
      throw new EngineError(
        "CONFIG_INVALID",
        "flash recognition takes no addresses: set api: current, or give the file",
      );
    requireUrl(source.url, "of a recording");
    requireContainer(
      container ?? containerOf(undefined, new URL(source.url).pathname, new Uint8Array(0)),
      limits.containers,
    );
    return source;
  }
  const name = "path" in source ? source.path : "";
  const bytes = "path" in source ? await ctx.outside(() => readFile(source.path, limits.bytes)) : source.bytes;
  requireSize(bytes.length, limits.bytes);
  const found = containerOf(container, name, bytes.subarray(0, 16));
  requireContainer(found, limits.containers);
  return { bytes, container: found };
}

async function readFile(path: string, most: number): Promise<Uint8Array> {
  const file = Bun.file(path);
  if (!(await file.exists())) throw new EngineError("FILE_NOT_FOUND", `${path} is not there`);
  requireSize(file.size, most);
  return file.bytes();
}

function requireSize(size: number, most: number): void {
  if (size === 0) throw new EngineError("AUDIO_EMPTY", "the recording has no bytes");
  if (size > most)
    throw new EngineError(
      "UPLOAD_TOO_LARGE",
      `the recording has ${size} bytes, and the service takes ${most}: give its address instead`,
    );
}

/** @throws EngineError CONFIG_INVALID */
export function requireUrl(url: string, what: string): void {
  if (!URL.canParse(url)) throw new EngineError("CONFIG_INVALID", `the address ${what} is none`);
  if (url.length >= URL_CHARACTERS)
    throw new EngineError(
      "CONFIG_INVALID",
      `the address ${what} has ${url.length} characters, wanted fewer than ${URL_CHARACTERS}`,
    );
}

/** The same recording has the same mark, in another process, too. */
export const markOf = (source: Source): string =>
  createHash("sha256")
    .update("url" in source ? source.url : source.bytes)
    .digest("hex")
    .slice(0, 32);
