import { parseArgs } from "node:util";
import { mib, trendOf } from "#test/soak/readings";
import { soakServer } from "#test/soak/served";
import { soakVirtually } from "#test/soak/virtual";

/** Memory may grow by so much over the whole time, along the line through all readings after the first quarter. */
const MOST_GROWTH = 0.1;
const SLACK_BYTES = 24 * 2 ** 20;

/**
 * Proves that nothing piles up: `bun run prove soak [--hours 24] [--minutes 60] [--seed 1] [--clients 6]`. Mixed runs with faults, for so many
 * hours of the virtual clock in this process, then for so many minutes of real time against `parlando serve`; 0 leaves a part out.
 */
export default async function soak(argv: string[]): Promise<number> {
  const { values } = parseArgs({
    args: argv,
    options: {
      hours: { type: "string", default: "24" },
      minutes: { type: "string", default: "60" },
      seed: { type: "string", default: "1" },
      clients: { type: "string", default: "6" },
    },
  });
  const [hours, minutes, seed, clients] = [+values.hours, +values.minutes, +values.seed, +values.clients];
  if (![hours, minutes, seed, clients].every((figure) => figure >= 0)) {
    console.error("--hours, --minutes, --seed and --clients take numbers from 0");
    return 2;
  }
  let worst = 0;
  if (hours > 0) worst = Math.max(worst, await virtually(hours, seed));
  if (minutes > 0) worst = Math.max(worst, await served(minutes * 60_000, seed, clients));
  return worst;
}

async function virtually(hours: number, seed: number): Promise<number> {
  const startedMs = performance.now();
  const { runs, memory, left, faults } = await soakVirtually({ hours, seed, say: (text) => console.error(text) });
  console.log(`${hours} virtual hours: ${runs} runs in ${Math.round((performance.now() - startedMs) / 1000)} s`);
  console.log(
    `  left: ${Object.entries(left)
      .map(([name, count]) => `${name} ${count}`)
      .join(", ")}`,
  );
  return verdict(memory, "hour", faults);
}

async function served(ms: number, seed: number, clients: number): Promise<number> {
  const { done, memory, before, after, faults, load } = await soakServer({
    ms,
    seed,
    clients,
    say: (text) => console.error(text),
  });
  console.log(`${(ms / 60_000).toFixed(1)} minutes of a server, ${(100 * load).toFixed(1)} % of a core:`);
  for (const [name, times] of [...done].sort()) console.log(`  ${String(times).padStart(6)}  ${name}`);
  console.log(`  before: ${JSON.stringify(before)}; after: ${JSON.stringify(after)}`);
  const kept = [after.sockets, after.sessions, after.runs].some((count) => count !== 0);
  if (kept || after.descriptors > before.descriptors) faults.push("handles are left");
  return verdict(memory, "minute", faults);
}

function verdict(memory: Parameters<typeof trendOf>[0], unit: string, faults: string[]): number {
  const later = memory.slice(Math.floor(memory.length / 4));
  const { slope, from, to } = trendOf(later);
  console.log(
    `  memory: ${mib(from)} to ${mib(to)} along the line through ${later.length} readings, ${mib(slope)} a ${unit}`,
  );
  if (to - from > from * MOST_GROWTH + SLACK_BYTES) faults.push("memory grows");
  for (const fault of faults.slice(0, 30)) console.log(`  ${fault}`);
  console.log(faults.length === 0 ? "  nothing piled up" : `  ${faults.length} faults`);
  return faults.length === 0 ? 0 : 1;
}
