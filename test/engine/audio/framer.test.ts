import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { Framer } from "#engine/audio";
import { chunked, concat, counting } from "#test/signals";

describe("Framer", () => {
  test.each<{ sampleRateHz: number; frameMs: number; lengths: number[] }>([
    { sampleRateHz: 22050, frameMs: 20, lengths: [441, 441, 441, 441] },
    { sampleRateHz: 22050, frameMs: 10, lengths: [221, 220, 221, 220] },
    { sampleRateHz: 11025, frameMs: 10, lengths: [110, 111, 110, 110] },
    { sampleRateHz: 16000, frameMs: 2.5, lengths: [40, 40, 40, 40] },
  ])("$frameMs ms at $sampleRateHz Hz are frames of $lengths samples", ({ sampleRateHz, frameMs, lengths }) => {
    const framer = new Framer({ sampleRateHz, frameMs, channels: 1 });
    const found: number[] = [];
    framer.push(new Int16Array(5000), (frame) => found.push(frame.length));
    expect(found.slice(0, 4)).toEqual(lengths);
  });

  test("fractions of a sample do not add up in an hour", () => {
    const framer = new Framer({ sampleRateHz: 11025, frameMs: 10, channels: 1 });
    let [frames, samples] = [0, 0];
    for (let second = 0; second < 3600; second++)
      framer.push(new Int16Array(11025), (frame) => {
        frames += 1;
        samples += frame.length;
      });
    expect([frames, samples, framer.held]).toEqual([360_000, 3600 * 11025, 0]);
  });

  test("frames and the rest are the samples that came, whatever the chunks", () => {
    fc.assert(
      fc.property(
        fc.record({
          channels: fc.integer({ min: 1, max: 3 }),
          sampleRateHz: fc.constantFrom(8000, 11025, 16000, 22050, 44100),
          frameMs: fc.constantFrom(2.5, 10, 20, 33),
          tuples: fc.integer({ min: 0, max: 3000 }),
          chunks: fc.array(fc.integer({ min: 1, max: 900 }), { minLength: 1, maxLength: 8 }),
        }),
        ({ channels, sampleRateHz, frameMs, tuples, chunks }) => {
          const pcm = counting(tuples * channels);
          const framer = new Framer({ sampleRateHz, frameMs, channels });
          const frames: Int16Array[] = [];
          let start = 0;
          for (const chunk of chunked(
            pcm,
            chunks.map((length) => length * channels),
          ))
            framer.push(chunk, (frame) => {
              expect(start).toBe(Math.round((frames.length * sampleRateHz * frameMs) / 1000));
              start += frame.length / channels;
              frames.push(frame);
            });
          expect(framer.held).toBe(tuples - start);
          expect(concat(...frames, framer.rest())).toEqual(pcm);
        },
      ),
    );
  });

  test("a new count of frames begins after the rest was taken", () => {
    const framer = new Framer({ sampleRateHz: 22050, frameMs: 10, channels: 1 });
    framer.push(new Int16Array(300), () => {});
    expect(framer.rest().length).toBe(79);
    expect([framer.held, framer.nextLength]).toEqual([0, 221]);
  });

  test("a frame without a sample is refused", () => {
    expect(() => new Framer({ sampleRateHz: 400, frameMs: 2, channels: 1 })).toThrow(
      expect.objectContaining({ code: "AUDIO_FORMAT_UNSUPPORTED" }),
    );
  });
});

test("frames of a chunk that is given away are views of it where they lie in it whole; those of any other are copies", () => {
  const pcm = Int16Array.from({ length: 25 }, (_, i) => i);
  const given: Int16Array[] = [];
  const copied: Int16Array[] = [];
  const framer = () => new Framer({ sampleRateHz: 1000, channels: 1, frameMs: 10 });
  const first = framer();
  first.give(pcm, (frame) => given.push(frame));
  first.give(pcm, (frame) => given.push(frame));
  const second = framer();
  second.push(pcm, (frame) => copied.push(frame));
  second.push(pcm, (frame) => copied.push(frame));
  expect(given).toEqual(copied);
  expect(given.map((frame) => frame.buffer === pcm.buffer)).toEqual([true, true, false, true, true]);
  expect(copied.every((frame) => frame.buffer !== pcm.buffer)).toBe(true);
});
