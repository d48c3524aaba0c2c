import { recordingNames, recordingPcm } from "#test/recordings";
import { concat } from "#test/signals";
import { bargeInTimes } from "./local/barge-in.ts";
import { decodingSpeeds } from "./local/decoding.ts";
import { recogniserMemory } from "./local/recognisers.ts";
import { sileroRatio } from "./local/silero.ts";
import type { Benchmark } from "./measurement.ts";

export default {
  name: "local",
  summary:
    "what runs without any vendor: decoders of recordings, the Silero detector, memory for each recogniser, barge-in on a device",
  async run({ repetitions = 7, say }) {
    const speech = concat(...recordingNames().map(recordingPcm));
    if (speech.length === 0) throw new Error("the recordings of pocketsphinx-testdata are not installed");
    say("local: decoders");
    const decoding = await decodingSpeeds(speech, repetitions);
    say("local: the Silero detector");
    const silero = await sileroRatio(speech, repetitions);
    say("local: memory");
    const memory = await recogniserMemory();
    say("local: barge-in");
    return [...decoding, ...silero, ...memory, ...(await bargeInTimes())];
  },
} satisfies Benchmark;
