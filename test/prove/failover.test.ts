import { expect, test } from "bun:test";
import { FIRST_VENDORS, LOSSES, loseVendor, SAID } from "#test/failover";

const CASES = FIRST_VENDORS.flatMap((vendor) =>
  LOSSES.flatMap((loss) => [0, 340, 1000, 1900, 3000].map((atMs) => [vendor, loss, atMs] as const)),
);

test.each(CASES)("no word is lost or doubled by %s when it is %s at %i ms", async (vendor, loss, atMs) => {
  const { words, wrong, report } = await loseVendor(vendor, loss, atMs);
  expect(wrong).toEqual([]);
  expect(words.join(" ")).toBe(SAID.join(" "));
  const asr = report.nodes.find(({ node }) => node === "asr");
  expect(asr?.counters.fallbacks ?? 0).toBe(loss === "expired" ? 0 : 1);
});
