import { type AudioFrame, defaultPort } from "#engine/plugin";
import { driveNode } from "#engine/testing";
import { bundledSilero, loadSherpa, SILERO_WINDOW_SAMPLES } from "#native/sherpa";
import { framesOf } from "#test/signals";
import { vad } from "../../../plugins/silero/vad.ts";
import { costOf, interleave, median, summarise } from "../measure.ts";
import type { Measurement } from "../measurement.ts";

const GOAL = 1.2;

/** What the node costs for each window of the model, against the library called in a loop over the same audio. */
export async function sileroRatio(speech: Int16Array, repetitions: number): Promise<Measurement[]> {
  if (defaultPort(vad.inputs({})) === undefined) throw new Error("silero.vad has no input");
  const windows = speech.length / SILERO_WINDOW_SAMPLES;
  const frames = framesOf(speech) as AudioFrame[];
  const { Vad } = await loadSherpa();
  const samples = Float32Array.from(speech, (value) => value / 32768);
  const perWindow = async (work: () => unknown) => ((await costOf(work)).cpuMs * 1000) / windows;
  const bare = () => {
    const config = {
      sileroVad: {
        model: bundledSilero(),
        threshold: 0.5,
        minSilenceDuration: 0.1,
        minSpeechDuration: 0.032,
        maxSpeechDuration: 1e6,
        windowSize: SILERO_WINDOW_SAMPLES,
      },
      sampleRate: 16_000,
      numThreads: 1,
      debug: false,
    };
    return perWindow(() => {
      const handle = new Vad(config, 10);
      for (let at = 0; at + SILERO_WINDOW_SAMPLES <= samples.length; at += SILERO_WINDOW_SAMPLES) {
        handle.acceptWaveform(samples.subarray(at, at + SILERO_WINDOW_SAMPLES));
        while (!handle.isEmpty()) handle.pop();
        handle.isDetected();
      }
    });
  };
  const found = await interleave({ bare, node: () => perWindow(() => driveNode(vad, {}, { frames })) }, repetitions);
  const ratios = found.node!.map((value, i) => value / found.bare![i]!);
  return [
    {
      key: "local.silero.window",
      ...summarise(found.node!),
      unit: "µs",
      note: `32 ms; the model opened on both sides; ${windows.toFixed(0)} windows`,
    },
    {
      key: "local.silero.ratio",
      ...summarise(ratios),
      unit: "x bare",
      goal: { op: "<=", value: GOAL },
      note: `the bare library: ${median(found.bare!).toFixed(1)} µs`,
    },
  ];
}
