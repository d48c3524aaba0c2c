import { describe, expect, test } from "bun:test";
import { covers } from "#test/covers";
import { AudioConsumer, RELEASED, UNDERFLOW } from "../../../plugins/agora/audio-consumer.ts";

const FRAME = 160;

/** A consumer at 16 kHz mono, called every 40 ms from 0 on; `push` says what comes before each call. */
function paced(
  leadFrames: 10 | 18,
  toMs: number,
  push: (atMs: number) => number,
  act?: (c: AudioConsumer, atMs: number) => void,
) {
  let nowMs = 0;
  const sent: { atMs: number; frames: number }[] = [];
  const pieces: Int16Array[] = [];
  const consumer = new AudioConsumer({
    sampleRateHz: 16_000,
    channels: 1,
    leadFrames,
    clock: { nowMs: () => nowMs },
    send: (pcm, samples) => {
      expect(samples).toBe(pcm.length);
      pieces.push(pcm);
      sent.push({ atMs: nowMs, frames: samples / FRAME });
    },
  });
  const returned: { atMs: number; value: number }[] = [];
  const completed: number[] = [];
  let next = 1;
  for (; nowMs <= toMs; nowMs += 40) {
    const samples = push(nowMs);
    consumer.push(Int16Array.from({ length: samples }, () => next++ % 30_000));
    act?.(consumer, nowMs);
    returned.push({ atMs: nowMs, value: consumer.consume() });
    if (consumer.completed) completed.push(nowMs);
  }
  return { sent, returned, completed, pieces, consumer };
}

const ms = (count: number) => count * 16;

describe("the pace of a burst of 500 ms", () => {
  const once = (atMs: number) => (atMs === 0 ? ms(500) : 0);

  test("with a lead of 18 frames", () => {
    covers("G4");
    const { sent } = paced(18, 800, once);
    expect(sent[0]).toEqual({ atMs: 0, frames: 18 });
    expect(sent.slice(1)).toEqual(Array.from({ length: 8 }, (_, i) => ({ atMs: 40 * (i + 1), frames: 4 })));
  });

  test("with a lead of 10 frames, which is booked as negative, and is completed after it has been played", () => {
    covers("G4");
    const { sent, returned, completed } = paced(10, 800, once);
    expect(sent[0]).toEqual({ atMs: 0, frames: 10 });
    expect(sent.slice(1)).toEqual(Array.from({ length: 10 }, (_, i) => ({ atMs: 40 * (i + 1), frames: 4 })));
    expect(returned.slice(0, 11).map(({ value }) => value)).toEqual([0, 4, 8, 12, 16, 20, 24, 28, 32, 36, 40]);
    expect(completed[0]).toBe(720);
  });
});

describe("the pace of a source slower than real time", () => {
  const drops = (atMs: number) => (atMs >= 0 ? ms(30) : 0);

  test("with a lead of 18 frames nothing goes out until it is there", () => {
    const { sent } = paced(18, 400, drops);
    expect(sent.slice(0, 4)).toEqual([
      { atMs: 200, frames: 18 },
      { atMs: 240, frames: 3 },
      { atMs: 280, frames: 3 },
      { atMs: 320, frames: 3 },
    ]);
  });

  test("with a lead of 10 frames", () => {
    const { sent, returned } = paced(10, 320, drops);
    expect(returned.slice(0, 3).map(({ value }) => value)).toEqual([UNDERFLOW, UNDERFLOW, UNDERFLOW]);
    expect(sent).toEqual([
      { atMs: 120, frames: 10 },
      { atMs: 160, frames: 4 },
      { atMs: 200, frames: 4 },
      { atMs: 240, frames: 3 },
      { atMs: 280, frames: 3 },
      { atMs: 320, frames: 3 },
    ]);
  });
});

describe("an end that the vendor's leaves behind", () => {
  test("shorter than the lead goes out when it is flushed, whole, padded with silence", () => {
    covers("G4");
    const { sent, pieces, consumer } = paced(
      10,
      200,
      (atMs) => (atMs === 0 ? ms(57) : 0),
      (c, atMs) => {
        if (atMs === 80) c.flush();
      },
    );
    expect(sent).toEqual([{ atMs: 80, frames: 6 }]);
    expect([...pieces[0]!.subarray(0, ms(57))]).toEqual(Array.from({ length: ms(57) }, (_, i) => i + 1));
    expect(pieces[0]!.subarray(ms(57)).every((sample) => sample === 0)).toBe(true);
    expect(consumer.length).toBe(0);
  });

  test("stays where it is without a flush", () => {
    expect(paced(10, 400, (atMs) => (atMs === 0 ? ms(57) : 0)).sent).toEqual([]);
  });
});

test("every sample is sent once and in order, however it comes", () => {
  const lengths = [7, 1600, 161, 0, 333, 4800, 16_000];
  const { pieces, consumer } = paced(
    10,
    3000,
    (atMs) => lengths[atMs / 40] ?? 0,
    (c, atMs) => {
      if (atMs === 2000) c.flush();
    },
  );
  const all = pieces.flatMap((piece) => [...piece]);
  const total = lengths.reduce((sum, length) => sum + length, 0);
  expect(all.slice(0, total)).toEqual(Array.from({ length: total }, (_, i) => (i + 1) % 30_000));
  expect(consumer.length).toBe(0);
});

test("clear drops what was not sent, and says how much; the pace goes on", () => {
  covers("G4");
  const { sent } = paced(
    10,
    400,
    (atMs) => (atMs === 0 || atMs === 160 ? ms(400) : 0),
    (c, atMs) => {
      if (atMs === 80) expect(c.clear()).toBe(ms(400 - 100 - 40));
    },
  );
  expect(sent.map(({ atMs }) => atMs)).toEqual([0, 40, 160, 200, 240, 280, 320, 360, 400]);
});

test("after its release it takes and gives nothing", () => {
  const { returned, sent } = paced(
    10,
    200,
    () => ms(400),
    (c, atMs) => {
      if (atMs === 80) c.release();
    },
  );
  expect(sent).toHaveLength(2);
  expect(returned.slice(2).every(({ value }) => value === RELEASED)).toBe(true);
});

test("of two channels a frame has twice the samples, and a tenth of a second is still that", () => {
  const sent: number[][] = [];
  const consumer = new AudioConsumer({
    sampleRateHz: 16_000,
    channels: 2,
    clock: { nowMs: () => 0 },
    send: (pcm, perChannel) => sent.push([pcm.length, perChannel]),
  });
  consumer.push(new Int16Array(3200));
  consumer.consume();
  expect(sent).toEqual([[3200, 1600]]);
});
