import { describe, expect, test } from "bun:test";
import { SentenceCutter } from "#engine/plugin";

describe("text that comes in pieces", () => {
  test.each<{ pieces: string[]; sentences: string[][]; rest: string[] }>([
    { pieces: ["One. Two", "! Three"], sentences: [["One."], [" Two!"]], rest: [" Three"] },
    { pieces: ["3.5 metres", ". "], sentences: [[], ["3.5 metres."]], rest: [] },
    { pieces: ['He said "go." Then'], sentences: [['He said "go."']], rest: [" Then"] },
    { pieces: ["你好。再", "见！"], sentences: [["你好。"], ["再见！"]], rest: [] },
    { pieces: ["他说：“走。”然后"], sentences: [["他说：“走。”"]], rest: ["然后"] },
    { pieces: ["a line\nand", " more\n"], sentences: [["a line\n"], ["and more\n"]], rest: [] },
    { pieces: ["  ", "\n\n"], sentences: [[], []], rest: [] },
    { pieces: ["One.", " "], sentences: [[], ["One."]], rest: [] },
  ])("$pieces gives its whole sentences at once, and the rest when it is asked for", ({ pieces, sentences, rest }) => {
    const cutter = new SentenceCutter();
    expect(pieces.map((piece) => cutter.push(piece))).toEqual(sentences);
    expect([cutter.rest(), cutter.rest()]).toEqual([rest, []]);
  });

  test("is the same text whatever the pieces", () => {
    const whole = "One two. Three? “Four…” Five, 5.5; six.\nSeven 你好。再见";
    for (let size = 1; size <= whole.length; size++) {
      const cutter = new SentenceCutter();
      const found: string[] = [];
      for (let at = 0; at < whole.length; at += size) found.push(...cutter.push(whole.slice(at, at + size)));
      expect([...found, ...cutter.rest()].join("").replace(/\s/g, "")).toBe(whole.replace(/\s/g, ""));
    }
  });
});
