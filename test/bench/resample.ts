import { join } from "node:path";
import { NativeAudio, type Way } from "#native/audio";
import { MeasuringProgram, ownProgram } from "./harness/program.ts";
import { ratio } from "./harness/ratio.ts";
import { interleave } from "./measure.ts";
import type { Benchmark, BenchOptions, Measurement } from "./measurement.ts";
import { findSpeexDsp } from "./peers/speexdsp/peer.ts";
import type { ResampleQuestion } from "./resample/ours.ts";

const TOP = { fromHz: 48_000, toHz: 16_000 };
const ODD = { fromHz: 44_100, toHz: 16_000 };

async function run({ repetitions = 15, say, leaveOut }: BenchOptions): Promise<Measurement[]> {
  await using program = new MeasuringProgram<ResampleQuestion>(ownProgram(join(import.meta.dir, "resample/ours.ts")));
  const best: Way = NativeAudio.open().way;
  const speex = findSpeexDsp();
  if ("missing" in speex)
    for (const way of ["", ".portable", ".from44100"]) leaveOut(`resample.vsSpeex${way}`, speex.missing);
  const time =
    (by: ResampleQuestion["by"], rates = TOP) =>
    () =>
      program.ask({ ask: "time", by, ...rates });
  say(`resample: 20 ms at a time, ${repetitions} repetitions`);
  const nanos = await interleave<number>(
    {
      ours: time(best),
      "ours in portable C": time("portable"),
      "ours in TypeScript": time("typescript"),
      "ours from 44.1 kHz": time(best, ODD),
      ...(!("missing" in speex) && {
        "speexdsp quality 3": time("speexdsp"),
        "speexdsp quality 3 from 44.1 kHz": time("speexdsp", ODD),
      }),
    },
    repetitions,
  );
  const per = "chunk of 20 ms";
  const peers: Measurement[] =
    "missing" in speex
      ? []
      : [
          ratio("resample.vsSpeex", ["speexdsp quality 3", "ours"], nanos, { op: ">=", value: 2.5 }, per),
          ratio("resample.vsSpeex.portable", ["speexdsp quality 3", "ours in portable C"], nanos, undefined, per),
          ratio(
            "resample.vsSpeex.from44100",
            ["speexdsp quality 3 from 44.1 kHz", "ours from 44.1 kHz"],
            nanos,
            undefined,
            per,
          ),
        ];
  const ratios = { ask: "snr", ...TOP } as const;
  const theirs = "missing" in speex ? undefined : await program.ask({ ...ratios, by: "speexdsp" });
  return [
    ...peers,
    ratio("resample.vsTypescript", ["ours in TypeScript", "ours"], nanos, undefined, per),
    {
      key: "resample.snr",
      value: await program.ask({ ...ratios, by: best }),
      unit: "dB",
      goal: { op: ">=", value: 80 },
      note: `the worst of five tones${theirs === undefined ? "" : `; speexdsp ${theirs.toFixed(1)} dB`}`,
    },
  ];
}

export default {
  name: "resample",
  summary: "48 kHz to 16 kHz, 20 ms at a time, against speexdsp: what it costs, and what it leaves of a tone",
  run,
} satisfies Benchmark;
