import { describe, expect, test } from "bun:test";
import { SpokenPcm, spokenText, type TextFrame } from "#engine/plugin";
import { prompt } from "#test/texts";

const text = (more: Partial<TextFrame> = {}) => prompt("u1", "one two", { revision: 3, ...more });

describe("what a vendor speaks", () => {
  test("becomes frames behind each other, whatever the bytes are cut to", () => {
    const soFar = { endSample: 100 };
    const spoken = new SpokenPcm(8000, soFar);
    const counts: Record<string, number> = {};
    const frames = [[1, 0, 2], [0], [3, 0, 9]].flatMap(
      (bytes) => spoken.frame(Uint8Array.from(bytes), text({ protected: true })) ?? [],
    );
    expect(frames.map(({ pcm, startSample }) => [startSample, ...pcm])).toEqual([
      [100, 1],
      [101, 2],
      [102, 3],
    ]);
    expect(frames[0]).toMatchObject({ utterance: "u1", protected: true, sampleRateHz: 8000, channels: 1 });
    spoken.end({
      count: (counter, by = 1) => {
        counts[counter] = by;
      },
    });
    expect([soFar.endSample, counts]).toEqual([103, { spareBytes: 1 }]);
  });

  test("has words at their places, none of which overlap", () => {
    const spoken = new SpokenPcm(16_000, { endSample: 1000 });
    spoken.addWords([{ text: "one", beginMs: 0, endMs: 200 }]);
    spoken.addWords([
      { text: "two", beginMs: 150, endMs: 300 },
      { text: "three", beginMs: 400, endMs: 350 },
    ]);
    expect(spoken.words).toEqual([
      { text: "one", startSample: 1000, endSample: 4200 },
      { text: "two", startSample: 4200, endSample: 5800 },
      { text: "three", startSample: 7400, endSample: 7400 },
    ]);
  });

  test.each([
    { role: "prompt", becomes: "transcript" },
    { role: "translation", becomes: "translation" },
  ] as const)("a $role that was spoken is a $becomes of its audio, its words within it", ({ role, becomes }) => {
    const words = [
      { text: "one", startSample: 0, endSample: 150 },
      { text: "two", startSample: 150, endSample: 900 },
    ];
    const place = { startSample: 100, endSample: 500, sampleRateHz: 8000 };
    const from = text({ role, language: "en", speaker: "1", madeFrom: { text: "uno dos" } });
    expect(spokenText(from, words, place)).toEqual({
      ...from,
      role: becomes,
      revision: 1,
      ...place,
      words: [
        { text: "one", startSample: 100, endSample: 150 },
        { text: "two", startSample: 150, endSample: 500 },
      ],
    });
  });
});
