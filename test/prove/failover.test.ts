import { expect, setDefaultTimeout, test } from "bun:test";
import { FIRST_VENDORS, FIXTURE_NAMES, FIXTURES, fallsBack, LOSSES, loseVendor } from "#test/failover";

setDefaultTimeout(60_000);

const CASES = FIRST_VENDORS.flatMap((vendor) =>
  FIXTURE_NAMES.flatMap((fixture) =>
    LOSSES.flatMap((loss) => [0, 340, 1000, 1900, 3000].map((atMs) => [vendor, fixture, loss, atMs] as const)),
  ),
);

test.each(CASES)(
  "no word is lost or doubled by %s, heard %s, when it is %s at %i ms",
  async (vendor, fixture, loss, atMs) => {
    const { words, wrong, report } = await loseVendor({ vendor, loss, atMs, fixture });
    expect(wrong).toEqual([]);
    expect(words.join(" ")).toBe(FIXTURES[fixture].said.join(" "));
    const asr = report.nodes.find(({ node }) => node === "asr");
    expect(asr?.counters.fallbacks ?? 0).toBe(fallsBack(vendor, loss) ? 1 : 0);
  },
);
