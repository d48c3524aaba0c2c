import { fuzzWorkflows } from "#test/mutate";

const COUNT = 10_000;
const SHOWN = 5;

/** Proves that mutated workflows give plans or coded findings at places in the file, and never throw: `bun run prove workflows [COUNT] [SEED]`. */
export default async function workflows([first, second]: string[]): Promise<number> {
  const count = first === undefined ? COUNT : Number(first);
  const seed = second === undefined ? 1 : Number(second);
  if (!Number.isInteger(count) || count < 1 || !Number.isInteger(seed)) {
    console.error(`${first} ${second ?? ""}: a number of workflows is wanted, and as a seed a whole number`);
    return 2;
  }
  const report = await fuzzWorkflows(count, seed);
  const codes = [...report.codes].sort(([, a], [, b]) => b - a).map(([code, times]) => `${code} ${times}`);
  console.log(`${report.workflows} mutated workflows of seed ${seed}; ${report.planned} of them were still sound`);
  console.log(`${codes.length} codes: ${codes.join(", ")}`);
  console.log(`${report.failures.length} gave something else than a plan or coded findings`);
  for (const { reason, text } of report.failures.slice(0, SHOWN))
    console.log(`\n${reason}\n${text.replace(/^/gm, "    ")}`);
  return report.failures.length === 0 ? 0 : 1;
}
