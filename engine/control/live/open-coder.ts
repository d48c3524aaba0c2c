import { loadOpus, prepareEncoder } from "#engine/plugin";
import type { OutputEncoding } from "../api/live.ts";
import { EncodedStream } from "./encoded-stream.ts";
import { OpusPackets } from "./opus-packets.ts";
import type { OutputCoder } from "./output-coder.ts";

/**
 * What makes the coder of each output; undefined where samples go out as they are, one by one.
 * @throws EngineError ENGINE_MISSING
 */
export async function outputCoder(encoding: OutputEncoding | undefined): Promise<(() => OutputCoder) | undefined> {
  if (encoding === "opus") {
    const codec = await loadOpus();
    return () => new OpusPackets(codec);
  }
  if (encoding !== "mp3" && encoding !== "ogg") return undefined;
  const make = await prepareEncoder(encoding === "ogg" ? "vorbis" : "mp3");
  return () => new EncodedStream(make);
}
