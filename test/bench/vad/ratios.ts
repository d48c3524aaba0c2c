import { VadSessions } from "#native/vad-session";
import { WebRtcVad } from "#native/webrtc-vad";
import { framesOf, RATE_HZ, SAMPLES, STRIDE, speechPcm } from "../harness/speech.ts";
import { median, summarise } from "../measure.ts";
import type { Measurement } from "../measurement.ts";
import { openRawC, type RawC } from "../peers/raw-c/peer.ts";

const MODE = 3;
/** About 50 ms of work in each measurement. */
const FRAMES_PER_RUN = 32_000;

const SETTINGS = {
  sampleRateHz: RATE_HZ,
  frameMs: 20,
  aggressiveness: MODE,
  preRollMs: 300,
  minSpeechMs: 60,
  endpointMs: 500,
  maxSegmentMs: 15_000,
  settleMs: 200,
};

/** Something that takes the next frame of each of its streams, tick by tick. */
interface Runner {
  /** @returns how many frames were voiced */
  run(firstTick: number, ticks: number): number;
  close(): void;
}

const pcm = speechPcm();
const frames = framesOf(pcm);
const frameOf = (stream: number, tick: number): Int16Array => frames[(stream * STRIDE + tick) % frames.length]!;

function rawC(raw: RawC, streams: number): Runner {
  raw.open(streams, MODE);
  return {
    run: (firstTick, ticks) => raw.run(pcm, SAMPLES, RATE_HZ, STRIDE, firstTick, ticks),
    close: () => raw.open(1, MODE),
  };
}

/** One call from JavaScript for each frame. */
function byCall(streams: number): Runner {
  const vads = Array.from({ length: streams }, () => WebRtcVad.open(RATE_HZ, MODE, "native"));
  return {
    run(firstTick, ticks) {
      let voiced = 0;
      for (let tick = firstTick; tick < firstTick + ticks; tick++)
        for (let i = 0; i < streams; i++) if (vads[i]!.isSpeech(frameOf(i, tick))) voiced++;
      return voiced;
    },
    close: () => vads.forEach((vad) => void vad.close()),
  };
}

/** A session for each stream, one call for each chunk of 20 ms; judged one by one. */
function bySession(streams: number): Runner {
  const pool = VadSessions.create("scalar");
  const ids = Array.from({ length: streams }, () => pool.open(SETTINGS));
  return {
    run(firstTick, ticks) {
      let voiced = 0;
      for (let tick = firstTick; tick < firstTick + ticks; tick++)
        for (let i = 0; i < streams; i++) if (pool.push(ids[i]!, frameOf(i, tick)).voiced(0, 0)) voiced++;
      return voiced;
    },
    close: () => pool.close(),
  };
}

/** The same sessions, all frames of a tick staged and judged side by side, with level, endpointing and events. */
function byLanes(streams: number, way: "avx2" | "portable"): Runner {
  const pool = VadSessions.create(way);
  const ids = Array.from({ length: streams }, () => pool.open(SETTINGS));
  return {
    run(firstTick, ticks) {
      let voiced = 0;
      for (let tick = firstTick; tick < firstTick + ticks; tick++) {
        for (let i = 0; i < streams; i++) pool.stage(ids[i]!, frameOf(i, tick));
        const batch = pool.run();
        for (let i = 0; i < streams; i++) if (batch.voiced(i, 0)) voiced++;
      }
      return voiced;
    },
    close: () => pool.close(),
  };
}

interface Ratio {
  readonly key: string;
  readonly streams: number;
  readonly make: () => Runner;
  readonly goal: Measurement["goal"];
  /** What is divided: `raw/ours` where more is better. */
  readonly over: "ours/raw" | "raw/ours";
}

/** Medians of pairs measured one right after the other, each in CPU time of the whole process. */
function compare(raw: RawC, ratio: Ratio, rounds: number): Measurement {
  const ticks = Math.ceil(FRAMES_PER_RUN / ratio.streams);
  const [theirs, ours] = [rawC(raw, ratio.streams), ratio.make()];
  const [quotients, nanos, rawNanos]: [number[], number[], number[]] = [[], [], []];
  for (let i = -1; i < rounds; i++) {
    const first = cpuNanos(() => theirs.run((i + 1) * ticks, ticks));
    const second = cpuNanos(() => ours.run((i + 1) * ticks, ticks));
    if (first.value !== second.value)
      throw new Error(`${ratio.key}: ${second.value} frames voiced, raw C says ${first.value}`);
    if (i < 0) continue; // compiles and warms up
    quotients.push(ratio.over === "ours/raw" ? second.nanos / first.nanos : first.nanos / second.nanos);
    nanos.push(second.nanos / (ticks * ratio.streams));
    rawNanos.push(first.nanos / (ticks * ratio.streams));
  }
  theirs.close();
  ours.close();
  const values = { ours: Math.round(median(nanos)), "raw C": Math.round(median(rawNanos)) };
  return {
    key: ratio.key,
    ...summarise(quotients),
    unit: "",
    ...(ratio.goal ? { goal: ratio.goal } : {}),
    note: `${ratio.over} C; ours ${values.ours} ns a frame, raw C ${values["raw C"]}`,
    parts: { unit: "ns a frame", values },
  };
}

function cpuNanos<T>(work: () => T): { value: T; nanos: number } {
  const before = process.cpuUsage();
  const value = work();
  const { user, system } = process.cpuUsage(before);
  return { value, nanos: (user + system) * 1000 };
}

const ATMOST = (value: number): Measurement["goal"] => ({ op: "<=", value });
const ATLEAST = (value: number): Measurement["goal"] => ({ op: ">=", value });

function ratios(avx2: boolean): Ratio[] {
  const lanes = (streams: number, way: "avx2" | "portable") => ({ streams, make: () => byLanes(streams, way) });
  return [
    { key: "vad.ffi.one", streams: 1, make: () => byCall(1), goal: ATMOST(1.05), over: "ours/raw" },
    { key: "vad.ffi.thousand", streams: 1000, make: () => byCall(1000), goal: ATMOST(1.1), over: "ours/raw" },
    { key: "vad.session.thousand", streams: 1000, make: () => bySession(1000), goal: ATMOST(1.25), over: "ours/raw" },
    ...(avx2
      ? ([
          { key: "vad.lanes.hundred", ...lanes(100, "avx2"), goal: ATLEAST(2.5), over: "raw/ours" },
          { key: "vad.lanes.thousand", ...lanes(1000, "avx2"), goal: ATLEAST(2.5), over: "raw/ours" },
        ] as const)
      : []),
    { key: "vad.lanes.portable", ...lanes(1000, "portable"), goal: ATLEAST(1.6), over: "raw/ours" },
  ];
}

/** Run as a program of its own, so that it can be kept to one core: prints the measurements as JSON. */
const repetitions = Number(process.argv[2] ?? 15);
const raw = openRawC();
using best = VadSessions.create();
console.log(JSON.stringify(ratios(best.way === "avx2").map((ratio) => compare(raw, ratio, repetitions))));
