import { describe, expect, test } from "bun:test";
import type { Frame, SpeechMark, TextFrame } from "#engine/frames";
import type { Role } from "#engine/plugin";
import { type DelayKind, TimeBook, VirtualClock } from "#engine/runtime";
import { covers } from "#test/covers";
import { audio, household, planOf, sourceOf, startPlan, task, text } from "#test/doubles";
import { Delays } from "../../../engine/runtime/delays.ts";

const RATE = 16_000;
const mark = (of: SpeechMark["mark"], utterance: string): SpeechMark => ({
  kind: "speech",
  mark: of,
  utterance,
  atSample: 0,
  sampleRateHz: RATE,
});
const said = (utterance: string, more: Partial<TextFrame> = {}): TextFrame =>
  text("words", 0, { utterance, role: "transcript", final: false, ...more });

/** What happened, at which ms: frames into the node, and out of it. */
type Happened = readonly (readonly [atMs: number, way: "in" | "out", frame: Frame])[];

async function measured(role: Role, happened: Happened): Promise<Record<string, readonly [number, number, number]>> {
  const clock = new VirtualClock();
  const stop = clock.drive();
  const delays = Delays.of(role, "test.node", clock, new TimeBook<DelayKind>());
  for (const [atMs, way, frame] of happened) {
    if (atMs > clock.nowMs()) await clock.sleep(atMs - clock.nowMs());
    if (way === "in") delays?.handed(frame);
    else delays?.emitted(frame);
  }
  stop();
  return Object.fromEntries(
    Object.entries(delays?.accounts ?? {}).map(([kind, { count, meanMs, maxMs }]) => [kind, [count, meanMs, maxMs]]),
  );
}

/** Ten frames of 20 ms, each when it has been said. */
const live: Happened = Array.from({ length: 10 }, (_, i) => [(i + 1) * 20, "in", audio(i * 320)] as const);
const rushed: Happened = Array.from({ length: 100 }, (_, i) => [10 + i, "in", audio(i * 320)] as const);

describe("of a node is measured", () => {
  covers("S33");
  const cases: readonly { name: string; role: Role; happened: Happened; wanted: Record<string, number[]> }[] = [
    {
      name: "recognition from marks to first words and finals",
      role: "asr",
      happened: [
        [0, "in", mark("start", "u1")],
        [300, "out", said("u1")],
        [400, "out", said("u1")],
        [1000, "in", mark("end", "u1")],
        [1010, "in", mark("start", "u2")],
        [1120, "out", said("u1", { final: true })],
        [1500, "in", mark("end", "u2")],
        [1700, "out", said("u2", { final: true })],
      ],
      wanted: { firstText: [2, 495, 690], final: [2, 160, 200] },
    },
    {
      name: "translation from the same mark",
      role: "interpret",
      happened: [
        [0, "in", mark("end", "u1")],
        [50, "out", said("u1", { final: true })],
        [90, "out", said("u1", { final: true, role: "translation" })],
      ],
      wanted: { final: [1, 50, 50], translation: [1, 90, 90] },
    },
    {
      name: "without marks, from the audio that a text begins and ends with",
      role: "asr",
      happened: [
        ...live,
        [230, "out", said("u1", { startSample: 320, endSample: 1600 })],
        [260, "out", said("u1", { startSample: 320, endSample: 2880, final: true })],
      ],
      wanted: { firstText: [1, 210, 210], final: [1, 80, 80] },
    },
    {
      name: "the same of utterances that the marks do not name",
      role: "asr",
      happened: [
        [0, "in", mark("start", "u1")],
        ...live,
        [250, "in", mark("end", "u1")],
        [260, "out", said("own-1", { startSample: 320, endSample: 2880, final: true })],
      ],
      wanted: { firstText: [1, 240, 240], final: [1, 80, 80] },
    },
    {
      name: "nothing of a file without marks, which comes before its time",
      role: "asr",
      happened: [...rushed, [200, "out", said("u1", { endSample: 320, final: true })]],
      wanted: {},
    },
    {
      name: "no words, no delay",
      role: "asr",
      happened: [
        [0, "in", mark("start", "u1")],
        [10, "in", mark("end", "u1")],
        [20, "out", said("u1", { text: "", final: false })],
      ],
      wanted: {},
    },
    {
      name: "synthesis from the first text of an utterance to its first audio",
      role: "tts",
      happened: [
        [0, "in", said("u1", { stableChars: 0 })],
        [10, "in", said("u1", { stableChars: 3 })],
        [70, "out", { ...audio(0), utterance: "u1" }],
        [80, "in", said("u1", { final: true })],
        [90, "out", { ...audio(320), utterance: "u1" }],
        [100, "in", said("u2", { final: true })],
        [120, "out", { ...audio(640), utterance: "u1" }],
        [140, "out", { ...audio(960), utterance: "u2" }],
      ],
      wanted: { firstAudio: [2, 50, 60] },
    },
    {
      name: "audio that does not say whose it is, by the text that waits longest",
      role: "tts",
      happened: [
        [0, "in", said("u1", { final: true })],
        [5, "in", said("u2", { final: true })],
        [30, "out", audio(0)],
      ],
      wanted: { firstAudio: [1, 30, 30] },
    },
    {
      name: "an answer to a text",
      role: "translate",
      happened: [
        [0, "in", said("u1", { final: true })],
        [40, "out", said("u1", { final: false, role: "translation" })],
        [60, "out", said("u1", { final: true, role: "translation" })],
      ],
      wanted: { answer: [1, 60, 60] },
    },
    {
      name: "an answer to a recording",
      role: "file-asr",
      happened: [
        [0, "in", { kind: "recording", source: { url: "http://x.test/" } }],
        [900, "out", said("u1", { final: true })],
        [950, "out", said("u2", { final: true })],
      ],
      wanted: { answer: [1, 900, 900] },
    },
    { name: "nothing of a filter", role: "filter", happened: [[0, "in", said("u1", { final: true })]], wanted: {} },
  ];
  test.each(cases)("$name", async ({ role, happened, wanted }) => {
    expect(await measured(role, happened)).toEqual(wanted as never);
  });

  test("at most 32 that wait", async () => {
    const many: Happened = Array.from({ length: 40 }, (_, i) => [i, "in", mark("start", `u${i}`)] as const);
    const late = await measured("asr", [...many, [100, "out", said("u0")], [100, "out", said("u39")]]);
    expect(late).toEqual({ firstText: [1, 61, 61] });
  });
});

test("a run's report says them, and the process has them by type of node", async () => {
  covers("S33");
  const slow = {
    ...task(async (input, emit, _signal, ctx) => {
      for (let got = await input.next(); got; got = await input.next()) {
        await ctx.clock.sleep(120);
        await emit({ ...audio(0), utterance: "u1" });
      }
    }),
    role: () => "tts" as const,
  };
  const plan = planOf({ source: sourceOf([text("Hi.", 0, { final: true, utterance: "u1" })]), slow }, [
    ["source", "slow"],
  ]);
  const home = household();
  const { nodes } = await startPlan(plan, {}, home).run.done;
  expect(nodes.map(({ delays }) => delays)).toEqual([
    undefined,
    { firstAudio: { count: 1, meanMs: 120, maxMs: 120, lastMs: 120 } },
  ]);
  expect(home.delays.lines()).toEqual([
    { type: plan.nodes[1]!.type, what: "firstAudio", count: 1, seconds: 0.12, p50Ms: 120, p99Ms: 120 },
  ]);
});

test("the book keeps counts of all, and shares of the latest 256", () => {
  const book = new TimeBook<DelayKind>();
  for (let ms = 1; ms <= 1000; ms++) book.add("a.asr", "final", ms);
  book.add("b.tts", "firstAudio", 5);
  expect(book.lines()).toEqual([
    { type: "a.asr", what: "final", count: 1000, seconds: 500.5, p50Ms: 873, p99Ms: 998 },
    { type: "b.tts", what: "firstAudio", count: 1, seconds: 0.005, p50Ms: 5, p99Ms: 5 },
  ]);
});
