import { parseArgs } from "node:util";
import { fuzzServer } from "#test/fuzz-server";

/** Memory may be this much above what it was after the first fifth. */
const MOST_GROWTH = 1.5;
const SLACK_BYTES = 96 * 2 ** 20;

/**
 * Proves that malformed traffic does nothing to a server: `bun run prove fuzz [--count 100000] [--seed 1] [--workers 16]`. Requests from the
 * server's own OpenAPI document and damaged good traffic, over HTTP, WebSocket (JSON and MessagePack) and raw connections, against a process
 * of `parlando serve`, with a healthy live run beside them.
 */
export default async function fuzz(argv: string[]): Promise<number> {
  const { values } = parseArgs({
    args: argv,
    options: {
      count: { type: "string", default: "100000" },
      seed: { type: "string", default: "1" },
      workers: { type: "string", default: "16" },
    },
  });
  const options = { count: +values.count, seed: +values.seed, workers: +values.workers };
  if (Object.values(options).some((figure) => !(Number.isInteger(figure) && figure > 0))) {
    console.error("--count, --seed and --workers take whole numbers above 0");
    return 2;
  }
  const startedMs = performance.now();
  const result = await fuzzServer({ ...options, say: (text) => console.error(text) });
  const { memory, answers, faults, requests, messages, raw } = result;
  const mib = (bytes: number) => `${Math.round(bytes / 2 ** 20)} MiB`;
  for (const [answer, times] of [...answers].sort((a, b) => b[1] - a[1]))
    console.log(`${String(times).padStart(8)}  ${answer}`);
  console.log(
    `${requests} requests, ${messages} messages on sockets and ${raw} raw connections in ${Math.round((performance.now() - startedMs) / 1000)} s, seed ${options.seed}`,
  );
  console.log(
    `memory: ${mib(memory.earlyBytes)} after a fifth, ${mib(memory.lateBytes)} at the end, ${mib(memory.peakBytes)} at most`,
  );
  if (memory.lateBytes > memory.earlyBytes * MOST_GROWTH + SLACK_BYTES) faults.push("memory grew");
  for (const fault of faults.slice(0, 50)) console.log(`  ${fault}`);
  console.log(
    faults.length === 0
      ? `nothing broke; the run beside it told all its ${result.healthyFinals} finals`
      : `${faults.length} faults`,
  );
  return faults.length === 0 ? 0 : 1;
}
