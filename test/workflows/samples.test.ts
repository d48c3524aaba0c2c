import { describe, expect, test } from "bun:test";
import { join } from "node:path";
import { levelDbfs, WavReader } from "#engine/audio";
import { SAMPLES_DIR, sampleRecording, sampleText } from "#test/make-recording";
import { recordingsInstalled } from "#test/recordings";

describe("the sample recording", () => {
  test("is 20 to 60 seconds of 16 kHz mono at the level of speech, in less than 2 MB", async () => {
    const bytes = await Bun.file(join(SAMPLES_DIR, "recording.wav")).bytes();
    const reader = new WavReader();
    const pcm = reader.push(bytes);
    expect(reader.end()).toEqual({ dataBytes: pcm.length * 2 });
    expect(reader.info).toMatchObject({ sampleRateHz: 16000, channels: 1 });
    expect(pcm.length / 16000).toBeWithin(20, 60);
    expect(levelDbfs(pcm)).toBeWithin(-35, -15);
    expect(bytes.length).toBeLessThan(2_000_000);
  });

  test.skipIf(!recordingsInstalled())(
    "is what its script makes of the package it names (needs pocketsphinx-testdata)",
    async () => {
      const stored = await Bun.file(join(SAMPLES_DIR, "recording.wav")).bytes();
      expect(Buffer.compare(stored, sampleRecording())).toBe(0);
      expect(await Bun.file(join(SAMPLES_DIR, "recording.txt")).text()).toBe(sampleText());
    },
  );
});
