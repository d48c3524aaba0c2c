import { z } from "zod";
import { type Payload, readJson } from "../wire.ts";

const serverEvent = z.looseObject({
  type: z.string(),
  event_id: z.string().nullish(),
  item_id: z.string().nullish(),
  response_id: z.string().nullish(),
  language: z.string().nullish(),
  emotion: z.string().nullish(),
  /** Of recognition: what is settled; `stash` may still change. */
  text: z.string().nullish(),
  stash: z.string().nullish(),
  transcript: z.string().nullish(),
  /** Base64. */
  delta: z.string().nullish(),
  audio_start_ms: z.number().nullish(),
  audio_end_ms: z.number().nullish(),
  error: z
    .looseObject({
      type: z.string().nullish(),
      code: z.union([z.string(), z.number()]).nullish(),
      message: z.string().nullish(),
    })
    .nullish(),
  response: z
    .looseObject({
      status: z.string().nullish(),
      usage: z.looseObject({ characters: z.number().nullish() }).nullish(),
    })
    .nullish(),
});

/** An event of the real-time service. */
export type RealtimeEvent = z.output<typeof serverEvent>;

/** @throws EngineError VENDOR_PROTOCOL when it is no event. */
export const readRealtime = (text: string): RealtimeEvent => readJson(serverEvent, text, "a message");

/** An event of ours, ready to be sent. @param id any that is unique on the connection. */
export const clientEvent = (type: string, id: string, fields: Payload = {}): string =>
  JSON.stringify({ event_id: `event_${id.replaceAll("-", "")}`, type, ...fields });
