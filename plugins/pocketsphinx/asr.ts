import { z } from "zod";
import { defineNode, EngineError, msToSamples, UtteranceListener } from "#engine/plugin";
import { DECODER_RATE_HZ, Recogniser, type Search } from "#native/pocketsphinx";
import { StablePrefix } from "./stable-prefix.ts";

const config = z
  .strictObject({
    grammar: z
      .string()
      .min(1)
      .max(100_000)
      .optional()
      .describe(
        "A grammar in JSGF with one public rule: only its sentences are heard, far better in noise. What is said outside of it is heard as one of them, too.",
      ),
    keywords: z
      .array(
        z.strictObject({
          phrase: z
            .string()
            .regex(/^[^\s/]+( [^\s/]+)*$/)
            .describe("Words of the dictionary."),
          threshold: z
            .number()
            .min(1e-50)
            .max(1)
            .default(1e-10)
            .describe("The smaller, the more is taken for the phrase."),
        }),
      )
      .min(1)
      .max(100)
      .optional()
      .describe("Only these phrases are heard, wherever they are said; all else is no text."),
    words: z
      .record(z.string().regex(/^\S+$/), z.string().regex(/^[A-Z]+( [A-Z]+)*$/))
      .default({})
      .describe(
        "Words that the dictionary has not, with their sounds as it writes them: `kubernetes: K UW B ER N EH T IY Z`.",
      ),
    final: z
      .enum(["fast", "accurate"])
      .default("fast")
      .describe("How finals are made: from the running decoding, or by decoding the whole utterance again at its end."),
    secondPass: z
      .boolean()
      .default(false)
      .describe(
        "Searches each utterance a second time at its end: finals come later, and were no better in measurements.",
      ),
    stepMs: z
      .number()
      .int()
      .min(20)
      .max(1000)
      .default(40)
      .describe(
        "How much audio is decoded at a time, and so how often a partial may come, and what is left to decode at the end.",
      ),
    maxUtteranceMs: z
      .number()
      .int()
      .min(1000)
      .max(300_000)
      .default(90_000)
      .describe("Cuts an utterance that nothing ends, such as a stream without a detector in front."),
  })
  .superRefine(({ grammar, keywords }, issues) => {
    if (grammar !== undefined && keywords)
      issues.addIssue({ code: "custom", path: ["keywords"], message: "a grammar and keywords exclude each other" });
  });

type Settings = z.output<typeof config>;

const searchOf = ({ grammar, keywords, words }: Settings): Search => ({
  ...(grammar !== undefined && { grammar }),
  ...(keywords && { keywords }),
  words,
});

/** What pocketsphinx-en-us is a model of. */
const LANGUAGE = "en-US";

/** For how long a word must have stood to count as stable; see `StablePrefix` for what was measured. */
const STANDS_MS = 1500;

function stable(): (text: string, heardSamples: number) => number {
  const prefix = new StablePrefix(msToSamples(STANDS_MS, DECODER_RATE_HZ));
  return (text, heardSamples) => prefix.next(text, heardSamples);
}

/** Recognises English speech, utterance by utterance, with a decoder of its own for each stream. */
export const asr = defineNode({
  type: "pocketsphinx.asr",
  summary: "Recognises English speech on this machine with pocketsphinx: partials, finals and word times.",
  role: "asr",
  shape: "task",
  inputs: { audio: { kinds: ["audio", "speech"], audio: { sampleRateHz: DECODER_RATE_HZ, channels: 1 } } },
  outputs: {
    final: { kinds: ["text"], textRole: "transcript", language: LANGUAGE, default: true, carries: ["words"] },
    partial: { kinds: ["text"], textRole: "transcript", language: LANGUAGE, carries: ["partials"] },
  },
  config,
  delays: ({ stepMs }) => [{ ms: stepMs, why: "audio that is gathered before it is decoded" }],
  standsIn: {
    role: "asr",
    settings({ source }) {
      if (source === undefined || /^en\b/iu.test(source)) return {};
      throw new EngineError("LANGUAGE_UNSUPPORTED", `pocketsphinx.asr hears English only, and this is ${source}`);
    },
  },
  async create(settings, ctx) {
    const { final, secondPass, stepMs, maxUtteranceMs } = settings;
    // a fallback opens it in the midst of a run, whose time must not go on meanwhile
    const recogniser = await ctx.outside(() =>
      Recogniser.open({ finals: final, secondPass, search: searchOf(settings) }),
    );
    const finalsFollow = final === "fast" && !secondPass; // otherwise they may differ from all partials
    return new UtteranceListener(
      {
        sampleRateHz: DECODER_RATE_HZ,
        language: LANGUAGE,
        stepMs,
        maxUtteranceMs,
        ...(finalsFollow && { stable }),
      },
      ctx,
      {
        feed: (step) => recogniser.feed(step),
        async end(rest) {
          const words = await recogniser.end(rest);
          return { text: words.map((word) => word.text).join(" "), words };
        },
        close: () => recogniser.close(),
      },
    );
  },
});
