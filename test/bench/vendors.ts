import { join } from "node:path";
import { MeasuringProgram, ownProgram } from "./harness/program.ts";
import { quantile, summarise } from "./measure.ts";
import type { Benchmark, BenchOptions, Measurement } from "./measurement.ts";
import {
  type ClientQuestion,
  RESULTS,
  type Recognised,
  residentBytes,
  type ServiceAnswer,
  type ServiceQuestion,
  type Times,
} from "./vendors/conversation.ts";
import { VENDOR_NAMES, type VendorName } from "./vendors/vendor.ts";

const SESSIONS = 500;
/** Clients of the same service beside them, in a process of their own. */
const BARE = 20;
/** Recognitions before the counted ones, so many times: until then the process still compiles code. */
const WARM_UP = 50;
const WARM_UPS = 8;
/** The core of the process that is measured; service and bare clients share the other one. */
const OURS = 1;
const OTHERS = 0;

interface Round {
  readonly failed: number;
  readonly oursMs: number;
  readonly bareMs: number;
  /** Resident memory of our process: at its most, and, where it was weighed, in the midst of the sentence without garbage. */
  readonly mostBytes: number;
  readonly heldBytes: number;
}

/** How long results took, all of them. @throws Error where one was lost or came twice. */
function delays(sent: Times, come: Times): number[] {
  return Object.entries(come).flatMap(([task, times]) => {
    const left = sent[task] ?? [];
    if (left.length !== times.length || times.length !== RESULTS)
      throw new Error(`${left.length} results were sent of a task, ${times.length} came, ${RESULTS} were wanted`);
    return times.map((at, index) => at - left[index]!);
  });
}

async function run({ repetitions = 3, say }: BenchOptions): Promise<Measurement[]> {
  const found: Measurement[] = [];
  for (const vendor of VENDOR_NAMES) found.push(...(await measured(vendor, repetitions, say)));
  return found;
}

/** The first vendor has the names that were there before there were others. */
const keyOf = (vendor: VendorName, what: string): string =>
  vendor === "aliyun" ? `vendors.${what}` : `vendors.${vendor}.${what}`;

async function measured(vendor: VendorName, repetitions: number, say: BenchOptions["say"]): Promise<Measurement[]> {
  const program = (file: string) => ownProgram(join(import.meta.dir, "vendors", file));
  await using service = new MeasuringProgram<ServiceQuestion, ServiceAnswer>(program("service.ts"), { core: OTHERS });
  await using ours = new MeasuringProgram<ClientQuestion, Recognised>(program("ours.ts"), { core: OURS });
  await using bare = new MeasuringProgram<ClientQuestion, Recognised>(program("bare.ts"), { core: OTHERS });
  const { url } = await service.ask({ ask: "open", vendor });

  const round = async (sessions: number, speed: number, weigh = false): Promise<Round> => {
    const question = { ask: "recognise", vendor, url, speed } as const;
    let most = 0;
    const looking = setInterval(async () => {
      most = Math.max(most, await residentBytes(ours.pid));
    }, 20);
    const [mine, others] = await Promise.all([
      ours.ask({ ...question, sessions, weigh }),
      bare.ask({ ...question, sessions: BARE }),
    ]).finally(() => clearInterval(looking));
    const failures = [...mine.failures, ...others.failures];
    if (failures.length > 0) throw new Error(`${vendor} at ${speed} times real time: ${failures.join("; ")}`);
    const { times: sent } = await service.ask({ ask: "times", vendor });
    const done = Object.keys(mine.times).length;
    const p99 = (come: Times) => quantile(delays(sent, come), 0.99);
    return {
      failed: sessions - done,
      oursMs: p99(mine.times),
      bareMs: p99(others.times),
      mostBytes: most,
      heldBytes: mine.residentBytes ?? 0,
    };
  };

  for (let i = 0; i < WARM_UPS; i++) await round(WARM_UP, 2);
  const idle = (await round(WARM_UP, 1, true)).heldBytes;
  const weighed: Round[] = [];
  for (let i = 0; i < repetitions; i++) weighed.push(await round(SESSIONS, 1, true));
  const slow: Round[] = [];
  const fast: Round[] = [];
  for (let i = 0; i < repetitions; i++)
    for (const [speed, rounds] of [
      [1, slow],
      [2, fast],
    ] as const) {
      const done = await round(SESSIONS, speed);
      say(
        `${vendor}: ${SESSIONS} at ${speed} times real time: p99 ${done.oursMs.toFixed(1)} ms, bare ${done.bareMs.toFixed(1)} ms`,
      );
      rounds.push(done);
    }
  const all = [...slow, ...fast];
  const more = (rounds: readonly Round[]) => summarise(rounds.map(({ oursMs, bareMs }) => oursMs - bareMs));
  const bareNote = (rounds: readonly Round[]) =>
    `bare: ${summarise(rounds.map(({ bareMs }) => bareMs)).value.toFixed(1)} ms`;
  const limit = { op: "<=", value: 50 } as const;
  return [
    {
      key: keyOf(vendor, "failed"),
      unit: `of ${SESSIONS}`,
      goal: { op: "<=", value: 0 },
      ...summarise(all.map(({ failed }) => failed)),
    },
    {
      key: keyOf(vendor, "delay.p99"),
      unit: "ms more than bare",
      goal: limit,
      note: bareNote(slow),
      ...more(slow),
    },
    {
      key: `${keyOf(vendor, "delay.p99")} at twice real time`,
      unit: "ms more than bare",
      goal: limit,
      note: bareNote(fast),
      ...more(fast),
    },
    {
      key: keyOf(vendor, "memory"),
      unit: "KiB each",
      goal: { op: "<=", value: 100 },
      note: `resident in the midst of the sentence without garbage, less that with ${WARM_UP} at once`,
      ...summarise(weighed.map(({ heldBytes }) => (heldBytes - idle) / 1024 / (SESSIONS - WARM_UP))),
    },
    {
      key: `${vendor}: memory at its most`,
      unit: "KiB each",
      note: "the same with what the collector had not collected yet",
      ...summarise([...weighed, ...all].map(({ mostBytes }) => (mostBytes - idle) / 1024 / (SESSIONS - WARM_UP))),
    },
  ];
}

export default {
  name: "vendors",
  summary: `${SESSIONS} recognitions at once through one process, against a vendor's gateway in another, beside bare WebSocket clients`,
  run,
} satisfies Benchmark;
