import { join } from "node:path";
import {
  type ClientQuestion,
  type Heard,
  RESULTS,
  SENTENCE,
  type ServiceAnswer,
  type ServiceQuestion,
} from "./azure/conversation.ts";
import { MeasuringProgram, ownProgram } from "./harness/program.ts";
import { interleave, median } from "./measure.ts";
import type { Benchmark, BenchOptions, Measurement } from "./measurement.ts";

/** Rounds before the counted ones: until then the processes still compile code. */
const WARM_UP = 6;
/** At once, where the cost of one is looked for: what the process and its clock cost by themselves is the same whatever their number. */
const STREAMS = 100;
/** The core of the two that are measured, which take turns; the service has the other one. */
const CLIENTS = 1;
const SERVICE = 0;
const MIB = 2 ** 20;
const KIB = 1024;

/** Of one stream. */
interface Cost {
  readonly delayMs: number;
  readonly cpuMs: number;
}

/** Resident memory, in bytes. */
interface Weight {
  readonly oneStream: number;
  readonly perStream: number;
}

type Client = MeasuringProgram<ClientQuestion, Heard>;

async function run({ repetitions = 9, say }: BenchOptions): Promise<Measurement[]> {
  const program = (file: string) => ownProgram(join(import.meta.dir, "azure", file));
  await using service = new MeasuringProgram<ServiceQuestion, ServiceAnswer>(program("service.ts"), { core: SERVICE });
  await using ours: Client = new MeasuringProgram(program("ours.ts"), { core: CLIENTS });
  await using vendors: Client = new MeasuringProgram(program("sdk.ts"), { core: CLIENTS });
  const { url } = await service.ask({ ask: "open" });

  const hear = async (client: Client, streams: number, weigh = false): Promise<Heard> => {
    const heard = await client.ask({ ask: "recognise", url, streams, weigh });
    const wrong = heard.texts.filter((text) => text !== SENTENCE).length;
    if (wrong > 0 || heard.cameAt.length !== streams * RESULTS)
      throw new Error(`${wrong} of ${streams} streams heard another sentence; ${heard.cameAt.length} results came`);
    return heard;
  };
  const cost = async (client: Client): Promise<Cost> => {
    await service.ask({ ask: "times" });
    const { cameAt } = await hear(client, 1);
    const { sentAt } = await service.ask({ ask: "times" });
    if (sentAt.length !== RESULTS) throw new Error(`${sentAt.length} results were sent, ${RESULTS} were wanted`);
    const delays = cameAt.map((at, index) => at - (sentAt[index] ?? Number.NaN));
    return { delayMs: median(delays), cpuMs: (await hear(client, STREAMS)).cpuMs / STREAMS };
  };
  const weight = async (client: Client): Promise<Weight> => {
    const { residentBytes: idle } = await hear(client, 0, true);
    const { residentBytes: oneStream } = await hear(client, 1, true);
    const { residentBytes: many } = await hear(client, STREAMS, true);
    return { oneStream, perStream: (many - idle) / STREAMS };
  };

  for (let i = 0; i < WARM_UP; i++) for (const client of [ours, vendors]) await hear(client, STREAMS, true);
  const costs = await interleave({ ours: () => cost(ours), vendors: () => cost(vendors) }, repetitions);
  say("azure: delay and processor time measured, memory next");
  const weights = await interleave(
    { ours: () => weight(ours), vendors: () => weight(vendors) },
    Math.ceil(repetitions / 2),
  );
  const pair = <T>(of: Record<string, T[]>, what: (one: T) => number) =>
    [(of.ours ?? []).map(what), (of.vendors ?? []).map(what)] as const;
  const best = { op: "<=", value: 1 } as const;
  return [
    {
      ...beside(
        "azure.memory.vsSdk",
        "KiB",
        `resident, what each of ${STREAMS} streams adds, without garbage`,
        ...pair(weights, ({ perStream }) => perStream / KIB),
      ),
      goal: best,
    },
    {
      ...beside(
        "azure.cpu.vsSdk",
        "ms",
        `of all threads, for each of ${STREAMS} streams from opening to end`,
        ...pair(costs, ({ cpuMs }) => cpuMs),
      ),
      goal: best,
    },
    {
      ...beside(
        "azure.delay.vsSdk",
        "ms",
        "one stream: from the gateway's sending of a result to its coming out",
        ...pair(costs, ({ delayMs }) => delayMs),
      ),
      goal: best,
    },
    beside(
      "the whole process with one stream",
      "MiB",
      "resident, without garbage: the engine with planner and runtime beside the bare library",
      ...pair(weights, ({ oneStream }) => oneStream / MIB),
    ),
  ];
}

/** Our part of what the vendor's library takes: below 1 is better. */
function beside(
  key: string,
  unit: string,
  note: string,
  ours: readonly number[] = [],
  theirs: readonly number[] = [],
): Measurement {
  const values = { ours: median(ours), "the vendor's library": median(theirs) };
  const ratios = ours.map((own, index) => own / (theirs[index] ?? Number.NaN));
  return {
    key,
    unit: "of the library's",
    value: median(ratios),
    spread: { min: Math.min(...ratios), max: Math.max(...ratios) },
    note: `${note}: ${median(ours).toFixed(2)} and ${median(theirs).toFixed(2)} ${unit}`,
    parts: { unit, values },
  };
}

export default {
  name: "azure",
  summary:
    "a stream of recognition through azure.asr beside the vendor's own library, both under Bun, against our gateway",
  run,
} satisfies Benchmark;
