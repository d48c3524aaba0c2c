import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { Endpointing, type EndpointingSettings } from "../../../../engine/plugin/vad/endpointing.ts";

/** 1000 Hz makes a sample a millisecond. */
const RATE = 1000;
const settings: EndpointingSettings = {
  preRollMs: 100,
  minSpeechMs: 60,
  endpointMs: 200,
  maxSegmentMs: 2000,
  settleMs: 0,
};

/** One letter a frame of 20 ms: `v` voiced, `.` not, a digit so many hundred ms missing. */
function steps(script: string, change: Partial<EndpointingSettings> = {}): string {
  const endpointing = new Endpointing({ ...settings, ...change }, RATE);
  let at = 0;
  let said = "";
  for (const letter of script) {
    if (letter >= "0" && letter <= "9") {
      at += Number(letter) * 100;
      continue;
    }
    if (endpointing.lapsed(at) && endpointing.close()) said += "|";
    said += LETTERS[endpointing.next(letter === "v", at, 20)];
    at += 20;
  }
  return said;
}

const LETTERS = { quiet: ".", opened: "O", speech: "s", closed: "C", full: "F" };

test.each([
  { name: "silence opens nothing", script: "..........", said: ".........." },
  { name: "voiced audio of the wanted length opens", script: "vvvv", said: "..Os" },
  { name: "a click of two frames opens nothing", script: "..vv......", said: ".........." },
  { name: "clicks far apart open nothing", script: "vv..vv..vv..vv..", said: "................" },
  { name: "an unvoiced frame between does not start the count again", script: "vv.vv", said: "....O" },
  {
    name: "a pause shorter than the endpoint stays inside",
    script: `vvv${".".repeat(9)}v`,
    said: `..O${"s".repeat(10)}`,
  },
  { name: "a pause of the endpoint's length closes", script: `vvv${".".repeat(11)}`, said: `..O${"s".repeat(9)}C.` },
  { name: "speech after it opens the next", script: `vvv${".".repeat(10)}vvv`, said: `..O${"s".repeat(9)}C..O` },
  { name: "a longer gap in the stream ends an utterance before the next frame", script: "vvvv3vvv", said: "..Os|..O" },
  { name: "a gap counts as silence", script: "vvvv.1....v", said: "..OsssssC." },
  { name: "a gap empties what had gathered for an opening", script: "vv1v..", said: "....." },
  {
    name: "the longest utterance is closed and the next one opens",
    script: "v".repeat(104),
    said: `..O${"s".repeat(96)}F..Os`,
  },
])("$name", ({ script, said }) => {
  expect(steps(script)).toBe(said);
});

test("the beginning of a stream opens nothing until it has settled", () => {
  expect(steps("vvvvvvvvvv", { settleMs: 100 })).toBe(".......Oss");
});

test("the stream may begin anywhere; settling counts from there", () => {
  const endpointing = new Endpointing({ ...settings, settleMs: 40 }, RATE);
  const said = Array.from({ length: 6 }, (_, i) => endpointing.next(true, 5000 + i * 20, 20));
  expect(said).toEqual(["quiet", "quiet", "quiet", "quiet", "opened", "speech"]);
});

describe("where an utterance starts", () => {
  /** Of the last utterance in the script. */
  const startOf = (script: string, change: Partial<EndpointingSettings> = {}) => {
    const endpointing = new Endpointing({ ...settings, ...change }, RATE);
    for (const [i, letter] of [...script].entries()) endpointing.next(letter === "v", i * 20, 20);
    return endpointing.inUtterance ? endpointing.startSample : undefined;
  };

  test.each([
    { name: "a pre-roll before the first voiced frame", script: "..........vvv", start: 100 },
    { name: "not before the stream", script: "vvv", start: 0 },
    {
      name: "counted from the first frame of the bucket, not from the one that filled it",
      script: `${".".repeat(10)}vv.vv`,
      start: 100,
    },
    { name: "not before the end of the one before", script: `vvv${".".repeat(10)}vvv`, start: 260 },
    { name: "an emptied bucket starts anew", script: `${".".repeat(10)}v.vvv`, start: 140 },
  ])("$name", ({ script, start }) => {
    expect(startOf(script)).toBe(start);
  });

  test("without a pre-roll it is the first voiced frame itself", () => {
    expect(startOf(`${".".repeat(10)}vvv`, { preRollMs: 0 })).toBe(200);
    expect(startOf(".v", { preRollMs: 0, minSpeechMs: 10 })).toBe(20);
  });
});

test("close() ends what is open and says whether anything was", () => {
  const endpointing = new Endpointing(settings, RATE);
  expect(endpointing.close()).toBe(false);
  for (let i = 0; i < 3; i++) endpointing.next(true, i * 20, 20);
  expect(endpointing.inUtterance).toBe(true);
  expect(endpointing.close()).toBe(true);
  expect(endpointing.inUtterance).toBe(false);
  expect(endpointing.next(true, 60, 20)).toBe("quiet"); // the bucket is empty again
});

test("whatever the verdicts, openings and closings alternate and no utterance is too long or starts before the last ended", () => {
  fc.assert(
    fc.property(
      fc.array(
        fc.record({
          voiced: fc.boolean(),
          gap: fc.constantFrom(0, 0, 0, 20, 500),
          run: fc.integer({ min: 1, max: 40 }),
        }),
      ),
      fc.constantFrom(10, 20, 30),
      (stretches, frame) => {
        const endpointing = new Endpointing(settings, RATE);
        let at = 0;
        let open = false;
        let lastEnd = 0;
        for (const { voiced, gap, run } of stretches) {
          at += gap;
          for (let i = 0; i < run; i++, at += frame) {
            if (endpointing.lapsed(at) && endpointing.close()) [open, lastEnd] = [false, at];
            const step = endpointing.next(voiced, at, frame);
            expect(step === "quiet" || step === "opened").toBe(!open);
            if (step === "opened")
              expect(at + frame - endpointing.startSample).toBeLessThanOrEqual(endpointing.lookback);
            if (step !== "quiet") open = step === "opened" || step === "speech";
            if (open && gap === 0)
              expect(at + frame - Math.max(endpointing.startSample, lastEnd)).toBeLessThanOrEqual(2000);
            if (step === "closed" || step === "full") lastEnd = at + frame;
            expect(endpointing.inUtterance).toBe(open);
          }
        }
      },
    ),
    { numRuns: 300 },
  );
});
