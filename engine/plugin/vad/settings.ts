import { z } from "zod";
import type { Delay } from "../node.ts";

/** What every detector that cuts utterances is told besides what is its own. @param hangover of the detector itself, in words, such as `100 ms`. */
export const segmentSettings = (hangover: string) => ({
  preRollMs: z
    .number()
    .int()
    .min(0)
    .max(1000)
    .default(300)
    .describe("Audio from before the first voiced frame that an utterance begins with."),
  minSpeechMs: z
    .number()
    .int()
    .min(10)
    .max(1000)
    .default(60)
    .describe(
      "Voiced audio that opens an utterance; none of it is lost, for the pre-roll is counted from its beginning.",
    ),
  endpointMs: z
    .number()
    .int()
    .min(100)
    .max(5000)
    .default(500)
    .describe(`Silence that ends an utterance, counted after the detector's own hangover of ${hangover}.`),
  maxSegmentMs: z
    .number()
    .int()
    .min(1000)
    .max(60_000)
    .default(15_000)
    .describe("No utterance is longer: closes one that noise would keep open for ever."),
});

/** How much later than its speech an utterance is known of. */
export const segmentDelays = (settings: { readonly minSpeechMs: number; readonly endpointMs: number }): Delay[] => [
  { ms: settings.minSpeechMs, why: "voiced audio before an utterance opens" },
  { ms: settings.endpointMs, why: "silence that ends an utterance", finalsOnly: true },
];
