import { z } from "zod";

const text = z.object({
  output: z.string(),
  node: z.string(),
  role: z.enum(["transcript", "translation", "prompt"]),
  text: z.string(),
  utterance: z.string(),
  revision: z.number(),
  final: z.boolean(),
  stableChars: z.number(),
  startSample: z.number(),
  endSample: z.number(),
  sampleRateHz: z.number(),
  language: z.string().optional(),
  words: z
    .array(
      z.object({ text: z.string(), startSample: z.number(), endSample: z.number(), confidence: z.number().optional() }),
    )
    .optional(),
  speaker: z.string().optional(),
  channel: z.number().optional(),
  confidence: z.number().optional(),
  madeFrom: z.object({ text: z.string(), language: z.string().optional() }).optional(),
  vendor: z.record(z.string(), z.union([z.string(), z.number()])).optional(),
});

const error = z.object({ code: z.string(), message: z.string() });

/** What a run tells the outside, by type: a version that rises when a field changes its meaning, and the schema of `data`. */
export const RUN_MESSAGES = {
  "run.state": {
    version: 1,
    summary: "The run has come to another state.",
    data: z.object({
      state: z.enum(["fetching", "starting", "running", "draining", "done", "failed", "cancelled", "interrupted"]),
    }),
  },
  "run.resumed": {
    version: 1,
    summary: "The run goes on in a new process; audio tracks out begin anew at sample 0.",
    data: z.object({ generation: z.number(), from: z.record(z.string(), z.number()) }),
  },
  "run.ended": {
    version: 1,
    summary: "Nothing follows.",
    data: z.object({
      state: z.enum(["done", "failed", "cancelled"]),
      drained: z.boolean(),
      error: error.optional(),
      failures: z.array(z.object({ node: z.string(), code: z.string(), message: z.string() })),
      durationMs: z.number(),
    }),
  },
  "text.partial": { version: 1, summary: "A text that may still change. Told live only, never stored.", data: text },
  "text.final": { version: 1, summary: "A text that will not change.", data: text },
  speech: {
    version: 1,
    summary: "An utterance opens or closes.",
    data: z.object({
      output: z.string(),
      node: z.string(),
      mark: z.enum(["start", "end"]),
      utterance: z.string(),
      atSample: z.number(),
      sampleRateHz: z.number(),
    }),
  },
  data: {
    version: 1,
    summary: "Something else at an output of the workflow.",
    data: z.object({
      output: z.string(),
      node: z.string(),
      topic: z.string(),
      value: z.unknown(),
      atSample: z.number(),
      sampleRateHz: z.number(),
    }),
  },
  node: {
    version: 1,
    summary: "What a node tells about itself. Told live only, never stored.",
    data: z.looseObject({ node: z.string(), type: z.string() }),
  },
  "node.failed": {
    version: 1,
    summary: "A node can work no more.",
    data: z.object({ node: z.string(), error, ends: z.boolean() }),
  },
  artifact: {
    version: 1,
    summary: "A file is ready.",
    data: z.object({
      node: z.string(),
      name: z.string(),
      bytes: z.number(),
      mediaType: z.string().optional(),
      partial: z.boolean(),
    }),
  },
} as const satisfies Record<string, { version: number; summary: string; data: z.ZodType }>;

export type RunMessageType = keyof typeof RUN_MESSAGES;

type MessageOf<Type extends RunMessageType> = {
  /** From 1, without gaps; the same on every socket. Absent: told live only, and cannot be had again. */
  readonly id?: number;
  readonly run: string;
  readonly type: Type;
  readonly version: number;
  /** Unix time, ms. */
  readonly atMs: number;
  readonly generation: number;
  readonly labels: Readonly<Record<string, string>>;
  readonly data: Readonly<z.output<(typeof RUN_MESSAGES)[Type]["data"]>>;
};

/** One message about a run, as JSON carries it. */
export type RunMessage = { [Type in RunMessageType]: MessageOf<Type> }[RunMessageType];
