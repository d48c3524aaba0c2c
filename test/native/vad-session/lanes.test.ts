import { beforeAll, describe, expect, setDefaultTimeout, test } from "bun:test";
import { buildLibrary, findCompiler } from "#native/library";
import { sessionLibrary } from "#native/vad-session";
import { compareLanes, waysHere } from "#test/lane-comparison";

setDefaultTimeout(60_000); // much is judged, on a machine that may be busy

describe.skipIf(!findCompiler())("lanes (need a C compiler)", () => {
  beforeAll(() => void buildLibrary(sessionLibrary()), 120_000);

  test("every way decides as the plain detector on 20,000 frames of speech, noise, extreme signals and silence", () => {
    const ways = waysHere();
    expect(ways).toContain("portable");
    const found = compareLanes(20_000, ways);
    expect(found.frames).toBeGreaterThanOrEqual(20_000);
    expect(found.voiced / found.frames).toBeWithin(0.2, 0.95); // one that always says the same would agree too
    expect({ mismatches: found.mismatches, first: found.first }).toEqual({
      mismatches: Object.fromEntries(ways.map((way) => [way, 0])),
      first: undefined,
    });
  });
});
