import { z } from "zod";

/** What the service says. Times are ms of the audio that it was sent. */
export const serverMessage = z.discriminatedUnion("type", [
  z.object({ type: z.literal("ready") }),
  z.object({
    type: z.literal("result"),
    sentence: z.number().int(),
    text: z.string(),
    final: z.boolean(),
    fromMs: z.number(),
    toMs: z.number(),
  }),
  z.object({ type: z.literal("done") }),
  z.object({ type: z.literal("error"), code: z.number() }),
]);
export type ServerMessage = z.output<typeof serverMessage>;

/** What the client says; audio goes in binary messages. */
export const clientMessage = z.discriminatedUnion("type", [
  z.object({ type: z.literal("start"), token: z.string(), rate: z.number().int() }),
  z.object({ type: z.literal("end") }),
]);
