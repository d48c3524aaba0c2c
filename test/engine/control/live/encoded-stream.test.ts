import { describe, expect, test } from "bun:test";
import { joinPcm, openDecoder, prepareEncoder } from "#engine/plugin";
import { framesOf, tone } from "#test/signals";
import { EncodedStream } from "../../../../engine/control/live/encoded-stream.ts";
import type { Piece } from "../../../../engine/control/live/output-coder.ts";

const make = await prepareEncoder("vorbis");

/** How long what was given plays. */
async function playedMs(given: readonly Piece[]): Promise<number> {
  const decoder = await openDecoder("vorbis");
  const pcm = joinPcm([await decoder.push(Buffer.concat(given.map(({ bytes }) => bytes))), await decoder.end()]);
  const { sampleRateHz, channels } = decoder.format!;
  decoder.close();
  return (pcm.length * 1000) / sampleRateHz / channels;
}

describe("the audio of an output as a growing file", () => {
  test("joins what is around a gap, and says where its audio lay", async () => {
    const given: Piece[] = [];
    const stream = new EncodedStream(make);
    const pcm = tone({ hz: 440, ms: 1000 });
    for (const frame of [...framesOf(pcm), ...framesOf(pcm, { startSample: 80_000 })])
      stream.push(frame, (piece) => given.push(piece));
    stream.flush((piece) => given.push(piece));
    expect(await playedMs(given)).toBeCloseTo(2000, 0);
    expect(given.at(-1)!.startSample).toBe(80_000 + 16_000 - 320);
    expect(given.every(({ bytes }) => bytes.length > 0)).toBe(true);
  });

  test.each([
    { channels: 3, out: 1 },
    { channels: 2, out: 2 },
  ])("of $channels channels has $out", ({ channels, out }) => {
    const given: Piece[] = [];
    const stream = new EncodedStream(make);
    const frames = framesOf(new Int16Array(16_000 * channels), { channels });
    for (const frame of frames) stream.push(frame, (piece) => given.push(piece));
    stream.flush((piece) => given.push(piece));
    expect(given.length).toBeGreaterThan(0);
    expect(given.every((piece) => piece.channels === out)).toBe(true);
  });

  test("begins another file where the format changes, the one before it whole", async () => {
    const given: Piece[] = [];
    const stream = new EncodedStream(make);
    for (const frame of framesOf(tone({ hz: 440, ms: 500 }))) stream.push(frame, (piece) => given.push(piece));
    const before = given.length;
    const [frame] = framesOf(tone({ hz: 440, ms: 20, rateHz: 48_000 }), { rateHz: 48_000 });
    stream.push(frame!, (piece) => given.push(piece));
    const first = given.filter(({ sampleRateHz }) => sampleRateHz === 16_000);
    expect(first.length).toBeGreaterThan(before);
    expect(await playedMs(first)).toBeCloseTo(500, 0);
    stream.close();
  });

  test("closes each coder once, also where it is left in the middle", () => {
    const closed: number[] = [];
    let made = 0;
    const stream = new EncodedStream((format, options) => {
      const encoder = make(format, options);
      const number = ++made;
      return {
        encode: (pcm) => encoder.encode(pcm),
        end: () => encoder.end(),
        close() {
          closed.push(number);
          encoder.close();
        },
      };
    });
    stream.flush(() => {
      throw new Error("nothing is inside");
    });
    const frame = framesOf(tone({ hz: 440, ms: 20 }))[0]!;
    stream.push(frame, () => {});
    stream.flush(() => {});
    stream.push(frame, () => {});
    stream.close();
    stream.close();
    expect(closed).toEqual([1, 2]);
  });
});
