import { expect, test } from "bun:test";
import { type AudioFrame, EngineError, type Frame, levelDbfs } from "#engine/plugin";
import { VirtualClock } from "#engine/runtime";
import { type DriveOptions, driveNode } from "#engine/testing";
import { rejectionOf } from "#test/rejection";
import { script } from "../../../../plugins/core/script.ts";

async function play(config: object, options: DriveOptions = {}): Promise<Frame[]> {
  return (await driveNode(script, { as: "source", sampleRateHz: 8000, ...config }, options)).frames("out");
}

const audioOf = (frames: readonly Frame[]) => frames.filter((frame): frame is AudioFrame => frame.kind === "audio");

/** All samples from the start of the stream; holes are left out. */
const pcmOf = (frames: readonly Frame[]) => Int16Array.from(audioOf(frames).flatMap((frame) => [...frame.pcm]));

/** `kind@ms` of each frame, runs of audio as one. */
function outline(frames: readonly Frame[]): string[] {
  const lines: string[] = [];
  for (const frame of frames) {
    const name = frame.kind === "speech" ? frame.mark : frame.kind === "text" ? frame.text : frame.kind;
    if (name !== "audio" || lines.at(-1)?.startsWith("audio") !== true)
      lines.push(
        `${name}@${"startSample" in frame ? frame.startSample / 8 : "atSample" in frame ? frame.atSample / 8 : 0}`,
      );
  }
  return lines;
}

test("sounds and marks come in the order of time, and audio belongs to the utterance that is open", async () => {
  const events = [
    { audio: { silence: true, ms: 100 } },
    { speech: "start" },
    { audio: { toneHz: 440, ms: 200 } },
    { speech: "end" },
    { audio: { silence: true, ms: 50 } },
    { atMs: 310, text: "hello", startMs: 100, endMs: 300 },
  ];
  const frames = await play({ events });
  expect(outline(frames)).toEqual(["audio@0", "start@100", "audio@100", "end@300", "hello@100", "audio@300"]);
  const spoken = audioOf(frames).filter((frame) => frame.utterance !== undefined);
  expect(spoken.map((frame) => frame.startSample / 8)).toEqual(Array.from({ length: 10 }, (_, i) => 100 + i * 20));
  expect(frames.find((frame) => frame.kind === "text")).toMatchObject({
    utterance: "node-1",
    revision: 1,
    final: true,
  });
  expect(audioOf(frames).map((frame) => frame.pcm.length)).toEqual([...Array(17).fill(160), 80]);
});

test.each([
  { name: "a tone", sound: { toneHz: 300, levelDb: -12 }, levelDb: -12 },
  { name: "a tone at the default level", sound: { toneHz: 300 }, levelDb: -20 },
  { name: "noise", sound: { noise: true, levelDb: -30 }, levelDb: -30 },
  { name: "silence", sound: { silence: true }, levelDb: Number.NEGATIVE_INFINITY },
])("$name has its level, on all channels", async ({ sound, levelDb }) => {
  const frames = await play({ channels: 2, events: [{ audio: { ...sound, ms: 1000 } }] });
  const pcm = pcmOf(frames);
  expect(pcm.length).toBe(16_000);
  if (Number.isFinite(levelDb)) expect(levelDbfs(pcm)).toBeCloseTo(levelDb, 0);
  else expect(levelDbfs(pcm)).toBe(levelDb);
  expect(pcm.filter((_, i) => i % 2 === 0)).toEqual(pcm.filter((_, i) => i % 2 === 1));
});

test("a tone does not depend on how it is cut into frames", async () => {
  const events = [{ atMs: 7, audio: { toneHz: 440, ms: 90 } }];
  expect(pcmOf(await play({ events, frameMs: 10 }))).toEqual(pcmOf(await play({ events, frameMs: 33 })));
});

test.each([
  { gaps: "silence", starts: [0, 20, 40, 60, 80] },
  { gaps: "skip", starts: [0, 80] },
])("between sounds: $gaps", async ({ gaps, starts }) => {
  const events = [{ audio: { noise: true, ms: 20 } }, { atMs: 80, audio: { noise: true, ms: 20 } }];
  const frames = audioOf(await play({ events, gaps }));
  expect(frames.map((frame) => frame.startSample / 8)).toEqual([...starts]);
});

test("texts revise their utterance until its final, roles apart", async () => {
  const events = [
    { text: "he", final: false },
    { text: "hello" },
    { text: "hola", role: "translation", language: "es" },
    { text: "next", language: "en", words: "auto", endMs: 10 },
    { text: "again", utterance: "node-1" },
  ];
  const frames = await play({ events, language: "fr" });
  expect(frames).toMatchObject([
    { text: "he", utterance: "node-1", revision: 1, final: false, stableChars: 0, language: "fr" },
    { text: "hello", utterance: "node-1", revision: 2, final: true, stableChars: 5 },
    { text: "hola", utterance: "node-1", revision: 1, role: "translation", language: "es" },
    { text: "next", utterance: "node-2", revision: 1, words: [{ text: "next", startSample: 0, endSample: 80 }] },
    { text: "again", utterance: "node-1", revision: 3 },
  ]);
});

test.each([
  { pace: "fast", lastsMs: 0 },
  { pace: "realtime", lastsMs: 1500 },
  { pace: "live", lastsMs: 1500 },
])("at pace $pace a script of 1.5 s takes $lastsMs ms", async ({ pace, lastsMs }) => {
  const clock = new VirtualClock();
  await play({ pace, events: [{ audio: { silence: true, ms: 1000 } }, { atMs: 1500, text: "late" }] }, { clock });
  expect(clock.nowMs()).toBe(lastsMs);
});

test("only a live source does not wait for room", () => {
  const realTime = (pace: string) =>
    script.realTime(script.config.parse({ as: "source", pace, events: [{ text: "a" }] }));
  expect([realTime("fast"), realTime("realtime"), realTime("live")]).toEqual([false, false, true]);
});

test.each([
  { events: [{ text: "a" }], kinds: "text" },
  { events: [{ speech: "start" }, { audio: { noise: true, ms: 20 } }], kinds: "audio speech" },
  { events: [{ error: "INTERNAL" }], kinds: "audio speech text data" },
])("its output gives what its script has: $kinds", ({ events, kinds }) => {
  const port = script.outputs(script.config.parse({ as: "source", events, channels: 2 })).out;
  expect(port?.kinds.join(" ")).toBe(kinds);
  expect(port?.audio).toEqual(kinds.includes("audio") ? { sampleRateHz: 16_000, channels: 2, frameMs: 20 } : undefined);
});

test("a source fails with the code of its script, after what came before", async () => {
  const events = [{ text: "a" }, { atMs: 100, error: "VENDOR_FAILED" }];
  const clock = new VirtualClock();
  const played = play({ events, pace: "realtime" }, { clock });
  expect(await rejectionOf(played)).toMatchObject({
    code: "VENDOR_FAILED",
    message: "events.1 fails as its script says",
  });
  expect(clock.nowMs()).toBe(100);
});

test("a source that hangs ends with the run alone", async () => {
  const clock = new VirtualClock();
  const stop = new AbortController();
  clock.after(300, () => stop.abort(new EngineError("RUN_CANCELLED", "the test ends it")));
  expect(await rejectionOf(play({ events: [{ hang: true }] }, { clock, signal: stop.signal }))).toMatchObject({
    code: "RUN_CANCELLED",
  });
});
