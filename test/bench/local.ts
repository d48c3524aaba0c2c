import { recordingNames, recordingPcm } from "#test/recordings";
import { concat } from "#test/signals";
import { decodingSpeeds } from "./local/decoding.ts";
import type { Benchmark } from "./measurement.ts";

export default {
  name: "local",
  summary: "what runs without any vendor: decoders of recordings",
  async run({ repetitions = 7, say }) {
    const speech = concat(...recordingNames().map(recordingPcm));
    if (speech.length === 0) throw new Error("the recordings of pocketsphinx-testdata are not installed");
    say("local: decoders");
    return await decodingSpeeds(speech, repetitions);
  },
} satisfies Benchmark;
