import { describe, expect, test } from "bun:test";
import { proveDurability } from "#test/durability";
import { storeKinds } from "#test/stores";

/** xorshift32, so that a failure can be had again. */
function seeded(seed: number): () => number {
  let x = seed;
  return () => {
    x ^= x << 13;
    x ^= x >>> 17;
    x ^= x << 5;
    return (x >>> 0) / 2 ** 32;
  };
}

/** The short form of `bun run prove durability`. */
describe.each(storeKinds())("$name", (kind) => {
  const it = kind.skip ? test.skip : test;

  it("loses and doubles nothing when the process is killed again and again", async () => {
    const store = await kind.options();
    const report = await proveDurability({
      store,
      runs: 8,
      kills: 4,
      numbers: 12,
      speed: 4,
      random: seeded(5),
      lifeMs: 1200,
    });
    expect(report).toEqual({ kills: 4, finals: 192, faults: [] });
  }, 60_000);
});
