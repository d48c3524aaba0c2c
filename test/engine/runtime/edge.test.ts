import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import type { Frame } from "#engine/frames";
import { audio, text } from "#test/doubles";
import { Edge } from "../../../engine/runtime/edge.ts";
import { imbalances } from "../../../engine/runtime/report.ts";

const policies = ["block", "dropOldest", "dropNewest", "coalesce", "latest"] as const;

type Step = { push: "audio" | "mark" | "partial" | "final"; utterance: number } | "shift" | "discard" | "dropText";

const steps = fc.array(
  fc.oneof(
    {
      weight: 6,
      arbitrary: fc.record({ push: fc.constantFrom("audio", "mark", "partial", "final"), utterance: fc.nat(3) }),
    },
    { weight: 4, arbitrary: fc.constant("shift" as const) },
    { weight: 1, arbitrary: fc.constant("dropText" as const) },
  ) as fc.Arbitrary<Step>,
  { maxLength: 200 },
);

function frameOf(step: Exclude<Step, string>, n: number): Frame {
  if (step.push === "audio") return audio(n * 320);
  if (step.push === "mark")
    return { kind: "speech", mark: "start", utterance: `u${step.utterance}`, atSample: n * 320, sampleRateHz: 16000 };
  return text(`${n}`, n * 320, { utterance: `u${step.utterance}`, final: step.push === "final", revision: n });
}

describe.each(policies)("an edge that does %s when full", (whenFull) => {
  test("balances after every step, keeps the order, and never loses a final or a mark beside audio", () => {
    fc.assert(
      fc.property(steps, fc.integer({ min: 1, max: 5 }), (list, size) => {
        const edge = new Edge("a -> b", { ms: size * 20, frames: size, whenFull });
        const out: Frame[] = [];
        let n = 0;
        for (const step of list) {
          if (step === "shift") {
            const frame = edge.shift();
            if (frame) out.push(frame);
          } else if (step === "dropText") edge.dropWhere((frame) => frame.kind === "text" && !frame.final, "bargeIn");
          else if (step === "discard") edge.discard("ended");
          else edge.push(frameOf(step, n++));
          expect(imbalances([edge.account()], [], new Set())).toEqual([]);
        }
        const positions = out.map((frame) =>
          frame.kind === "speech" ? frame.atSample : (frame as { startSample: number }).startSample,
        );
        if (whenFull !== "coalesce") expect(positions).toEqual([...positions].sort((a, b) => a - b));
        if (whenFull === "block") expect(edge.account().dropped.full).toBeUndefined();
        if (whenFull === "coalesce") expect(edge.account().dropped.full).toBeUndefined();
      }),
      { numRuns: 200 },
    );
  });
});

test("an edge that drops the oldest audio spares marks", () => {
  const edge = new Edge("a -> b", { ms: 40, frames: 8, whenFull: "dropOldest" });
  edge.push(frameOf({ push: "mark", utterance: 1 }, 0));
  for (let n = 0; n < 10; n++) edge.push(audio(n * 320));
  const left: Frame[] = [];
  for (let frame = edge.shift(); frame; frame = edge.shift()) left.push(frame);
  expect(left.map((frame) => frame.kind)).toEqual(["speech", "audio", "audio"]);
  expect(edge.account().dropped.full).toEqual({ frames: 8, samples: 8 * 320 });
});
