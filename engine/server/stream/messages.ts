import { z } from "@hono/zod-openapi";
import { RUN_MESSAGES } from "#engine/control";
import { problemSchema } from "../http/problem.ts";
import { attachFields, inputTrackSchema, outputTrackSchema, runSchema, startRunSchema } from "../schemas/runs.ts";
import { findingSchema, list } from "../schemas/shared.ts";

const track = z.string().min(1).max(100);
const position = z.number().int().min(0);
const ref = z
  .union([z.string().max(100), z.number()])
  .optional()
  .describe("returns in the answer");

/** What a client may send. The first message is `attach` on `/v1/runs/{id}/stream` and `start` on `/v1/stream`. */
export const CLIENT_MESSAGES = {
  start: {
    summary: "Starts a run and joins it.",
    schema: z.strictObject({
      type: z.literal("start"),
      run: startRunSchema,
      idempotencyKey: z.string().min(1).max(255).optional(),
      ...attachFields,
    }),
  },
  attach: {
    summary: "Joins the run that the address names.",
    schema: z.strictObject({ type: z.literal("attach"), ...attachFields }),
  },
  audio: {
    summary: "Audio for a track, in chunks of any length. Cheaper as a binary message with a header.",
    schema: z.strictObject({
      type: z.literal("audio"),
      track,
      startSample: position.optional().describe("of the first sample; follows what came before where left out"),
      bytes: z
        .union([z.base64(), z.instanceof(Uint8Array)])
        .describe("base64 in JSON, binary in MessagePack")
        .openapi({ type: "string" }),
    }),
  },
  text: {
    summary: "A finished text for a track of texts.",
    schema: z.strictObject({
      type: z.literal("text"),
      track,
      text: z.string().min(1).max(100_000),
      language: z.string().max(35).optional().describe("BCP 47"),
      utterance: z.string().min(1).max(100).optional(),
    }),
  },
  flush: {
    summary: "Finishes what is open now, such as an utterance, and goes on.",
    schema: z.strictObject({ type: z.literal("flush") }),
  },
  mute: {
    summary: "What comes in on the track counts as silence while it is muted.",
    schema: z.strictObject({ type: z.literal("mute"), track, muted: z.boolean() }),
  },
  end: {
    summary: "No more will come on the track, or on any where it is left out.",
    schema: z.strictObject({ type: z.literal("end"), track: track.optional() }),
  },
  update: {
    summary: "Changes live fields of a node. Answered by `updated` or `refused`.",
    schema: z.strictObject({
      type: z.literal("update"),
      node: z.string().min(1).max(300),
      fields: z.record(z.string().max(100), z.unknown()),
      ref,
    }),
  },
  ping: {
    summary: "Answered by `pong`.",
    schema: z.strictObject({ type: z.literal("ping"), ref }),
  },
} as const;

const event = z.object({
  id: z.number().int().optional().describe("from 1, without gaps, the same everywhere; absent: told live only"),
  run: z.string(),
  type: z.enum(Object.keys(RUN_MESSAGES) as [keyof typeof RUN_MESSAGES, ...(keyof typeof RUN_MESSAGES)[]]),
  version: z.number().int(),
  atMs: z.number().describe("Unix time"),
  generation: z.number().int(),
  labels: z.record(z.string(), z.string()),
  data: z.record(z.string(), z.unknown()).describe("by type"),
});

/** What a server tells. Nothing comes before `ready` but `error`. */
export const SERVER_MESSAGES = {
  ready: {
    summary: "Joined. A sender goes on from `received` of each input.",
    schema: z.object({
      type: z.literal("ready"),
      run: runSchema,
      inputs: list(inputTrackSchema),
      outputs: list(outputTrackSchema),
      notes: list(findingSchema).optional().describe("after `start`: what the plan put in or left out"),
      messageBytes: z.number().int().describe("longer messages close the socket with 1009"),
    }),
  },
  event: { summary: "Something happened in the run.", schema: z.object({ type: z.literal("event"), event }) },
  position: {
    summary: "How far a track has arrived and how far it is safe. A client holds what comes after `kept`.",
    schema: z.object({
      type: z.literal("position"),
      track,
      received: position,
      kept: position,
      ended: z.literal(true).optional().describe("somebody else has ended the track: what is sent on it is dropped"),
    }),
  },
  audio: {
    summary: "Audio of an output. In JSON sockets it comes as binary messages with a header instead.",
    schema: z.object({
      type: z.literal("audio"),
      track,
      startSample: position,
      sampleRateHz: z.number(),
      channels: z.number(),
      encoding: z.enum(["s16le", "mulaw", "alaw", "opus", "mp3", "ogg"]),
      generation: z.number().int(),
      bytes: z.instanceof(Uint8Array).describe("binary in MessagePack").openapi({ type: "string" }),
    }),
  },
  missed: {
    summary:
      "The reader was too slow: so much was dropped before this message. Durable events can be had again after `lastId`.",
    schema: z.object({
      type: z.literal("missed"),
      events: z.number().int(),
      audioMs: z.number(),
      lastId: z.number().int(),
    }),
  },
  updated: { summary: "An `update` was done.", schema: z.object({ type: z.literal("updated"), ref }) },
  refused: {
    summary: "An `update` was not done; the socket stays.",
    schema: z.object({ type: z.literal("refused"), ref, problem: problemSchema }),
  },
  pong: { summary: "Answers `ping`.", schema: z.object({ type: z.literal("pong"), ref }) },
  error: {
    summary: "What was wrong; the socket closes with 4000 and the HTTP status of the code.",
    schema: z.object({ type: z.literal("error"), problem: problemSchema }),
  },
  closed: {
    summary: "Nothing follows. Without a code the run ended by itself.",
    schema: z.object({
      type: z.literal("closed"),
      code: z.enum(["TRACK_TAKEN", "SERVER_DRAINING", "READER_TOO_SLOW"]).optional(),
      reason: z.string(),
    }),
  },
} as const;

const C = CLIENT_MESSAGES;

export const clientMessageSchema = z
  .discriminatedUnion("type", [
    C.start.schema,
    C.attach.schema,
    C.audio.schema,
    C.text.schema,
    C.flush.schema,
    C.mute.schema,
    C.end.schema,
    C.update.schema,
    C.ping.schema,
  ])
  .openapi("ClientMessage");

export type ClientMessage = z.output<typeof clientMessageSchema>;

const S = SERVER_MESSAGES;

export const serverMessageSchema = z
  .discriminatedUnion("type", [
    S.ready.schema,
    S.event.schema,
    S.position.schema,
    S.audio.schema,
    S.missed.schema,
    S.updated.schema,
    S.refused.schema,
    S.pong.schema,
    S.error.schema,
    S.closed.schema,
  ])
  .openapi("ServerMessage");
