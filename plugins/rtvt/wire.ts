import { z } from "zod";
import { EngineError } from "#engine/plugin";
import type { Values } from "./wire/payload.ts";

/** The audio that the service takes: signed 16 bit, mono, in frames of exactly this length. */
export const RATE_HZ = 16_000;
export const FRAME_MS = 20;
export const FRAME_SAMPLES = 320;
export const FRAME_BYTES = 640;

/** Alternative source languages at most, as documented. */
export const MOST_ALTERNATIVES = 3;

/** How audio is written in `voiceData`. */
export const CODECS = { pcm: 0, opus: 1 } as const;

const whole = z.union([z.int(), z.bigint()]);
/** Exact at any size: ids of streams lie beyond 2^53. */
const id = whole.transform(BigInt);
const count = whole.transform(Number);

/** `login`. */
export const loginQuest = z.object({
  pid: count,
  token: z.string(),
  /** Unix seconds, as the token was made with. */
  ts: count,
  uid: z.union([whole, z.string()]).optional(),
  version: z.string().optional(),
});

/** `voiceStart`. Some of the vendor's libraries leave out what the others send empty. */
export const startQuest = z.object({
  asrResult: z.boolean().default(false),
  /** Temporary results, of recognition and of translation. */
  asrTempResult: z.boolean().default(false),
  transResult: z.boolean().default(false),
  srcLanguage: z.string().min(1),
  /** Empty: no translation, or `destLangs` beside the audio. */
  destLanguage: z.string().default(""),
  srcAltLanguage: z.array(z.string()).default([]),
  ttsResult: z.boolean().default(false),
  ttsSpeaker: z.string().default(""),
  userId: z.union([whole.transform(String), z.string()]).default(""),
  /** Spelt so. Ms of silence that end a sentence; -1: the service does not cut by silence. */
  vadSlienceTime: count.optional(),
  codec: z.union([z.literal(CODECS.pcm), z.literal(CODECS.opus)]).default(CODECS.pcm),
});
export type StartQuest = z.output<typeof startQuest>;

/** `voiceData`. */
export const dataQuest = z.object({
  streamId: id,
  /** The application's own count. */
  seq: count,
  /** A frame of PCM or a packet of Opus; a text where the encoder knew no bytes. */
  data: z.union([z.instanceof(Uint8Array), z.string()]),
  /** Ms by the client's clock. */
  ts: count,
  destLangs: z.array(z.string()).optional(),
});

/** `voiceEnd`. */
export const endQuest = z.object({ streamId: id });

export const loginAnswer = z.object({ successed: z.boolean() });
export const startAnswer = z.object({ streamId: id });
export const errorAnswer = z.object({ code: count });

/** What the four pushes with texts have in common. Older services leave some of it out. */
const pushed = {
  streamId: id,
  startTs: count,
  endTs: count,
  recTs: count.optional(),
  lang: z.string().optional(),
  taskId: count.optional(),
};
const recognised = z.object({ ...pushed, asr: z.string() });
const translated = z.object({ ...pushed, trans: z.string() });
const spoken = z.object({
  streamId: id,
  lang: z.string().optional(),
  text: z.string().default(""),
  data: z.instanceof(Uint8Array),
});

/** A result of recognition or translation, as it came. */
export interface TextResult {
  readonly kind: "text";
  readonly role: "transcript" | "translation";
  readonly final: boolean;
  readonly text: string;
  readonly streamId: bigint;
  /** The sentence; its recognition and its translations have the same. */
  readonly taskId: number | undefined;
  /** Of its audio, ms on the clock of the client's `ts`. */
  readonly startTs: number;
  readonly endTs: number;
  /** When the service recognised it, ms on its own clock. */
  readonly recTs: number | undefined;
  readonly lang: string | undefined;
}

/** Speech made of a final translation. */
export interface SpokenResult {
  readonly kind: "spoken";
  readonly streamId: bigint;
  readonly lang: string | undefined;
  readonly text: string;
  /** A whole file: Ogg or MP3. */
  readonly data: Uint8Array;
}

/** The methods by which the service pushes texts. */
export const TEXT_METHODS = {
  recognizedTempResult: { role: "transcript", final: false },
  recognizedResult: { role: "transcript", final: true },
  translatedTempResult: { role: "translation", final: false },
  translatedResult: { role: "translation", final: true },
} as const;
type TextMethod = keyof typeof TEXT_METHODS;
const isTextMethod = (method: string): method is TextMethod => method in TEXT_METHODS;

/**
 * What a push says; undefined for one of another method.
 * @throws EngineError VENDOR_PROTOCOL when it is not of its method's form.
 */
export function readPush(method: string, values: Values): TextResult | SpokenResult | undefined {
  if (method === "ttsResult") {
    const { streamId, lang, text, data } = readValues(method, values, spoken);
    return { kind: "spoken", streamId, lang, text, data };
  }
  if (!isTextMethod(method)) return undefined;
  const { role, final } = TEXT_METHODS[method];
  const text =
    role === "transcript" ? readValues(method, values, recognised).asr : readValues(method, values, translated).trans;
  const { streamId, startTs, endTs, recTs, lang, taskId } = readValues(method, values, z.object(pushed));
  return { kind: "text", role, final, text, streamId, taskId, startTs, endTs, recTs, lang };
}

/** The method and the values of a text result, as a gateway sends it. @param pid the project of the client. */
export function textPush(
  result: Required<TextResult>,
  pid: number,
): { readonly method: string; readonly values: Values } {
  const { role, final, text, streamId, taskId, startTs, endTs, recTs, lang } = result;
  const method = `${role === "transcript" ? "recognized" : "translated"}${final ? "Result" : "TempResult"}`;
  const words = role === "transcript" ? { asr: text } : { trans: text };
  return { method, values: { pid, streamId, startTs, endTs, recTs, lang, taskId, ...words } };
}

/** @throws EngineError VENDOR_PROTOCOL naming the field that is missing or of another type. */
export function readValues<Schema extends z.ZodType>(what: string, values: Values, schema: Schema): z.output<Schema> {
  const parsed = schema.safeParse(values);
  if (parsed.success) return parsed.data;
  const where = parsed.error.issues[0]?.path.join(".");
  throw new EngineError(
    "VENDOR_PROTOCOL",
    `RTVT: ${what} came with values that are not understood${where ? `, at ${where}` : ""}`,
  );
}
