import { expect, test } from "bun:test";
import { rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { encodeWav } from "#engine/audio";
import { enginesMissing, NEEDS_ENGINES } from "#test/engines";
import { repeatInterpret } from "#test/repeat-run";
import { sampleStart, scratchFolder } from "#test/short-recording";

test.skipIf(enginesMissing.length > 0)(
  `three runs over one sentence tell and write the same${NEEDS_ENGINES}`,
  async () => {
    const folder = scratchFolder();
    const recording = join(folder, "sentence.wav");
    writeFileSync(recording, encodeWav(await sampleStart(4.7), { sampleRateHz: 16_000, channels: 1 }));
    const report = await repeatInterpret({ times: 3, width: 2, limitMs: 120_000, folder, recording });
    expect(report.differences).toEqual([]);
    expect(Object.keys(report.files).sort()).toEqual(["speech.wav", "subtitles.srt"]);
    expect(report.events).toBeGreaterThan(20);
    rmSync(folder, { recursive: true });
  },
  300_000,
);
