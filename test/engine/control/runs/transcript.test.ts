import { expect, test } from "bun:test";
import type { FinalRow } from "#engine/store";
import { renderTranscript } from "../../../../engine/control/runs/transcript.ts";

const final = (text: string, startMs: number, endMs: number, more: Partial<FinalRow> = {}): FinalRow => ({
  runId: "r",
  eventId: startMs,
  output: "captions",
  node: "asr",
  role: "transcript",
  utterance: "u",
  text,
  startMs,
  endMs,
  language: "en",
  speaker: null,
  channel: null,
  confidence: null,
  words: null,
  latencyMs: null,
  ...more,
});

const srt = (finals: FinalRow[]) => renderTranscript(finals, { format: "srt" });

test("times are hours, minutes, seconds and thousandths", () => {
  expect(srt([final("late", 3_661_001.4, 3_662_999.6)])).toBe("1\n01:01:01,001 --> 01:01:03,000\nlate\n");
});

test("finals stand in the order of their times, of one output, role or language where that is asked for", () => {
  const finals = [
    final("b", 2000, 3000),
    final("a", 0, 1000),
    final("c", 500, 900, { role: "translation", language: "es" }),
  ];
  const txt = (more: object) => renderTranscript(finals, { format: "txt", ...more });
  expect(txt({})).toBe("a\nc\nb\n");
  expect(txt({ role: "transcript" })).toBe("a\nb\n");
  expect(txt({ language: "es" })).toBe("c\n");
  expect(txt({ output: "none" })).toBe("");
});

test("a long text is cut into cues of at most two lines and seven seconds, by the times of its words", () => {
  const said = Array.from({ length: 30 }, (_, i) => `word${i}`);
  const words = said.map((text, i) => ({ text, startMs: i * 1000, endMs: i * 1000 + 900 }));
  const cues = srt([final(said.join(" "), 0, 30_000, { words })])
    .trim()
    .split("\n\n");
  expect(cues.length).toBeGreaterThan(4);
  for (const cue of cues) {
    const [, times, ...lines] = cue.split("\n");
    const [start, end] = times!.split(" --> ").map((time) => Number(time.slice(6).replace(",", ".")));
    expect(end! - start!).toBeLessThanOrEqual(7);
    expect(lines.length).toBeLessThanOrEqual(2);
    for (const line of lines) expect(line.length).toBeLessThanOrEqual(42);
  }
  expect(cues.flatMap((cue) => cue.split("\n").slice(2)).join(" ")).toBe(said.join(" "));
  expect(cues[1]).toContain("00:00:07,000 -->");
});

test("what would be taken for something else is written so that it is not", () => {
  const odd = [final("a --> b\n\n<i> & c", 0, 1000, { speaker: "A<b>\nC" })];
  expect(srt(odd)).toBe("1\n00:00:00,000 --> 00:00:01,000\na -> b <i> & c\n");
  expect(renderTranscript(odd, { format: "vtt" })).toBe(
    "WEBVTT\n\n00:00:00.000 --> 00:00:01.000\n<v A&lt;b&gt; C>a --&gt; b &lt;i&gt; &amp; c\n",
  );
  expect(renderTranscript(odd, { format: "txt" })).toBe("A<b> C: a --> b <i> & c\n");
});

test("no finals make documents that are valid", () => {
  expect(srt([])).toBe("");
  expect(renderTranscript([], { format: "vtt" })).toBe("WEBVTT\n");
  expect(renderTranscript([], { format: "json" })).toBe('{"finals":[]}');
});
