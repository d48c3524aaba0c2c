import { stat } from "node:fs/promises";
import { z } from "zod";
import { defineNode, EngineError, path, type RecordingFrame, sniffContainer } from "#engine/plugin";
import { fileBytes, isWebUrl, unreadable } from "./file/byte-source.ts";

const config = z.strictObject({
  path: path(z.string().min(1), "read").describe(
    "The recording, a path or a web address; it is not opened further than its first bytes.",
  ),
});

/** Hands on a recording as it is, for recognisers that take files. */
export const recording = defineNode({
  type: "core.recording",
  summary: "Hands on a recording as it is, for recognisers of files.",
  role: "source",
  inputs: {},
  outputs: { recording: { kinds: ["recording"] } },
  effects: ["files"],
  config,
  shape: "task",
  opens: {
    kind: "recording",
    config: (location) => ({ path: location }),
    async probe(settings) {
      if (!isWebUrl(settings.path)) await look(settings.path);
      return undefined;
    },
  },
  async create({ path: location }, ctx) {
    const frame: RecordingFrame = isWebUrl(location)
      ? { kind: "recording", source: { url: location } }
      : await ctx.outside(() => look(location));
    return {
      async run(_input, emit) {
        await emit(frame);
      },
    };
  },
});

/** @throws EngineError FILE_NOT_FOUND, FILE_UNREADABLE, AUDIO_EMPTY. */
async function look(location: string): Promise<RecordingFrame> {
  const { size } = await stat(location).catch((error: unknown) => {
    throw unreadable(location, error);
  });
  const bytes = await fileBytes(location);
  try {
    if (size === 0) throw new EngineError("AUDIO_EMPTY", `${location}: 0 bytes; wanted a recording`);
    const head = await bytes.next(64);
    const container = head && sniffContainer(head);
    return { kind: "recording", source: { path: location }, ...(container && { container }) };
  } finally {
    await bytes.close();
  }
}
