import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { wavHeader } from "#engine/audio";
import type { BatchQuestion } from "./batch/ours.ts";
import { MeasuringProgram, ownProgram } from "./harness/program.ts";
import { ratio } from "./harness/ratio.ts";
import { RATE_HZ, SAMPLES, speechPcm } from "./harness/speech.ts";
import { interleave, summarise } from "./measure.ts";
import type { Benchmark, BenchOptions, Measurement } from "./measurement.ts";
import { rawCMissing } from "./peers/raw-c/peer.ts";

const HOUR_S = 3600;
const FRAMES = (HOUR_S * RATE_HZ) / SAMPLES;

/** An hour of speech: what there is, again and again. */
async function writeHour(path: string): Promise<void> {
  const pcm = speechPcm();
  const writer = Bun.file(path).writer({ highWaterMark: 1 << 20 });
  writer.write(wavHeader({ sampleRateHz: RATE_HZ, channels: 1 }, FRAMES * SAMPLES * 2));
  for (let left = FRAMES * SAMPLES; left > 0; left -= pcm.length) {
    const part = pcm.subarray(0, Math.min(left, pcm.length));
    writer.write(new Uint8Array(part.buffer, part.byteOffset, part.byteLength));
    await writer.flush();
  }
  await writer.end();
}

async function run({ repetitions = 7, say, leaveOut }: BenchOptions): Promise<Measurement[]> {
  const folder = await mkdtemp(join(tmpdir(), "parlando-bench-"));
  try {
    const path = join(folder, "hour.wav");
    await writeHour(path);
    const command = [...ownProgram(join(import.meta.dir, "batch/ours.ts")), path, String(FRAMES)];
    await using ours = new MeasuringProgram<BatchQuestion>(command);
    say(`batch: an hour, ${repetitions} repetitions`);
    const missing = rawCMissing();
    if (missing !== undefined) leaveOut("batch.vsRaw", missing);
    const nanos = await interleave<number>(
      {
        "from the file": () => ours.ask({ ask: "file" }),
        ...(missing === undefined && { "raw C in memory": () => ours.ask({ ask: "raw" }) }),
      },
      repetitions,
    );
    const speeds = nanos["from the file"]!.map((each) => (HOUR_S * 1e9) / (each * FRAMES));
    return [
      {
        key: "batch.realtime",
        ...summarise(speeds),
        unit: "x",
        goal: { op: ">=", value: 8000 },
        note: "an hour divided by processor time of all threads, starting and ending the run included",
      },
      ...(missing === undefined
        ? [ratio("batch.vsRaw", ["from the file", "raw C in memory"], nanos, { op: "<=", value: 1.5 })]
        : []),
    ];
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

export default {
  name: "batch",
  summary: "an hour of speech from a WAV file through the detector to segments, against the detector alone in memory",
  run,
} satisfies Benchmark;
