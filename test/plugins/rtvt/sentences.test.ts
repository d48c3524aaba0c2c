import { describe, expect, test } from "bun:test";
import { covers } from "#test/covers";
import { Sentences } from "../../../plugins/rtvt/stream/sentences.ts";
import type { TextResult } from "../../../plugins/rtvt/wire.ts";

const result = (role: TextResult["role"], text: string, more: Partial<TextResult> = {}): TextResult => ({
  kind: "text",
  role,
  final: true,
  text,
  streamId: 1n,
  taskId: 1,
  startTs: 0,
  endTs: 1000,
  recTs: 1500,
  lang: role === "transcript" ? "en" : "es",
  ...more,
});
const heard = (text: string, more?: Partial<TextResult>) => result("transcript", text, more);
const translated = (text: string, more?: Partial<TextResult>) => result("translation", text, more);
const partial = { final: false } as const;

/** What comes out of results in that order; `close` stands at the end. */
function outcome(results: readonly TextResult[], options: { transcripts?: boolean; translations?: boolean } = {}) {
  const counters: Record<string, number> = {};
  let utterances = 0;
  const sentences = new Sentences({
    ctx: {
      newUtterance: () => `u${++utterances}`,
      count: (name, by = 1) => {
        counters[name] = (counters[name] ?? 0) + by;
      },
      report: () => {},
    },
    transcripts: true,
    translations: true,
    ...options,
  });
  const ruler = { sampleRateHz: 16_000, position: (ts: number) => ts * 16 };
  const frames = results.flatMap((one) => sentences.take(one, ruler));
  const closing = sentences.close(ruler);
  const line = (frame: (typeof frames)[number]) =>
    `${frame.utterance} ${frame.role === "transcript" ? "" : `${frame.language} `}${frame.revision}${frame.final ? "." : "…"} ${frame.text}`.trim();
  return { lines: frames.map(line), closing: closing.map(line), frames: [...frames, ...closing], counters };
}

describe("results that come as they should", () => {
  test("a sentence: partials, then a final in each role", () => {
    covers("R8");
    const { lines, closing } = outcome([
      heard("go", partial),
      translated("ve", partial),
      heard("go on"),
      translated("sigue"),
      heard("and on", { taskId: 2 }),
      translated("y sigue", { taskId: 2 }),
    ]);
    expect(lines).toEqual([
      "u1 1… go",
      "u1 es 1… ve",
      "u1 2. go on",
      "u1 es 2. sigue",
      "u2 1. and on",
      "u2 es 1. y sigue",
    ]);
    expect(closing).toEqual([]);
  });

  test("sentences of one number are others in another stream", () => {
    expect(outcome([heard("a"), translated("b"), heard("c", { streamId: 2n })]).lines).toEqual([
      "u1 1. a",
      "u1 es 1. b",
      "u2 1. c",
    ]);
  });

  test("a partial's translation says which partial it was made from", () => {
    const { frames } = outcome([
      heard("go", { ...partial, endTs: 200 }),
      heard("go on", { ...partial, endTs: 400 }),
      translated("ve", { ...partial, endTs: 200 }),
      translated("sigue", { ...partial, endTs: 400 }),
    ]);
    expect(
      frames.filter(({ role, text }) => role === "translation" && text !== "").map(({ madeFrom }) => madeFrom?.text),
    ).toEqual(["go", "go on"]);
  });
});

describe("results that do not", () => {
  test.each([
    {
      what: "a final that comes twice is given once",
      results: [heard("a"), heard("a"), translated("b"), translated("b")],
      lines: ["u1 1. a", "u1 es 1. b"],
      stale: 2,
    },
    {
      what: "a partial after its final is passed over",
      results: [heard("a"), heard("a b", partial), translated("c"), translated("c d", partial)],
      lines: ["u1 1. a", "u1 es 1. c"],
      stale: 2,
    },
    {
      what: "a translation waits for its transcript",
      results: [translated("b"), heard("a"), translated("c", { lang: "fr" })],
      lines: ["u1 1. a", "u1 es 1. b", "u1 fr 1. c"],
      stale: undefined,
    },
    {
      what: "a partial that says the same again says nothing",
      results: [heard("a", partial), heard("a", partial), heard("a"), translated("b")],
      lines: ["u1 1… a", "u1 2. a", "u1 es 1. b"],
      stale: 1,
    },
  ])("$what", ({ results, lines, stale }) => {
    covers("R8", "R9");
    const found = outcome(results);
    expect(found.lines).toEqual([...lines]);
    expect(found.counters.staleResults).toBe(stale);
  });

  test("what stands without a final is taken back, what waits is given after all", () => {
    covers("R8");
    const { lines, closing } = outcome([heard("a", partial), translated("b", partial), translated("c", { taskId: 2 })]);
    expect(lines).toEqual(["u1 1… a", "u1 es 1… b"]);
    expect(closing).toEqual(["u1 2…", "u1 es 2…", "u2 es 1. c"]);
  });

  test("a final without words takes its partial back", () => {
    const { lines, closing, counters } = outcome([
      heard("uh", partial),
      translated("eh", partial),
      heard(""),
      translated(""),
    ]);
    expect(lines).toEqual(["u1 1… uh", "u1 es 1… eh", "u1 2…", "u1 es 2…"]);
    expect(closing).toEqual([]);
    expect(counters.emptyUtterances).toBe(1);
  });

  test("without numbers, a sentence lasts until all of it came", () => {
    covers("R8");
    const none = { taskId: undefined };
    expect(
      outcome([heard("a", { ...partial, ...none }), heard("a b", none), translated("c", none), heard("d", none)]).lines,
    ).toEqual(["u1 1… a", "u1 2. a b", "u1 es 1. c", "u2 1. d"]);
    const only = outcome([heard("a", none), heard("b", none)], { translations: false });
    expect(only.lines).toEqual(["u1 1. a", "u2 1. b"]);
  });

  test("no transcript begins before the one before it ended, and nothing ends before it begins", () => {
    const times = outcome([
      heard("a", { startTs: 0, endTs: 1000 }),
      heard("b", { taskId: 2, startTs: 500, endTs: 400 }),
      heard("c", { taskId: 3, startTs: 1200, endTs: 2000 }),
    ]).frames.map(({ startSample, endSample }) => [startSample, endSample]);
    expect(times).toEqual([
      [0, 16_000],
      [16_000, 16_000],
      [19_200, 32_000],
    ]);
  });

  test("without transcripts, translations do not wait", () => {
    covers("R4");
    const { lines, frames } = outcome([translated("a")], { transcripts: false });
    expect(lines).toEqual(["u1 es 1. a"]);
    expect(frames[0]).not.toHaveProperty("madeFrom");
  });
});
