import { describe, expect, test } from "bun:test";
import { type AudioFrame, linkSettings, StreamFraming, type TextFacts, Texts, Timeline } from "#engine/plugin";
import type { VirtualClock } from "#engine/runtime";
import { Chunker } from "../../../../engine/plugin/link/chunker.ts";
import { Intake } from "../../../../engine/plugin/link/intake.ts";
import { backoffMs } from "../../../../engine/plugin/link/opener.ts";
import { Pace } from "../../../../engine/plugin/link/pace.ts";
import { traceLine } from "../../../../engine/plugin/link/trace.ts";

describe("a timeline", () => {
  const timeline = new Timeline(16_000);
  timeline.add(1600, 1600);
  timeline.add(3200, 800);
  timeline.add(16_000, 1600); // after a gap

  test.each([
    { ms: 0, position: 1600 },
    { ms: 50, position: 2400 },
    { ms: 150, position: 16_000 },
    { ms: 200, position: 16_800 },
    { ms: 250, position: 17_600 },
    { ms: 900, position: 17_600 },
    { ms: -5, position: 1600 },
  ])("$ms ms of what was sent stand at sample $position", ({ ms, position }) => {
    expect(timeline.positionOfMs(ms)).toBe(position);
  });

  test("knows what was sent", () => {
    expect([timeline.sentSamples, timeline.sentMs, timeline.endSample]).toEqual([4000, 250, 17_600]);
  });

  test("is at 0 before anything was sent", () => {
    expect(new Timeline(8000).positionOfMs(100)).toBe(0);
  });
});

describe("texts", () => {
  const make = () => {
    let count = 0;
    const texts = new Texts(() => `u${++count}`);
    const say = (key: TextFacts["key"], text: string, final = false, more: Partial<TextFacts> = {}) =>
      texts.frame({
        key,
        role: "transcript",
        text,
        final,
        startSample: 0,
        endSample: 1,
        sampleRateHz: 16_000,
        ...more,
      });
    return { texts, say };
  };

  test("revise in order and end with one final", () => {
    const { say } = make();
    const frames = [
      say(1, "a"),
      say(1, "a"),
      say(1, "a b"),
      say(1, "A b.", true),
      say(1, "A b.", true),
      say(1, "late"),
    ];
    expect(frames.map((frame) => frame && [frame.revision, frame.text, frame.final, frame.stableChars])).toEqual([
      [1, "a", false, 0],
      undefined,
      [2, "a b", false, 0],
      [3, "A b.", true, 4],
      undefined,
      undefined,
    ]);
  });

  test("of one sentence share an utterance, each role and language with revisions of its own", () => {
    const { say } = make();
    const frames = [
      say(7n, "hola", true),
      say(7n, "hello", true, { role: "translation", language: "en" }),
      say(7n, "bonjour", true, { role: "translation", language: "fr" }),
      say(8n, "adios"),
    ];
    expect(frames.map((frame) => [frame?.utterance, frame?.revision])).toEqual([
      ["u1", 1],
      ["u1", 1],
      ["u1", 1],
      ["u2", 1],
    ]);
  });

  test("are forgotten after a thousand sentences, not before", () => {
    const { say, texts } = make();
    for (let i = 0; i < 1000; i++) say(i, "x", true);
    expect(say(0, "again")).toBeUndefined();
    for (let i = 1000; i < 2500; i++) say(i, "x", true);
    expect(texts.utterance(0)).toBe("u2501");
  });
});

describe("audio in chunks", () => {
  const frame = (startSample: number, samples: number): AudioFrame => ({
    kind: "audio",
    pcm: Int16Array.from({ length: samples }, (_, i) => startSample + i),
    sampleRateHz: 16_000,
    channels: 1,
    startSample,
  });
  const shapes = (frames: readonly AudioFrame[]) =>
    frames.map(({ startSample, pcm }) => [startSample, pcm.length, pcm[0]]);

  test.each<{ name: string; sizes: number[]; chunks: number[][]; rest: number[][] }>([
    {
      name: "larger frames",
      sizes: [4000],
      chunks: [
        [0, 1600, 0],
        [1600, 1600, 1600],
      ],
      rest: [[3200, 800, 3200]],
    },
    { name: "smaller frames", sizes: [700, 700, 700], chunks: [[0, 1600, 0]], rest: [[1600, 500, 1600]] },
    {
      name: "frames of that length",
      sizes: [1600, 1600],
      chunks: [
        [0, 1600, 0],
        [1600, 1600, 1600],
      ],
      rest: [],
    },
  ])("come of $name", ({ sizes, chunks, rest }) => {
    const chunker = new Chunker(100);
    let at = 0;
    const made = sizes.flatMap((size) => {
      at += size;
      return chunker.push(frame(at - size, size));
    });
    expect(shapes(made)).toEqual(chunks);
    expect(chunker.held).toBe(rest.reduce((sum, [, length]) => sum + length!, 0));
    expect(shapes(chunker.rest())).toEqual(rest);
    expect(chunker.held).toBe(0);
  });

  test("are not made across a gap", () => {
    const chunker = new Chunker(100);
    chunker.push(frame(0, 1000));
    expect(shapes(chunker.push(frame(5000, 1000)))).toEqual([[0, 1000, 0]]);
    expect(shapes(chunker.rest())).toEqual([[5000, 1000, 5000]]);
  });

  test("are frames as they come where no length is wanted", () => {
    const [same] = new Chunker(undefined).push(frame(0, 123));
    expect(same?.pcm.length).toBe(123);
  });
});

describe("what waits to be sent", () => {
  const second = (startSample: number): AudioFrame => ({
    kind: "audio",
    pcm: new Int16Array(16_000),
    sampleRateHz: 16_000,
    channels: 1,
    startSample,
  });

  test("is bounded: beyond it, who brings more has to wait until something was taken", async () => {
    const intake = new Intake(2000);
    intake.push({ frame: second(0) });
    expect(intake.room()).toBeUndefined();
    intake.push({ frame: second(16_000) });
    let room = false;
    const waiting = intake.room()?.then(() => {
      room = true;
    });
    await Promise.resolve();
    expect([room, intake.samples]).toEqual([false, 32_000]);
    await intake.next();
    await waiting;
    expect([room, intake.samples]).toEqual([true, 16_000]);
  });

  test("comes in order, then the end", async () => {
    const intake = new Intake(1000);
    const first = intake.next();
    intake.push({ order: "flush" });
    intake.end();
    expect([await first, await intake.next()]).toEqual([{ order: "flush" }, undefined]);
  });
});

test.each([
  { times: 1, aheadMs: 0, waits: [0, 100, 100] },
  { times: 2, aheadMs: 0, waits: [0, 50, 50] },
  { times: 1, aheadMs: 150, waits: [0, 0, 50] },
  { times: 0, aheadMs: 0, waits: [0, 0, 0] },
])("a pace of $times with $aheadMs ms ahead makes chunks of 100 ms wait $waits ms", ({ times, aheadMs, waits }) => {
  const clock = { nowMs: () => now } as VirtualClock;
  let now = 0;
  const pace = new Pace(times, aheadMs, clock);
  const waited = waits.map(() => {
    const ms = pace.waitMs(100);
    now += ms;
    return ms;
  });
  expect(waited).toEqual([...waits]);
});

test("time that was not used is not saved up", () => {
  let now = 0;
  const pace = new Pace(1, 0, { nowMs: () => now } as VirtualClock);
  pace.waitMs(100);
  now = 10_000;
  expect([pace.waitMs(100), pace.waitMs(100)]).toEqual([0, 100]);
});

test.each([
  { attempt: 1, random: 0, ms: 50 },
  { attempt: 1, random: 1, ms: 100 },
  { attempt: 3, random: 1, ms: 400 },
  { attempt: 9, random: 1, ms: 1000 },
])("attempt $attempt is followed by $ms ms at $random", ({ attempt, random, ms }) => {
  expect(backoffMs(linkSettings({ backoffMs: 100, backoffMaxMs: 1000 }), attempt, random)).toBe(ms);
});

test("a workflow's settings come before the vendor's, and null is off", () => {
  const settings = linkSettings({ keepAliveMs: 8000, silentMs: 9000 }, { keepAliveMs: null, finishMs: 5 });
  expect(settings).toMatchObject({ keepAliveMs: 0, silentMs: 9000, finishMs: 5, openMs: 10_000 });
});

describe("a trace", () => {
  test.each([
    { name: "shows bytes as their length", message: new Uint8Array(640), line: "640 bytes" },
    { name: "blots out secrets by value", message: "go sesame", line: "go …" },
    {
      name: "blots out secrets by the name of their field",
      message: '{"X-Token":"abc","text":"hello","accessKeySecret": "x\\"y"}',
      line: '{"X-Token":"…","text":"hello","accessKeySecret": "…"}',
    },
  ])("$name", ({ message, line }) => {
    expect(traceLine(message, ["sesame", ""])).toBe(line);
  });

  test("cuts long lines", () => {
    expect(traceLine("x".repeat(5000), [])).toBe(`${"x".repeat(2000)}… (5000 characters)`);
  });
});

describe("a stream of messages", () => {
  /** A byte of length, then as many bytes. */
  const framing = () => new StreamFraming((head) => (head[0] ?? 0) + 1, 100);
  const bytes = Uint8Array.from([2, 7, 8, 0, 3, 1, 2, 3]);

  test("comes out the same wherever it is cut", () => {
    for (let one = 0; one <= bytes.length; one++)
      for (let two = one; two <= bytes.length; two++) {
        const stream = framing();
        const pieces = [bytes.subarray(0, one), bytes.subarray(one, two), bytes.subarray(two)];
        const messages = pieces.flatMap((piece) => stream.push(piece));
        expect(messages.map((message) => [...message])).toEqual([[2, 7, 8], [0], [3, 1, 2, 3]]);
        expect(stream.held).toBe(0);
      }
  });

  test("that is longer than is allowed is refused with a code", () => {
    expect(() => framing().push(Uint8Array.from([200]))).toThrow(expect.objectContaining({ code: "VENDOR_PROTOCOL" }));
  });
});
