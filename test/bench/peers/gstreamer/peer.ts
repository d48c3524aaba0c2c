import { CORE } from "../../harness/program.ts";
import { pinned, timeCommand } from "../../measure.ts";

/** How GStreamer's elements are put one behind the other: called, or each behind a queue with a thread of its own. */
export type GStreamerChain = "identity" | "queue ! identity";

const NODES = 6;

/** The program, or undefined where it is not installed (Debian: gstreamer1.0-tools). */
export const findGStreamer = (): string | undefined => Bun.which("gst-launch-1.0") ?? undefined;

const run = async (program: string, chain: GStreamerChain, buffers: number): Promise<number> => {
  const element = `! ${chain} `.repeat(NODES);
  const pipeline = `fakesrc num-buffers=${buffers} sizetype=fixed sizemax=640 ${element}! fakesink`;
  const { cpuMs } = await timeCommand(pinned([program, "-q", ...pipeline.split(" ")], CORE));
  return cpuMs * 1e6;
};

/**
 * Processor time of a 640-byte buffer from source to sink, in nanoseconds, all threads: the difference of a long and a short run, so that
 * starting and ending is not counted.
 */
export async function gstreamerNanos(program: string, chain: GStreamerChain, buffers: number): Promise<number> {
  const short = Math.ceil(buffers / 10);
  const little = await run(program, chain, short);
  const much = await run(program, chain, buffers + short);
  return (much - little) / buffers;
}

export async function gstreamerVersion(program: string): Promise<string> {
  const child = Bun.spawn([program, "--version"], { stdin: "ignore", stdout: "pipe", stderr: "ignore" });
  return /version (\S+)/.exec(await new Response(child.stdout).text())?.[1] ?? "of unknown version";
}
