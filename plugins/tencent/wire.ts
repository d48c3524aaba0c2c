import { z } from "zod";
import { EngineError, type Message } from "#engine/plugin";

/** Things that the vendor may leave out or send as null. */
const text = z.string().nullish();
const count = z.number().nullish();

const word = z.looseObject({
  word: z.string(),
  start_time: z.number(),
  end_time: z.number(),
  stable_flag: count,
});

/** `result` of classic real-time recognition; times are ms of the session's audio. */
const segment = z.looseObject({
  /** 0 a segment begins, 1 it changes, 2 it will not change any more. */
  slice_type: z.literal([0, 1, 2]),
  index: z.number().int(),
  start_time: z.number(),
  end_time: z.number(),
  voice_text_str: z.string(),
  word_list: z.array(word).nullish(),
});

/** An entry of `sentences` in sentence mode. */
const sentence = z.looseObject({
  sentence: z.string(),
  /** 0 may change, 1 is final. */
  sentence_type: z.literal([0, 1]),
  sentence_id: z.union([z.number(), z.string()]),
  speaker_id: z.union([z.number(), z.string()]).nullish(),
  start_time: z.number(),
  end_time: z.number(),
});

/** What the service of real-time recognition says. A missing `code` is 0. */
const realtimeMessage = z.looseObject({
  code: z.number().int().default(0),
  message: text,
  voice_id: text,
  message_id: text,
  speaker_context_id: text,
  result: segment.nullish(),
  sentences: z.looseObject({ sentence_list: z.array(sentence).nullish() }).nullish(),
  final: count,
});
export type RealtimeMessage = z.output<typeof realtimeMessage>;

/** A sentence as one message tells it, in the engine's terms; its times are still ms of the session. */
export interface Heard {
  /** The vendor's own number of it. */
  readonly key: string;
  readonly text: string;
  readonly final: boolean;
  readonly beginMs: number;
  readonly endMs: number;
  readonly speaker?: string;
  readonly words?: readonly HeardWord[];
}

export interface HeardWord {
  readonly text: string;
  readonly beginMs: number;
  readonly endMs: number;
}

/** @throws EngineError VENDOR_PROTOCOL for what is no message of the service. */
export const readRealtime = (message: Message): RealtimeMessage => readJson(realtimeMessage, message, "recognition");

/** The sentences that a message of real-time recognition is about, of either mode. */
export function heardIn({ result, sentences }: RealtimeMessage): Heard[] {
  const heard: Heard[] = [];
  if (result)
    heard.push({
      key: `${result.index}`,
      text: result.voice_text_str,
      final: result.slice_type === 2,
      beginMs: result.start_time,
      endMs: result.end_time,
      ...(result.word_list && result.word_list.length > 0 && { words: result.word_list.map(heardWord) }),
    });
  for (const entry of sentences?.sentence_list ?? [])
    heard.push({
      key: `${entry.sentence_id}`,
      text: entry.sentence,
      final: entry.sentence_type === 1,
      beginMs: entry.start_time,
      endMs: entry.end_time,
      ...(named(entry.speaker_id) && { speaker: `${entry.speaker_id}` }),
    });
  return heard;
}

/** A word as recognition in real time and flash recognition give it. */
export const heardWord = (entry: { word: string; start_time: number; end_time: number }): HeardWord => ({
  text: entry.word,
  beginMs: entry.start_time,
  endMs: entry.end_time,
});

/** A speaker that was told apart: negative numbers and nothing mean that there was no telling. */
export const named = (speaker: number | string | null | undefined): boolean =>
  speaker !== null && speaker !== undefined && speaker !== "" && !(Number(speaker) < 0);

/** Tells the service of recognition that no more audio comes; any other text is an error to it. */
export const END_OF_AUDIO = JSON.stringify({ type: "end" });

/** A task's number may have more digits than a float keeps: it is made a string before it is read. */
export const withLongIds = (json: string): string =>
  json.replace(/("(?:TaskId|requestId)"\s*:\s*)(\d{16,20})/g, '$1"$2"');

/**
 * Reads a message or an answer.
 * @throws EngineError VENDOR_PROTOCOL, naming the field where it is not as it should be, never what stands there.
 */
export function readJson<T>(schema: z.ZodType<T>, message: Message, what: string): T {
  let value: unknown;
  try {
    const json = typeof message === "string" ? message : new TextDecoder("utf-8", { fatal: true }).decode(message);
    value = JSON.parse(withLongIds(json));
  } catch {
    throw new EngineError("VENDOR_PROTOCOL", `Tencent: ${message.length} bytes about ${what} are no JSON`);
  }
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  const where = parsed.error.issues[0]?.path.join(".");
  throw new EngineError(
    "VENDOR_PROTOCOL",
    `Tencent: ${what} was answered with what is not understood${where ? `, at ${where}` : ""}`,
  );
}
