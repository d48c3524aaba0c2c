import { describe, expect, test } from "bun:test";
import { decodeALaw, decodeMuLaw, encodeALaw, encodeMuLaw } from "#engine/audio";

interface Law {
  readonly name: string;
  readonly encode: (pcm: Int16Array) => Uint8Array;
  readonly decode: (bytes: Uint8Array) => Int16Array;
  /** Of table 1 or 2 of the recommendation, which counts in steps of the smallest quantum. */
  readonly scale: number;
  /** Decision values of the positive half, from 0 up to the virtual one. */
  readonly decisions: readonly number[];
  /** The value that the decoder gives for each interval between two of them. */
  readonly values: readonly number[];
  readonly positiveCode: (interval: number) => number;
  readonly negativeCode: (interval: number) => number;
}

/** Eight segments of 16 intervals; each after the first (of A-law: the second) has intervals twice as wide. */
function alaw(): Law {
  const decisions = [0];
  for (let segment = 0; segment < 8; segment++)
    for (let i = 0; i < 16; i++) decisions.push(decisions.at(-1)! + 2 * 2 ** Math.max(0, segment - 1));
  const values = decisions.slice(0, -1).map((low, i) => (low + decisions[i + 1]!) / 2);
  return {
    name: "A-law",
    encode: encodeALaw,
    decode: decodeALaw,
    scale: 8,
    decisions,
    values,
    positiveCode: (interval) => (0x80 | interval) ^ 0x55,
    negativeCode: (interval) => interval ^ 0x55,
  };
}

function mulaw(): Law {
  const decisions = [0, 1];
  for (let i = 0; i < 15; i++) decisions.push(decisions.at(-1)! + 2);
  for (let segment = 1; segment < 8; segment++)
    for (let i = 0; i < 16; i++) decisions.push(decisions.at(-1)! + 2 * 2 ** segment);
  const values = decisions.slice(0, -1).map((low, i) => (i === 0 ? 0 : (low + decisions[i + 1]!) / 2));
  return {
    name: "mu-law",
    encode: encodeMuLaw,
    decode: decodeMuLaw,
    scale: 4,
    decisions,
    values,
    positiveCode: (interval) => 0xff - interval,
    negativeCode: (interval) => 0x7f - interval,
  };
}

describe.each([alaw(), mulaw()])("$name", (law) => {
  test("the tables end where the recommendation's do", () => {
    expect(law.decisions.length).toBe(129);
    expect([law.decisions.at(-1), law.values.at(-1)]).toEqual(law.name === "A-law" ? [4096, 4032] : [8159, 8031]);
  });

  test("every value between two decision values gets the code of its interval, on both sides of zero", () => {
    for (let interval = 0; interval < 128; interval++) {
      const low = law.decisions[interval]! * law.scale;
      const high = Math.min(law.decisions[interval + 1]! * law.scale, 32768);
      for (let sample = low + 1; sample < high; sample++) {
        const codes = law.encode(Int16Array.of(sample, -sample));
        if (codes[0] !== law.positiveCode(interval) || codes[1] !== law.negativeCode(interval))
          throw new Error(`${sample}: ${codes}; wanted interval ${interval}`);
      }
    }
  });

  test("every code gives the value in the middle of its interval", () => {
    for (let interval = 0; interval < 128; interval++) {
      const codes = Uint8Array.of(law.positiveCode(interval), law.negativeCode(interval));
      const value = law.values[interval]! * law.scale;
      expect([...law.decode(codes)]).toEqual([value, value === 0 ? 0 : -value]);
    }
  });

  test("what was decoded encodes to the same code again", () => {
    const codes = Uint8Array.from({ length: 256 }, (_, code) => code);
    const again = law.encode(law.decode(codes));
    // Only mu-law has two zeros; the positive one is used.
    expect([...again]).toEqual([...codes].map((code) => (law.name === "mu-law" && code === 0x7f ? 0xff : code)));
  });

  test("the loudest values saturate", () => {
    const [low, zero, high] = law.decode(law.encode(Int16Array.of(-32768, 0, 32767)));
    const peak = law.values.at(-1)! * law.scale;
    expect([low, Math.abs(zero!), high]).toEqual([-peak, law.name === "A-law" ? 8 : 0, peak]);
  });
});
