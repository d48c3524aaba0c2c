import { expect, test } from "bun:test";
import { loadOpus } from "#engine/plugin";
import { framesOf, tone } from "#test/signals";
import { OpusPackets } from "../../../../engine/control/live/opus-packets.ts";
import type { Piece } from "../../../../engine/control/live/output-coder.ts";

const codec = await loadOpus();

test.each([
  { rateHz: 16000, opusHz: 16000, frameMs: 20 },
  { rateHz: 16000, opusHz: 16000, frameMs: 7 },
  { rateHz: 22050, opusHz: 24000, frameMs: 20 },
  { rateHz: 44100, opusHz: 48000, frameMs: 33 },
])("$rateHz Hz in frames of $frameMs ms become packets at $opusHz Hz without a hole", ({ rateHz, opusHz, frameMs }) => {
  const packets = new OpusPackets(codec);
  const given: Piece[] = [];
  for (const frame of framesOf(tone({ hz: 440, ms: 1000, rateHz }), { rateHz, frameMs }))
    packets.push(frame, (piece) => given.push(piece));
  expect(given.length).toBeGreaterThanOrEqual(48); // all but what waits for its packet, and in the filter
  packets.flush((piece) => given.push(piece));
  expect(given.length).toBe(50);
  expect(given.map(({ startSample }) => startSample)).toEqual(given.map((_, i) => (i * opusHz) / 50));
  expect(given.every(({ sampleRateHz }) => sampleRateHz === opusHz)).toBe(true);
});

test("a gap ends a packet, and the next begins behind it", () => {
  const packets = new OpusPackets(codec);
  const given: Piece[] = [];
  const first = framesOf(tone({ hz: 440, ms: 50 }));
  const later = framesOf(tone({ hz: 440, ms: 40 }), { startSample: 16000 });
  for (const frame of [...first, ...later]) packets.push(frame, (piece) => given.push(piece));
  expect(given.map(({ startSample }) => startSample)).toEqual([0, 320, 640, 16000, 16320]);
});

test("more channels than two are mixed to one", () => {
  const packets = new OpusPackets(codec);
  const given: Piece[] = [];
  packets.push(
    { kind: "audio", pcm: new Int16Array(320 * 4), sampleRateHz: 16000, channels: 4, startSample: 0 },
    (piece) => given.push(piece),
  );
  expect(given).toMatchObject([{ channels: 1, startSample: 0 }]);
});
