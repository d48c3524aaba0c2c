import { z } from "@hono/zod-openapi";
import { TRANSCRIPT_FORMATS } from "#engine/control";
import {
  errorSchema,
  findingSchema,
  labelsSchema,
  list,
  pageOf,
  pageQuery,
  queryLabels,
  queryNames,
  queryWhole,
} from "./shared.ts";

export const RUN_STATES = [
  "fetching",
  "starting",
  "running",
  "draining",
  "done",
  "failed",
  "cancelled",
  "interrupted",
] as const;

const ENCODINGS = ["s16le", "mulaw", "alaw", "opus"] as const;
const encoding = z.enum(ENCODINGS);

const trackFormat = z
  .strictObject({
    encoding: encoding.describe("s16le: signed 16 bit, little-endian, interleaved"),
    sampleRateHz: z.number().int().min(1).max(384_000),
    channels: z.number().int().min(1).max(32),
  })
  .openapi("TrackFormat");

const binding = z
  .union([
    z.strictObject({ live: z.union([trackFormat, z.strictObject({ kind: z.literal("text") })]) }),
    z.strictObject({ upload: z.string().min(1).max(128).describe("id of an upload") }),
    z.strictObject({ url: z.url().max(2000) }),
  ])
  .openapi("InputBinding");

export const workflowReference = z
  .union([
    z.string().min(1).max(200).describe("a stored workflow: `name`, its latest version, or `name@3`"),
    z.strictObject({
      text: z.string().min(1).describe("YAML"),
      name: z.string().min(1).max(100).optional(),
    }),
  ])
  .openapi("WorkflowReference");

const secrets = z
  .record(z.string().max(100), z.string().max(10_000))
  .describe("for this run alone, over those of the configuration; never stored");

const startFields = {
  workflow: workflowReference,
  params: z.record(z.string().max(100), z.unknown()).optional(),
  labels: labelsSchema.optional(),
  secrets: secrets.optional(),
  keep: z
    .enum(["none", "text", "all"])
    .optional()
    .describe(
      "what is kept; never more than the configuration keeps, which is the default. `text`: no files and no audio; `none`: no texts either, some time after the end",
    ),
};

export const startRunSchema = z
  .strictObject({
    ...startFields,
    inputs: z.record(z.string().max(100), binding).optional().describe("what the inputs of the workflow are bound to"),
    record: z
      .boolean()
      .optional()
      .describe("stores both directions for `/recording`; needs `keep: all`; default false"),
  })
  .openapi("StartRun");

export const startJobSchema = z
  .strictObject({
    ...startFields,
    secrets: secrets.optional().describe("refused: a job goes on after a restart, and they are not stored"),
    input: z.string().max(100).optional().describe("the input that items are bound to, where the workflow has several"),
    items: z
      .array(
        z.union([
          z.strictObject({ upload: z.string().min(1).max(128), labels: labelsSchema.optional() }),
          z.strictObject({ url: z.url().max(2000), labels: labelsSchema.optional() }),
        ]),
      )
      .min(1)
      .max(10_000),
    concurrency: z.number().int().min(1).max(64).optional().describe("runs at once; default 4"),
    attempts: z.number().int().min(1).max(10).optional().describe("of an item, the first one counted; default 3"),
  })
  .openapi("StartJob");

export const inputTrackSchema = z
  .object({
    track: z.string(),
    kind: z.enum(["audio", "text", "recording", "encoded"]),
    format: trackFormat.optional(),
    received: z.number().int().describe("everything before this sample has arrived"),
    kept: z.number().int().describe("everything before this sample is safe: its finals are stored, or it was silence"),
    windowSamples: z.number().int().describe("how far a sender may be ahead of `received` as it was told last"),
    ended: z.boolean(),
  })
  .openapi("InputTrack");

export const outputTrackSchema = z
  .object({
    track: z.string(),
    kinds: list(z.enum(["audio", "speech", "text", "encoded", "recording", "data"])),
    sampleRateHz: z.number().optional(),
    channels: z.number().optional(),
  })
  .openapi("OutputTrack");

const runFields = {
  id: z.string(),
  project: z.string(),
  workflow: z.object({ name: z.string(), version: z.number().int().optional() }),
  state: z
    .enum(RUN_STATES)
    .describe(
      "interrupted: the process ended under it; it goes on when its sender attaches, or by itself without live input",
    ),
  labels: z.record(z.string(), z.string()),
  createdAtMs: z.number().describe("Unix time"),
  endedAtMs: z.number().optional(),
  generation: z.number().int().describe("rises each time the run goes on in a new process"),
  error: errorSchema.optional(),
  inputs: list(inputTrackSchema),
  outputs: list(outputTrackSchema),
  lastEventId: z.number().int(),
  keep: z.enum(["none", "text", "all"]),
};

export const runSchema = z.object(runFields).openapi("Run");
export const startedRunSchema = z
  .object({ ...runFields, notes: list(findingSchema).describe("what the plan put in or left out") })
  .openapi("StartedRun");
export const runPageSchema = pageOf(runSchema, "RunPage");

export const runFilterQuery = z.strictObject({
  ...pageQuery,
  state: z.enum(RUN_STATES).optional(),
  workflow: z.string().max(200).optional(),
  label: queryLabels.optional(),
  createdAfterMs: queryWhole(0, Number.MAX_SAFE_INTEGER, "Unix time").optional(),
  createdBeforeMs: queryWhole(0, Number.MAX_SAFE_INTEGER, "Unix time").optional(),
});

export const transcriptQuery = z.strictObject({
  format: z.enum(TRANSCRIPT_FORMATS).default("json"),
  output: z.string().max(100).optional().describe("of one output of the workflow; all where left out"),
  role: z.enum(["transcript", "translation", "prompt"]).optional(),
  language: z.string().max(35).optional(),
});

export const eventsQuery = z.strictObject({
  after: queryWhole(0, Number.MAX_SAFE_INTEGER, "events after this id; Last-Event-ID goes before it").optional(),
  partials: z.enum(["true", "false"]).optional().describe("partials too; default true"),
  outputs: queryNames("outputs that are wanted").optional(),
});

const ROLES = ["transcript", "translation", "prompt"] as const;

export const transcriptSchema = z
  .object({
    finals: list(
      z.object({
        eventId: z.number().int(),
        output: z.string(),
        node: z.string(),
        role: z.enum(ROLES),
        utterance: z.string(),
        text: z.string(),
        startMs: z.number(),
        endMs: z.number(),
        language: z.string().optional(),
        speaker: z.string().optional(),
        channel: z.number().optional(),
        confidence: z.number().optional(),
        words: list(z.object({ text: z.string(), startMs: z.number(), endMs: z.number() })).optional(),
      }),
    ),
  })
  .openapi("Transcript");

export const artifactSchema = z
  .object({
    name: z.string(),
    bytes: z.number(),
    mediaType: z.string().optional(),
    partial: z.boolean().describe("shorter than it was to be, and valid"),
    createdAtMs: z.number(),
  })
  .openapi("Artifact");
export const artifactsSchema = z.object({ items: list(artifactSchema) }).openapi("Artifacts");

const tally = z.object({ frames: z.number(), samples: z.number() }).openapi("Tally");

export const accountsSchema = z
  .object({
    state: z.enum(RUN_STATES),
    edges: list(
      z.object({
        edge: z.string(),
        in: tally,
        out: tally,
        dropped: z.record(z.string(), tally.optional()).describe("by reason"),
        coalesced: tally,
        inFlight: tally,
      }),
    ).describe("in = out + dropped + coalesced + in flight"),
    nodes: list(
      z.object({
        node: z.string(),
        type: z.string(),
        in: tally,
        out: tally,
        passes: z.enum(["samples", "time"]).optional(),
        gated: z.number(),
        held: z.number(),
        counters: z.record(z.string(), z.number()),
        usage: z.record(z.string(), z.number().optional()),
        delays: z
          .record(
            z.string(),
            z.object({ count: z.number(), meanMs: z.number(), maxMs: z.number(), lastMs: z.number() }).optional(),
          )
          .optional()
          .describe("how long the node let others wait: connect, firstText, final, translation, firstAudio, answer"),
      }),
    ),
    imbalances: list(z.string()).describe("which accounts do not balance; empty, or there is a bug"),
    lagMs: z.record(z.string(), z.number()).describe("by input: how far `kept` lies behind `received`"),
  })
  .openapi("RunAccounts");

export const usageQuery = z.strictObject({
  run: z.string().max(128).optional(),
  key: z.string().max(128).optional(),
  label: queryLabels.optional(),
  fromMs: queryWhole(0, Number.MAX_SAFE_INTEGER, "Unix time").optional(),
  toMs: queryWhole(0, Number.MAX_SAFE_INTEGER, "Unix time").optional(),
  by: z
    .string()
    .regex(/^(run|key|workflow|label:[\w./-]{1,63})$/, "run, key, workflow or label:NAME")
    .optional()
    .describe("a line for each run, key, workflow or value of a label (`label:NAME`); one in all where left out"),
});

export const usageSchema = z
  .object({
    items: list(
      z.object({
        of: z.string().describe("the run, key, workflow or value; empty for what has none, and where `by` is left out"),
        runs: z.number(),
        audioSeconds: z.number(),
        characters: z.number(),
        requests: z.number(),
        finals: z.number(),
        finalLatencyMs: z
          .object({ p50: z.number(), p95: z.number() })
          .optional()
          .describe("from the end of speech to the stored final"),
      }),
    ),
  })
  .openapi("Usage");

export const attachFields = {
  after: z
    .number()
    .int()
    .min(0)
    .optional()
    .describe("replays durable events after this id; live ones only where left out"),
  audio: z.array(z.string().max(100)).max(64).optional().describe("outputs whose audio is wanted; none where left out"),
  outputs: z
    .array(z.string().max(100))
    .max(64)
    .optional()
    .describe("outputs whose texts, marks and data are wanted; default all"),
  partials: z.boolean().optional().describe("default true"),
  encoding: z
    .enum([...ENCODINGS, "mp3", "ogg"])
    .optional()
    .describe("of outgoing audio; default s16le"),
  sends: z.boolean().optional().describe("this socket sends; it takes over from the one that did; default false"),
  holds: z
    .record(z.string().max(100), z.number().int().min(0))
    .optional()
    .describe("by track: the first sample that the sender still holds"),
  secrets: secrets.optional(),
};
