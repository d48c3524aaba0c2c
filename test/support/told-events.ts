import { readFileSync } from "node:fs";
import { WAV_HEADER_BYTES, WavReader } from "#engine/audio";
import type { TextFrame } from "#engine/frames";
import type { RunReport } from "#engine/runtime";
import { requireBalance } from "./accounted-run.ts";

/** A line of `run --json`, as far as tests look at it. */
export interface ToldEvent {
  readonly sequence: number;
  readonly runId: string;
  readonly type: "run.state" | "output" | "node" | "node.failed" | "artifact" | "run.ended";
  readonly state?: string;
  readonly node?: string;
  readonly output?: string;
  readonly frame?: TextFrame;
  readonly event?: { readonly type: string; readonly code?: string; readonly from?: string };
  readonly error?: { readonly code: string; readonly message: string };
  readonly report?: Omit<RunReport, "error"> & { readonly error?: { readonly code: string; readonly message: string } };
}

/** Every line as an event. @throws Error at a line that is none. */
export const toldEvents = (out: string): ToldEvent[] =>
  out
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => JSON.parse(line) as ToldEvent);

/** The report that the last event carries. @throws Error where it carries none, or its accounts do not balance */
export function toldReport(events: readonly ToldEvent[]): NonNullable<ToldEvent["report"]> {
  const report = events.at(-1)?.report;
  if (!report) throw new Error(`the last event is ${events.at(-1)?.type ?? "missing"}, not the end of the run`);
  return requireBalance(report);
}

/** The final texts of a role, in the order told. */
export const finalsOf = (events: readonly ToldEvent[], role: TextFrame["role"]): string[] =>
  events.flatMap(({ frame }) => (frame?.kind === "text" && frame.final && frame.role === role ? [frame.text] : []));

/** The samples of a WAV that has to be whole, as core.wav writes it. @throws Error where its header says something else than the file holds */
export function wholeWav(path: string): Int16Array {
  const bytes = readFileSync(path);
  const [riffBytes, dataBytes] = [bytes.readUInt32LE(4), bytes.readUInt32LE(WAV_HEADER_BYTES - 4)];
  if (riffBytes !== bytes.length - 8 || dataBytes !== bytes.length - WAV_HEADER_BYTES)
    throw new Error(`${path}: ${bytes.length} bytes, and its header tells of ${dataBytes} behind it`);
  return new WavReader().push(bytes);
}

/** The lines of each cue of an SRT file that has to be valid: numbered from 1, times rising, nothing empty. @throws Error where it is not */
export function srtCues(path: string): string[][] {
  const text = readFileSync(path, "utf8");
  if (text === "") return [];
  let lastMs = 0;
  return text
    .trimEnd()
    .split(/\r?\n\r?\n/)
    .map((block, index) => {
      const [number, times = "", ...lines] = block.split(/\r?\n/);
      const [, from, to] = /^([\d:,]+) --> ([\d:,]+)$/.exec(times) ?? [];
      const [fromMs, toMs] = [srtTime(from), srtTime(to)];
      if (number !== `${index + 1}` || lines.length === 0 || lines.includes("") || fromMs < lastMs || toMs <= fromMs)
        throw new Error(`${path}: cue ${index + 1} is not valid: ${block}`);
      lastMs = fromMs;
      return lines;
    });
}

function srtTime(text = ""): number {
  const parts = /^(\d\d):(\d\d):(\d\d),(\d{3})$/.exec(text)?.slice(1).map(Number);
  const [hours = Number.NaN, minutes = 0, seconds = 0, ms = 0] = parts ?? [];
  return ((hours * 60 + minutes) * 60 + seconds) * 1000 + ms;
}
