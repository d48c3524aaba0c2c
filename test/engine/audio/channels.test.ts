import { describe, expect, test } from "bun:test";
import { convertChannels, takeChannel } from "#engine/audio";

const unsupported = expect.objectContaining({ code: "AUDIO_FORMAT_UNSUPPORTED" });

describe("channels", () => {
  test.each<{ name: string; pcm: number[]; channels: number; mono: number[] }>([
    { name: "a mean is exact where it can be", pcm: [10, 20], channels: 2, mono: [15] },
    { name: "half a step goes up, also below zero", pcm: [1, 2, -1, -2], channels: 2, mono: [2, -1] },
    { name: "extremes do not overflow", pcm: [32767, 32767, -32768, -32768], channels: 2, mono: [32767, -32768] },
    { name: "thirds go to the nearest", pcm: [1, 0, 0, 1, 1, 0], channels: 3, mono: [0, 1] },
  ])("to mono: $name", ({ pcm, channels, mono }) => {
    expect([...convertChannels(Int16Array.from(pcm), channels, 1)]).toEqual(mono);
  });

  test("from mono: every channel is the same", () => {
    expect([...convertChannels(Int16Array.of(5, -6), 1, 3)]).toEqual([5, 5, 5, -6, -6, -6]);
  });

  test("the same number returns the same samples", () => {
    const pcm = Int16Array.of(1, 2);
    expect(convertChannels(pcm, 2, 2)).toBe(pcm);
  });

  test("there is no rule from 2 to 6", () => {
    expect(() => convertChannels(new Int16Array(4), 2, 6)).toThrow(unsupported);
  });

  test("one of several is taken by its number", () => {
    expect([...takeChannel(Int16Array.of(1, 2, 3, 4, 5, 6), 3, 1)]).toEqual([2, 5]);
  });

  test.each([-1, 2])("channel %i of two is refused", (channel) => {
    expect(() => takeChannel(new Int16Array(4), 2, channel)).toThrow(unsupported);
  });
});
