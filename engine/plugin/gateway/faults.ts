import { z } from "zod";

/** What a gateway answers by itself when the script says so: only it knows how its vendor puts it. */
export type FaultKind = "expiredToken" | "rateLimit" | "vendorError";

const connections = z
  .union([z.number().int().min(1), z.array(z.number().int().min(1)).min(1)])
  .optional()
  .describe("which connections of the mount, from 1; all where left out");

const mount = z
  .string()
  .optional()
  .describe("the path of a mount as the gateway's page lists it, or `tcp`; any where left out");

const ms = z.number().int().min(0).max(3_600_000);

const moment = z
  .union([
    z.strictObject({ ms: ms.describe("after the connection was accepted") }),
    z.strictObject({ sent: z.number().int().min(0).describe("messages sent to the client") }),
    z.strictObject({ received: z.number().int().min(0).describe("messages, or chunks, that came from the client") }),
    z.strictObject({ receivedBytes: z.number().int().min(0) }),
  ])
  .describe("when it happens");

const handshake = z.strictObject({
  on: z.literal("handshake"),
  connections,
  mount,
  do: z.union([
    z.strictObject({ delay: ms.describe("ms until the client is let in") }),
    z.strictObject({ refuse: z.number().int().min(400).max(599).describe("HTTP status; a TCP client is cut off") }),
    z.strictObject({ hang: z.literal(true).describe("no answer ever") }),
    z.strictObject({ expiredToken: z.literal(true) }),
    z.strictObject({ rateLimit: z.literal(true) }),
    z.strictObject({ vendorError: z.union([z.number(), z.string()]) }),
  ]),
});

const midway = z.strictObject({
  on: z.literal("connection"),
  connections,
  mount,
  after: moment,
  do: z.union([
    z.strictObject({
      close: z.number().int().min(1000).max(4999).describe("the WebSocket close code; 1006: no goodbye"),
    }),
    z.strictObject({ silence: z.literal(true).describe("nothing more is sent, and the connection stays open") }),
    z.strictObject({ garbage: z.literal(true).describe("noise in place of the next message") }),
    z.strictObject({ half: z.literal(true).describe("the first half of the next message, then the end") }),
    z.strictObject({ vendorError: z.union([z.number(), z.string()]) }),
  ]),
});

const results = z.strictObject({
  on: z.literal("messages"),
  connections,
  mount,
  /** The first message it holds for, from 1. */
  from: z.number().int().min(1).default(1),
  count: z.number().int().min(1).optional().describe("for how many; all where left out"),
  do: z.union([
    z.strictObject({ delay: ms }),
    z.strictObject({ duplicate: z.literal(true) }),
    z.strictObject({ reorder: z.literal(true).describe("each is sent after the one that follows it") }),
    z.strictObject({ drop: z.literal(true) }),
  ]),
});

const clock = z.strictObject({
  on: z.literal("clock"),
  do: z.strictObject({ skewMs: z.number().int().min(-86_400_000).max(86_400_000) }),
});

/** One thing that goes wrong. */
export const faultSchema = z.discriminatedUnion("on", [handshake, midway, results, clock]);
export type Fault = z.output<typeof faultSchema>;

/** A script of what goes wrong on a gateway, as a YAML file holds it. Where several rules fit, all of them happen, in their order. */
export const faultScriptSchema = z.strictObject({ faults: z.array(faultSchema).max(1000) });
export type FaultScript = z.output<typeof faultScriptSchema>;
