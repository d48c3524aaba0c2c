import { expect, test } from "bun:test";
import fc from "fast-check";
import { suggest } from "#engine/workflow";

test.each([
  { word: "webrtc.vat", meant: "webrtc.vad" },
  { word: "form", meant: "from" },
  { word: "FROM", meant: "from" },
  { word: "aggresiveness", meant: "aggressiveness" },
  { word: "x", meant: undefined },
  { word: "somethingelse", meant: undefined },
  { word: "asr1", meant: undefined }, // asr2 and asr3 are equally near
])("$word means $meant", ({ word, meant }) => {
  expect(suggest(word, ["webrtc.vad", "from", "aggressiveness", "y", "asr2", "asr3"])).toBe(meant);
});

test("a word with one swap, gap or doubled letter is found again", () => {
  const word = fc.stringMatching(/^[a-z]{6,20}$/);
  fc.assert(
    fc.property(word, fc.nat(), fc.constantFrom("swap", "gap", "double"), (meant, at, how) => {
      const index = at % (meant.length - 1);
      const [left, right] = [meant.slice(0, index), meant.slice(index)];
      const written =
        how === "gap"
          ? left + right.slice(1)
          : how === "double"
            ? left + right.charAt(0) + right
            : left + right.charAt(1) + right.charAt(0) + right.slice(2);
      fc.pre(written !== meant);
      expect(suggest(written, [meant, "0123456789", "completely-different"])).toBe(meant);
    }),
  );
});
