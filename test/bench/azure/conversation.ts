import type { Question } from "../harness/serve.ts";
import { SENTENCE_MS } from "../vendors/conversation.ts";

/** One word and secret for all of them. */
export const KEY = { id: "example-key", secret: "example-key", facts: {} } as const;

/** As long as the service's clients hear it: a hypothesis about every 300 ms, of a word more, then the phrase. */
const PARTIAL_EVERY_MS = 300;
const WORDS = "one two three four five six seven eight nine ten eleven twelve".split(" ");
export const SENTENCE = WORDS.join(" ");
export const RESULTS = WORDS.length + 1;

/** What the service runs for each client. */
export const SERVICE = `
parlando: 1
name: service
inputs: { talk: { kind: audio } }
nodes:
  asr:
    use: core.script
    from: inputs.talk
    with:
      as: asr
      partialEveryMs: ${PARTIAL_EVERY_MS}
      results: [{ text: ${SENTENCE}, partials: auto, fromMs: 0, untilMs: ${SENTENCE_MS - 100} }]
outputs: { texts: [asr.partial, asr.final] }
`;

export interface ServiceQuestion extends Question {
  readonly ask: "open" | "times";
}

export interface ServiceAnswer {
  readonly url: string;
  /** When results were sent since the last question, in order. */
  readonly sentAt: readonly number[];
}

export interface ClientQuestion extends Question {
  readonly ask: "recognise";
  readonly url: string;
  /** Of the same sentence, all at once. */
  readonly streams: number;
  /** In the midst of the sentence garbage is collected and the memory looked at, which spoils the times. */
  readonly weigh: boolean;
}

/** What the streams of one question came to, in the process of a client. */
export interface Heard {
  /** When results came, in order. */
  readonly cameAt: readonly number[];
  /** The last of each stream. */
  readonly texts: readonly string[];
  /** Of all threads, from before the streams were opened until they had ended. */
  readonly cpuMs: number;
  /** With `weigh`: resident memory in the midst of the sentence, or without streams, without garbage. */
  readonly residentBytes: number;
}
