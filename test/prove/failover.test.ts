import { expect, test } from "bun:test";
import { LOSSES, loseVendor, SAID } from "#test/failover";

test.each(LOSSES.flatMap((loss) => [0, 340, 1000, 1900, 3000].map((atMs) => [loss, atMs] as const)))(
  "no word is lost or doubled by a vendor that is %s at %i ms",
  async (loss, atMs) => {
    const { words, wrong, report } = await loseVendor(loss, atMs);
    expect(wrong).toEqual([]);
    expect(words.join(" ")).toBe(SAID.join(" "));
    const asr = report.nodes.find(({ node }) => node === "asr");
    expect(asr?.counters.fallbacks ?? 0).toBe(loss === "expired" ? 0 : 1);
  },
);
