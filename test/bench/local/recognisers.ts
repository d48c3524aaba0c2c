import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { findDecoderFiles, Recogniser } from "#native/pocketsphinx";
import { findSherpa, recogniserModel, SherpaEngine } from "#native/sherpa";
import { streamingRecogniser } from "#test/tiny-models";
import { median } from "../measure.ts";
import type { Measurement } from "../measurement.ts";

const RECOGNISERS = 4;
const MIB = 2 ** 20;

interface Closing {
  close(): Promise<void>;
}

/** What each further recogniser of this machine adds in memory, once it has heard a second. */
export async function recogniserMemory(): Promise<Measurement[]> {
  const second = () => new Int16Array(16_000);
  const found: Measurement[] = [];
  if (findDecoderFiles().files)
    found.push(
      await added("pocketsphinx", "a decoder in a Worker of this process", async () => {
        const recogniser = await Recogniser.open({ finals: "fast", secondPass: false });
        await recogniser.feed(second());
        return recogniser;
      }),
    );
  if (findSherpa() === undefined) return found;
  const folder = mkdtempSync(join(tmpdir(), "parlando-memory-"));
  try {
    const settings = { quantised: true, threads: 1, language: "" };
    const { config } = recogniserModel(streamingRecogniser(join(folder, "model")), settings);
    const note = "a process of its own with a model of next to nothing: what a real model weighs comes on top";
    const open = async () => {
      const engine = await SherpaEngine.open("streaming", config, folder);
      await engine.hear(second());
      return engine;
    };
    found.push(await added("sherpa", note, open));
  } finally {
    rmSync(folder, { recursive: true });
  }
  return found;
}

async function added(name: string, note: string, open: () => Promise<Closing>): Promise<Measurement> {
  const opened: Closing[] = [await open()]; // the first brings what all of them share
  const steps: number[] = [];
  for (let before = resident(); opened.length < RECOGNISERS; before = resident()) {
    opened.push(await open());
    steps.push((resident() - before) / MIB);
  }
  for (const each of opened) await each.close();
  return {
    key: `local.memory.${name}`,
    value: median(steps),
    unit: "MiB a recogniser",
    spread: { min: Math.min(...steps), max: Math.max(...steps) },
    note,
  };
}

/** Of this process and those that it started, each by its share of what they have in common. */
function resident(): number {
  Bun.gc(true);
  return [process.pid, ...children()].reduce((sum, pid) => sum + shareOf(pid), 0);
}

/** Whose parent is this process, by the fourth field of their `stat`; a name may hold blanks, so it is counted from behind it. */
const children = (): number[] =>
  readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .filter((pid) => read(`/proc/${pid}/stat`).split(") ").at(-1)?.split(" ")[1] === `${process.pid}`);

const shareOf = (pid: number): number =>
  Number(/^Pss:\s+(\d+) kB/m.exec(read(`/proc/${pid}/smaps_rollup`))?.[1] ?? 0) * 1024;

/** Empty for a process that has ended meanwhile. */
function read(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return "";
  }
}
