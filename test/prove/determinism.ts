import { rmSync } from "node:fs";
import { resolve } from "node:path";
import { parseArgs } from "node:util";
import { repeatInterpret } from "#test/repeat-run";
import { scratchFolder } from "#test/short-recording";

const TIMES = 100;
/** Of one run; on a busy machine the sample takes a minute or two. */
const LIMIT_MS = 600_000;

/**
 * Proves that the interpret workflow, real engines included, tells and writes the same under the virtual clock every time:
 * `bun run prove determinism [TIMES] [--in RECORDING]`. Each run is a process of its own, two go at once.
 */
export default async function determinism(argv: string[]): Promise<number> {
  const { positionals, values } = parseArgs({
    args: argv,
    allowPositionals: true,
    options: { in: { type: "string" } },
  });
  const times = positionals[0] === undefined ? TIMES : Number(positionals[0]);
  if (!Number.isInteger(times) || times < 2) {
    console.error(`${positionals[0]}: a number of runs from 2 is wanted`);
    return 2;
  }
  const folder = scratchFolder();
  const startedMs = performance.now();
  const { events, files, differences } = await repeatInterpret({
    times,
    width: 2,
    limitMs: LIMIT_MS,
    folder,
    ...(values.in !== undefined && { recording: resolve(values.in) }),
    say: (text) => console.error(text),
  });
  const seconds = Math.round((performance.now() - startedMs) / 1000);
  console.log(`${times} runs in ${seconds} s; the first told ${events} events and wrote`);
  for (const [name, digest] of Object.entries(files)) console.log(`  ${digest}  ${name}`);
  if (differences.length === 0) {
    console.log("every run told the same, byte by byte, and wrote the same files");
    rmSync(folder, { recursive: true });
    return 0;
  }
  console.log(`${differences.length} runs differ; what they wrote is in ${folder}`);
  for (const difference of differences) console.log(`  ${difference}`);
  return 1;
}
