/** The process in which whisper runs: a graph that it does not expect ends its whole process. */
import { EngineError } from "#engine/errors";
import { serveRequests } from "#native/own-process";
import type { WhisperAsk, WhisperHeard } from "./engine.ts";

/** Of the package, what is used here. */
interface Whisper {
  initWhisper(options: { filePath: string; useGpu: boolean }): Promise<Context>;
}

interface Context {
  transcribeData(
    pcm: ArrayBuffer,
    options: { language: string; maxThreads: number },
  ): { readonly promise: Promise<Transcribed> };
}

interface Transcribed {
  readonly language?: string;
  readonly segments: readonly { readonly text: string; readonly t0: number; readonly t1: number }[];
}

let context: Context | undefined;

serveRequests("whisper", async (data): Promise<WhisperHeard | true> => {
  const ask = data as WhisperAsk;
  if (ask.do === "open") {
    const whisper: Whisper = await import("@fugood/whisper.node" as string);
    context = await whisper.initWhisper({ filePath: ask.model, useGpu: false });
    return true;
  }
  if (!context) throw new EngineError("ENGINE_FAILED", "whisper: asked before it was opened");
  const bytes = new Uint8Array(ask.pcm.buffer, ask.pcm.byteOffset, ask.pcm.byteLength).slice();
  const { promise } = context.transcribeData(bytes.buffer, { language: ask.language, maxThreads: ask.threads });
  const { language, segments } = await promise;
  const parts = segments.map(({ text, t0, t1 }) => ({ text: text.trim(), from: t0, to: t1 }));
  return { parts, ...(language !== undefined && { language }) };
});
