import { expect, test } from "bun:test";
import { encodeWav, MAX_WAV_DATA_BYTES, WAV_HEADER_BYTES, wavHeader } from "#engine/audio";
import { data, fmt, wavBytes } from "#test/wav-bytes";

test.each([
  { channels: 1, rateHz: 16000, pcm: [1, -2, 3] },
  { channels: 2, rateHz: 44100, pcm: [1, -2, 3, 4] },
  { channels: 1, rateHz: 8000, pcm: [] },
])("a WAV of $pcm is the same byte by byte as one put together by hand", ({ channels, rateHz, pcm }) => {
  const written = encodeWav(Int16Array.from(pcm), { sampleRateHz: rateHz, channels });
  expect(written).toEqual(wavBytes({ chunks: [fmt({ channels, rateHz }), data(pcm)] }));
});

test("a header can state the longest file there is, and no longer one", () => {
  const header = new DataView(wavHeader({ sampleRateHz: 8000, channels: 1 }, MAX_WAV_DATA_BYTES).buffer);
  expect(header.byteLength).toBe(WAV_HEADER_BYTES);
  expect(header.getUint32(4, true)).toBeLessThanOrEqual(0xffffffff);
  expect(header.getUint32(40, true)).toBe(MAX_WAV_DATA_BYTES);
  expect(() => wavHeader({ sampleRateHz: 8000, channels: 1 }, MAX_WAV_DATA_BYTES + 2)).toThrow(
    expect.objectContaining({ code: "AUDIO_TOO_LONG" }),
  );
});
