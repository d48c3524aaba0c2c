import { Load, type LoadOptions, type Reading } from "./load.ts";

/** A chunk may be so old when its event comes back, in 99 of 100 cases. */
export const MOST_AGE_MS = 20;
/** Until what is called often is compiled, on the same core, with so few sockets that there is room for it. */
const WARM_UP_MS = 12_000;
const WARM_UP_SOCKETS = 400;
/** After sockets were opened: their runs begin. */
const SETTLE_MS = 3000;
const READING_MS = 3500;
/** A level is decided by the first two readings that agree, of three: one long turn of a compiler is no limit of a server. */
const READINGS = 3;
/** A level that is too much is looked at again: what it called for the first time may have been compiled meanwhile. */
const ATTEMPTS = 2;

export interface Level extends Reading {
  /** Of the server, in µs. */
  readonly cpuPerChunk: number;
}

export interface Climb {
  readonly name: string;
  readonly load: LoadOptions;
  /** Processor time of the server so far. */
  readonly cpuMs: () => number;
  /** Sockets at the first level. */
  readonly from: number;
  /** How many more the level after this one has. */
  readonly step: (level: Level) => number;
  readonly say: (text: string) => void;
}

/**
 * Adds sockets until chunks are too old or sockets are refused.
 * @returns the last level at which all was well; undefined where the first was too much.
 */
export async function climb({ name, load: options, cpuMs, from, step, say }: Climb): Promise<Level | undefined> {
  await using load = new Load(options);
  await load.open(WARM_UP_SOCKETS);
  await load.measure(WARM_UP_MS);
  let best: Level | undefined;
  for (let add = from - WARM_UP_SOCKETS; ; ) {
    const { refused } = await load.open(add);
    let level: Level | undefined;
    for (let attempt = 0; attempt < ATTEMPTS && !(level && isYoung(level)); attempt++) {
      await load.measure(SETTLE_MS);
      level = await decided(load, cpuMs);
      say(`server: ${name}: ${levelText(level)}`);
    }
    if (!level || refused > 0 || !isYoung(level)) return best;
    best = level;
    add = step(level);
  }
}

/** The reading in the middle; what two have said a third does not change. */
async function decided(load: Load, cpuMs: () => number): Promise<Level> {
  const readings: Level[] = [];
  while (readings.length < READINGS) {
    const before = cpuMs();
    const reading = await load.measure(READING_MS);
    readings.push({ ...reading, cpuPerChunk: ((cpuMs() - before) * 1000) / reading.chunks });
    const young = readings.filter(isYoung).length;
    if (Math.max(young, readings.length - young) > READINGS / 2) break;
  }
  readings.sort((a, b) => a.ageP99Ms - b.ageP99Ms);
  const young = readings.filter(isYoung).length;
  // the older of two that agree, or the one in the middle of three
  return young > READINGS / 2 ? readings[young - 1]! : readings[readings.length - 2]!;
}

const isYoung = (level: Level): boolean => level.ageP99Ms >= 0 && level.ageP99Ms <= MOST_AGE_MS && level.closed === 0;

export const levelText = (level: Level): string =>
  `${level.sockets} sockets, p50 ${level.ageP50Ms} ms, p99 ${level.ageP99Ms} ms of ${level.ages}, ${level.cpuPerChunk.toFixed(2)} µs a chunk, ${(level.messages / level.seconds).toFixed(0)} messages/s, clients late by ${level.lateP99Ms} ms${level.closed ? `, ${level.closed} closed` : ""}`;
