import { EngineError } from "#engine/plugin";
import type { CaptureLine, LineRequest, PlaybackLine } from "./line.ts";

/** Bytes that may wait between the library's thread and the node: two seconds of 48 kHz stereo. */
const MOST_WAITING_BYTES = 384_000;

/** @throws EngineError ENGINE_MISSING, DEVICE_UNAVAILABLE. */
export async function openDecibriCapture({ device, format }: LineRequest): Promise<CaptureLine> {
  const { Microphone } = await library();
  const microphone = await Microphone.open({
    sampleRate: format.sampleRateHz,
    channels: format.channels,
    ...named(device),
  }).catch(unavailable);
  const waiting: Uint8Array[] = [];
  let bytes = 0;
  let over = false;
  let reason = "";
  let wake: (() => void) | undefined;
  const end = (why: string) => {
    if (!over) reason = why;
    over = true;
    wake?.();
  };
  microphone.on("data", (chunk) => {
    if (bytes > MOST_WAITING_BYTES) return; // nobody reads: as a device does, it goes on
    waiting.push(new Uint8Array(chunk));
    bytes += chunk.length;
    wake?.();
  });
  microphone.on("error", (error) => end(error.message));
  microphone.on("close", () => end("it was closed"));
  return {
    async next() {
      while (waiting.length === 0 && !over)
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
      const next = waiting.shift();
      bytes -= next?.length ?? 0;
      return next;
    },
    get reason() {
      return reason;
    },
    close() {
      end("");
      microphone.stop();
    },
  };
}

/** @throws EngineError ENGINE_MISSING, DEVICE_UNAVAILABLE. */
export async function openDecibriPlayback({ device, format }: LineRequest): Promise<PlaybackLine> {
  const { Speaker } = await library();
  const speaker = await Speaker.open({
    sampleRate: format.sampleRateHz,
    channels: format.channels,
    ...named(device),
  }).catch(unavailable);
  const { promise: gone, resolve } = Promise.withResolvers<string>();
  speaker.on("error", (error) => resolve(error.message));
  return {
    gone,
    write: (bytes) => speaker.writeAsync(Buffer.from(bytes)),
    async finish() {
      await speaker.drainAsync().catch(() => undefined); // it is gone, which is what is waited for
      speaker.stop();
    },
    close() {
      speaker.stop();
      resolve("it was closed");
    },
  };
}

const named = (device: string | undefined) => (device === undefined ? {} : { device });

/** Loaded at first use: it needs a system library, and says only that npm has a bug where that is missing. */
async function library() {
  try {
    return await import("decibri");
  } catch (cause) {
    throw new EngineError(
      "ENGINE_MISSING",
      "the package decibri does not load: bun install decibri, and on Linux apt-get install libasound2",
      { cause },
    );
  }
}

function unavailable(cause: unknown): never {
  const words = cause instanceof Error ? cause.message : "it cannot be opened";
  throw new EngineError("DEVICE_UNAVAILABLE", words, { cause });
}
