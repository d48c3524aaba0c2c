import { EngineError, killGroup } from "#engine/plugin";
import type { CaptureLine, LineRequest, PlaybackLine } from "./line.ts";
import { type Direction, invocation } from "./programs.ts";

/** @throws EngineError ENGINE_MISSING, DEVICE_UNAVAILABLE where the library can say so at once. */
export async function openCapture(request: LineRequest): Promise<CaptureLine> {
  if (request.through === "decibri") return (await import("./decibri.ts")).openDecibriCapture(request);
  const child = start("microphone", request);
  const words = firstWords(child.stderr);
  const bytes = child.stdout[Symbol.asyncIterator]();
  let reason = "";
  return {
    async next() {
      const { done, value } = await bytes.next();
      if (!done) return value;
      await child.exited;
      reason = (await words) || `it ended with ${child.signalCode ?? child.exitCode}`;
      return undefined;
    },
    get reason() {
      return reason;
    },
    close: () => killGroup(child.pid),
  };
}

/** @throws EngineError ENGINE_MISSING, DEVICE_UNAVAILABLE where the library can say so at once. */
export async function openPlayback(request: LineRequest): Promise<PlaybackLine> {
  if (request.through === "decibri") return (await import("./decibri.ts")).openDecibriPlayback(request);
  const child = start("speaker", request);
  const words = firstWords(child.stderr);
  const gone = child.exited.then(async () => (await words) || `it ended with ${child.signalCode ?? child.exitCode}`);
  const { stdin } = child;
  return {
    gone,
    async write(bytes) {
      stdin.write(bytes);
      // a program that is gone leaves this waiting for ever, or fails it: the caller watches `gone` as well
      await stdin.flush();
    },
    async finish() {
      await Promise.resolve(stdin.end()).catch(() => undefined); // it is gone, which is what is waited for
      await child.exited;
    },
    close: () => killGroup(child.pid),
  };
}

function start(direction: Direction, { through, device, format, environment }: LineRequest) {
  if (through === "decibri") throw new Error("a library is no program");
  const { program, args } = invocation(direction, through, format, device, environment);
  try {
    return Bun.spawn([program.path, ...args], {
      stdin: "pipe",
      stdout: "pipe",
      stderr: "pipe",
      env: program.env,
      detached: true,
    });
  } catch (error) {
    throw new EngineError("ENGINE_MISSING", `${program.path} cannot be started`, { cause: error });
  }
}

const MOST_WORDS = 200;

/** The last line of a driver's complaint is what the program makes of it; the rest is read and dropped, so that it never waits. */
async function firstWords(stream: ReadableStream<Uint8Array>): Promise<string> {
  let text = "";
  const decoder = new TextDecoder();
  for await (const chunk of stream) text = (text + decoder.decode(chunk, { stream: true })).slice(-4 * MOST_WORDS);
  return (text.trim().split("\n").at(-1) ?? "").slice(0, MOST_WORDS);
}
