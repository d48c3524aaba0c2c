import { type Failover, FIRST_VENDORS, type FirstVendor, LOSSES, type Loss, loseVendor, STEPS } from "#test/failover";

/** How many of the steps are tried in real time, over sockets of the machine. */
const REAL_STEPS = 12;

/**
 * Proves that losing a vendor costs and doubles no word: `bun run prove failover [STEP]`. The first vendor of a live workflow is killed, falls silent
 * or takes its token no longer, at every 20 ms of what is said (or every STEP ms); a dozen of the moments also in real time, over real sockets. Every
 * vendor that is in the table is the first one in its turn.
 */
export default async function failover(argv: string[]): Promise<number> {
  const everyMs = argv[0] === undefined ? 20 : Number(argv[0]);
  if (!Number.isInteger(everyMs) || everyMs < 20) {
    console.error(`${argv[0]}: a number of milliseconds from 20 is wanted`);
    return 2;
  }
  let wrong = 0;
  const steps = STEPS.filter((atMs) => atMs % everyMs === 0);
  const few = Array.from({ length: REAL_STEPS }, (_, i) => STEPS[Math.floor((i * STEPS.length) / REAL_STEPS)]!);
  for (const vendor of FIRST_VENDORS)
    for (const loss of LOSSES) {
      const virtual = await tried(vendor, loss, steps, false);
      const real = await tried(vendor, loss, few, true);
      wrong += virtual + real;
      console.log(
        `${vendor.padEnd(11)} ${loss.padEnd(8)} ${steps.length} steps in virtual time: ${virtual} wrong; ${REAL_STEPS} in real time over sockets: ${real} wrong`,
      );
    }
  return wrong === 0 ? 0 : 1;
}

/** How many steps went wrong, each told. Real ones run beside each other. */
async function tried(vendor: FirstVendor, loss: Loss, steps: readonly number[], real: boolean): Promise<number> {
  const one = async (atMs: number) => told(`${vendor} ${loss}`, atMs, await loseVendor(vendor, loss, atMs, real));
  if (real) return (await Promise.all(steps.map(one))).reduce((sum, wrong) => sum + wrong, 0);
  let wrong = 0;
  for (const atMs of steps) wrong += await one(atMs);
  return wrong;
}

function told(what: string, atMs: number, { wrong }: Failover): number {
  for (const each of wrong) console.log(`${what} at ${atMs} ms: ${each}`);
  return wrong.length > 0 ? 1 : 0;
}
