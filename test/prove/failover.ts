import {
  type Failover,
  FIRST_VENDORS,
  FIXTURE_NAMES,
  type FirstVendor,
  type FixtureName,
  LOSSES,
  type Loss,
  loseVendor,
  stepsOf,
} from "#test/failover";

/** How many of the steps are tried in real time, over sockets of the machine. */
const REAL_STEPS = 12;

/**
 * Proves that losing a vendor costs and doubles no word: `bun run prove failover [STEP]`. The first vendor of a live workflow is killed, falls silent
 * or takes its token no longer, at every 20 ms of what is said (or every STEP ms); a dozen of the moments also in real time, over real sockets. Every
 * node type that is in the table is the first one in its turn; of those that interpret, translations are looked at, too. What is said is heard in pauses and without, and the first vendor's finals end where
 * words do, or before, or after: what is replayed then begins within a word, or before what is final.
 */
export default async function failover(argv: string[]): Promise<number> {
  const everyMs = argv[0] === undefined ? 20 : Number(argv[0]);
  if (!Number.isInteger(everyMs) || everyMs < 20) {
    console.error(`${argv[0]}: a number of milliseconds from 20 is wanted`);
    return 2;
  }
  let wrong = 0;
  for (const vendor of FIRST_VENDORS)
    for (const fixture of FIXTURE_NAMES) wrong += await proven(vendor, fixture, everyMs);
  return wrong === 0 ? 0 : 1;
}

/** Real time is mostly waited for, so that of all losses passes at once; virtual time is computed. */
async function proven(vendor: FirstVendor, fixture: FixtureName, everyMs: number): Promise<number> {
  const all = stepsOf(fixture);
  const steps = all.filter((atMs) => atMs % everyMs === 0);
  const few = Array.from({ length: REAL_STEPS }, (_, i) => all[Math.floor((i * all.length) / REAL_STEPS)]!);
  const virtual: Tried[] = [];
  for (const loss of LOSSES) virtual.push(await tried({ vendor, fixture, loss }, steps, false));
  const real = await Promise.all(LOSSES.map((loss) => tried({ vendor, fixture, loss }, few, true)));
  let wrong = 0;
  for (const [i, loss] of LOSSES.entries()) {
    const [computed, waited] = [virtual[i]!, real[i]!];
    const merged = computed.merged > 0 ? `, ${computed.merged} words merged` : "";
    console.log(
      `${vendor.padEnd(22)} ${fixture.padEnd(8)}${loss.padEnd(8)} ${steps.length} steps in virtual time: ${computed.wrong} wrong${merged}; ${REAL_STEPS} in real time over sockets: ${waited.wrong} wrong`,
    );
    wrong += computed.wrong + waited.wrong;
  }
  return wrong;
}

interface Tried {
  /** Steps. */
  readonly wrong: number;
  /** Words that the second vendor said again. */
  readonly merged: number;
}

/** Each step that went wrong is told. Real ones run beside each other. */
async function tried(
  what: { readonly vendor: FirstVendor; readonly fixture: FixtureName; readonly loss: Loss },
  steps: readonly number[],
  real: boolean,
): Promise<Tried> {
  const one = async (atMs: number) => told(what, atMs, await loseVendor({ ...what, atMs, real }));
  const results: Tried[] = real ? await Promise.all(steps.map(one)) : [];
  if (!real) for (const atMs of steps) results.push(await one(atMs));
  return results.reduce((sum, { wrong, merged }) => ({ wrong: sum.wrong + wrong, merged: sum.merged + merged }), {
    wrong: 0,
    merged: 0,
  });
}

function told(what: Readonly<Record<string, string>>, atMs: number, { wrong, report }: Failover): Tried {
  for (const each of wrong) console.log(`${Object.values(what).join(" ")} at ${atMs} ms: ${each}`);
  const asr = report.nodes.find(({ node }) => node === "asr");
  return { wrong: wrong.length > 0 ? 1 : 0, merged: asr?.counters.mergedWords ?? 0 };
}
