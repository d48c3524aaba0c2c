import { z } from "zod";

const DAY_MS = 86_400_000;
const ms = (what: string) => z.number().min(0).max(DAY_MS).describe(`${what}, in milliseconds`);
const length = (what: string) => z.number().positive().max(DAY_MS).describe(`${what}, in milliseconds`);
const path = (what: string) => z.string().min(1).describe(`${what}, relative to the workflow's file`);
const levelDb = z.number().min(-96).max(-5).optional().describe("mean power in dBFS");

/** One stretch of a recording that a test makes. */
export type Piece =
  | {
      readonly speech: string;
      readonly language?: string | undefined;
      readonly use?: string | undefined;
      readonly with?: Readonly<Record<string, unknown>> | undefined;
    }
  | { readonly silence: number }
  | { readonly noise: number; readonly levelDb?: number | undefined }
  | { readonly tone: number; readonly hz?: number | undefined; readonly levelDb?: number | undefined }
  | { readonly file: string; readonly fromMs?: number | undefined; readonly toMs?: number | undefined }
  | { readonly repeat: number; readonly of: readonly Piece[] };

const piece: z.ZodType<Piece> = z.lazy(() =>
  z.union([
    z.strictObject({
      speech: z.string().min(1).describe("what is said, by a synthesiser of this machine"),
      language: z.string().optional().describe("of what is said; English when left out"),
      use: z.string().optional().describe("the node type that speaks; one of this machine when left out"),
      with: z.record(z.string(), z.unknown()).optional().describe("its settings, such as the voice"),
    }),
    z.strictObject({ silence: length("zeros") }),
    z.strictObject({ noise: length("white noise, the same every time"), levelDb }),
    z.strictObject({ tone: length("a sine"), hz: z.number().min(1).max(96_000).optional(), levelDb }),
    z.strictObject({
      file: path("a WAV recording"),
      fromMs: ms("where in it to begin").optional(),
      toMs: ms("where in it to end").optional(),
    }),
    z.strictObject({ repeat: z.number().int().min(1).max(100_000), of: z.array(piece).min(1) }),
  ]),
);

const pieces = z.array(piece).min(1);

const said = z.strictObject({
  text: z.string(),
  atMs: ms("when it comes, from the start").optional(),
  language: z.string().optional(),
  protected: z.literal(true).optional(),
});

/** What comes in, made in the file. */
const made = z.strictObject({
  audio: z
    .union([path("a WAV recording"), pieces])
    .optional()
    .describe("one channel, piece by piece, or a recording"),
  channels: z.array(pieces).min(2).max(32).optional().describe("several channels, each piece by piece"),
  text: z
    .array(z.union([z.string(), said]))
    .min(1)
    .optional()
    .describe("texts, one utterance each"),
  sampleRateHz: z.number().int().min(8000).max(192_000).default(16_000),
  frameMs: z.number().int().min(10).max(200).default(20),
  pace: z
    .enum(["realtime", "fast", "live"])
    .default("realtime")
    .describe("in the time that it takes to say, as fast as can be, or so and not waiting for room"),
});

export const fixtureSchema = z.union([path("a WAV recording"), pieces, made]);
export type Fixture = z.output<typeof fixtureSchema>;
export type MadeFixture = z.output<typeof made>;

const result = z.strictObject({
  text: z.string().optional().describe("what the node answers; a recogniser that finds nothing gives an empty one"),
  translation: z.string().optional().describe("of an interpreter"),
  partials: z.array(z.string()).optional().describe("what is said of it before, evenly over the utterance"),
  language: z.string().optional(),
  speaker: z.string().optional(),
  confidence: z.number().min(0).max(1).optional(),
  words: z.literal("auto").optional().describe("times for the words, evenly"),
  audioMs: length("of a synthesiser: how much audio it makes of the text").optional(),
  untilMs: ms("of a recogniser that gets no marks: where the utterance ends on the stream").optional(),
  protected: z.literal(true).optional().describe("a barge-in does not drop it"),
  delayMs: ms("how long the answer, or the failure, takes").optional(),
  error: z.string().optional().describe("fails with this code instead of answering"),
  hang: z.literal(true).optional().describe("never answers"),
  times: z
    .number()
    .int()
    .min(1)
    .optional()
    .describe("how often it fails or hangs before it answers; always, when left out"),
});
export type MockResult = z.output<typeof result>;

/** What takes the place of a node. It keeps the node's ports, and its `retry` and `fallback`. */
export const mockSchema = z.strictObject({
  results: z
    .array(z.union([z.string(), result]))
    .optional()
    .describe("one for each utterance, text or recording, in order"),
  table: z.record(z.string(), z.string()).optional().describe("of a node that answers texts: what becomes of which"),
  afterLast: z.enum(["repeat", "empty", "error"]).default("error").describe("after the last result"),
  delayMs: ms("how long each answer takes that does not say so itself").default(0),
  gives: fixtureSchema.optional().describe("of a source: what comes out of it"),
  utterances: z
    .array(z.strictObject({ fromMs: ms("where it begins"), toMs: ms("where it ends") }))
    .optional()
    .describe("of a detector: where speech is"),
  error: z.string().optional().describe("fails with this code as soon as it is to start"),
});
export type Mock = z.output<typeof mockSchema>;

const bounds = z.strictObject({ min: z.number().optional(), max: z.number().optional() });
const amount = z.union([z.number(), bounds]);
export type Amount = z.output<typeof amount>;

const texts = z.union([z.string(), z.array(z.string())]);

const portSchema = z.strictObject({
  text: texts.optional().describe("the finals: joined by spaces, or one by one"),
  wer: z.number().min(0).max(1).optional().describe("how many words may be wrong for each word of `text`"),
  pattern: z
    .string()
    .optional()
    .describe("a regular expression that the finals, joined by spaces, have to match somewhere"),
  golden: path("a file with the finals, a line each, which --update writes").optional(),
  partials: texts.optional().describe("the partials: joined, or one by one"),
  language: z.string().optional().describe("of every final"),
  count: amount.optional().describe("finals; of a port without texts, utterances, packets, data or recordings"),
  atMs: z.array(z.number()).optional().describe("when each of what `count` counts comes, by the run's clock"),
  latencyMs: amount.optional().describe("of each final: from the end of what was said to its coming, in media time"),
  utterances: z
    .array(z.tuple([z.number(), z.number()]))
    .optional()
    .describe("marks: from and to, in milliseconds of the stream"),
  audioMs: amount.optional().describe("audio in all"),
  toleranceMs: z.number().min(0).max(60_000).default(50).describe("of atMs and utterances"),
});
export type PortExpectation = z.output<typeof portSchema>;

const step = z.union([
  z.string().min(1),
  z.strictObject({
    port: z.string().min(1),
    text: z.string().optional(),
    pattern: z.string().optional(),
    partial: z.boolean().optional(),
    mark: z.enum(["start", "end"]).optional(),
  }),
]);
export type OrderStep = z.output<typeof step>;

const fileSchema = z.strictObject({
  text: z.string().optional().describe("all that is in it"),
  pattern: z.string().optional().describe("a regular expression that it has to match somewhere"),
  golden: path("a file that it has to be the same as, which --update writes").optional(),
  audioMs: amount.optional().describe("of a WAV file: how long it is"),
  absent: z.literal(true).optional().describe("it must not be there"),
});
export type FileExpectation = z.output<typeof fileSchema>;

const eventSchema = z.looseObject({ node: z.string(), type: z.string() });
export type EventExpectation = z.output<typeof eventSchema>;

export const expectSchema = z.strictObject({
  ends: z
    .union([
      z.enum(["done", "failed"]),
      z.strictObject({ error: z.string(), node: z.string().optional().describe("whose failure it was") }),
    ])
    .default("done"),
  ports: z.record(z.string(), portSchema).default({}),
  order: z.array(step).default([]).describe("what comes after what: ports, or ports with a text or mark"),
  accounts: z
    .strictObject({
      dropped: amount.optional().describe("frames that edges dropped, whatever for"),
      coalesced: amount.optional(),
      counters: z.record(z.string(), z.record(z.string(), amount)).default({}).describe("by node: what it counted"),
      edges: z
        .record(z.string(), z.record(z.string(), amount))
        .default({})
        .describe("by edge: in, out, dropped, and dropped for a reason"),
    })
    .optional(),
  events: z
    .array(eventSchema)
    .default([])
    .describe("what nodes report, in this order; facts that are named have to fit"),
  files: z.record(z.string(), fileSchema).default({}).describe("by path: relative to the run's folder"),
  durationMs: amount.optional().describe("of the whole run, by its clock"),
});
export type Expectation = z.output<typeof expectSchema>;

export const testSchema = z.strictObject({
  name: z.string().min(1).max(200).describe("a sentence that says what is true when it passes"),
  params: z.record(z.string(), z.unknown()).default({}),
  in: z.record(z.string(), z.unknown()).default({}).describe("what comes in, by input"),
  mock: z
    .record(z.string(), z.unknown())
    .default({})
    .describe("what takes the place of a node, by id; a fallback is id.fallback.1"),
  expect: z.unknown().optional(),
});

/** All of a test at once, for editors; lint checks it piece by piece, so that one fault hides no other. */
export const wholeTestSchema = testSchema.extend({
  in: z.record(z.string(), fixtureSchema).optional().describe("what comes in, by input"),
  mock: z.record(z.string(), mockSchema).optional().describe("what takes the place of a node, by id"),
  expect: expectSchema.optional().describe("what has to come out of it, and when"),
});
