import { z } from "zod";
import { EngineError } from "#engine/plugin";
import { type Heard, heardWord, named, readJson } from "../wire.ts";

/** The older interface's answer to a submission. `requestId` means something only with code 0. */
export const submission = z.looseObject({
  code: z.number().int(),
  message: z.string().nullish(),
  requestId: z.union([z.number(), z.string()]).nullish(),
});

const answerError = z.looseObject({ Code: z.string(), Message: z.string().nullish() });

/** What the interfaces with JSON wrap everything in. */
const envelope = <T extends z.ZodType>(data: T) =>
  z.looseObject({ Response: z.looseObject({ Error: answerError.nullish(), Data: data.nullish() }) });

/** Of `CreateRecTask`. */
export const createdTask = envelope(z.looseObject({ TaskId: z.union([z.number(), z.string()]).transform(String) }));

const detailWord = z.looseObject({
  Word: z.string(),
  OffsetStartMs: z.number(),
  OffsetEndMs: z.number(),
});

const detail = z.looseObject({
  FinalSentence: z.string(),
  StartMs: z.number(),
  EndMs: z.number(),
  /** Their times count from the beginning of the sentence. */
  Words: z.array(detailWord).nullish(),
  SpeakerId: z.number().nullish(),
});

/** Of `DescribeTaskStatus`. */
export const taskStatus = envelope(
  z.looseObject({
    TaskId: z.union([z.number(), z.string()]).transform(String),
    /** 0 waiting, 1 doing, 2 done, 3 failed. */
    Status: z.literal([0, 1, 2, 3]),
    Result: z.string().nullish(),
    ErrorMsg: z.string().nullish(),
    ResultDetail: z.array(detail).nullish(),
    /** Seconds. */
    AudioDuration: z.number().nullish(),
  }),
);

/** Sentences with the times of their words, from `ResultDetail`. */
export const sentencesOfDetail = (entries: readonly z.output<typeof detail>[]): Heard[] =>
  entries.map(({ FinalSentence, StartMs, EndMs, Words, SpeakerId }, i) => ({
    key: `${i}`,
    text: FinalSentence,
    final: true,
    beginMs: StartMs,
    endMs: EndMs,
    ...(named(SpeakerId) && { speaker: `${SpeakerId}` }),
    ...(Words &&
      Words.length > 0 && {
        words: Words.map(({ Word, OffsetStartMs, OffsetEndMs }) => ({
          text: Word,
          beginMs: StartMs + OffsetStartMs,
          endMs: StartMs + OffsetEndMs,
        })),
      }),
  }));

/** The same from the text of a callback's `resultDetail`. @throws EngineError VENDOR_PROTOCOL */
export const sentencesOfDetailText = (text: string): Heard[] =>
  sentencesOfDetail(readJson(z.array(detail), text, "the detail of a result"));

const flashSentence = z.looseObject({
  text: z.string(),
  start_time: z.number(),
  end_time: z.number(),
  speaker_id: z.number().nullish(),
  word_list: z.array(z.looseObject({ word: z.string(), start_time: z.number(), end_time: z.number() })).nullish(),
});

const flashChannel = z.looseObject({
  text: z.string(),
  channel_id: z.number().int().min(0).nullish(),
  sentence_list: z.array(flashSentence).nullish(),
});

/** The answer of flash recognition. */
export const flashAnswer = z.looseObject({
  code: z.number().int(),
  message: z.string().nullish(),
  request_id: z.string().nullish(),
  /** Ms. */
  audio_duration: z.number().nullish(),
  flash_result: z.array(flashChannel).nullish(),
});

/** A sentence of a recording, and which of its channels it stands on where they were taken apart. */
export interface HeardOnChannel extends Heard {
  readonly channel?: number;
}

/** All sentences of a flash answer by time; of several channels each names its own. */
export function sentencesOfFlash({ flash_result, audio_duration }: z.output<typeof flashAnswer>): HeardOnChannel[] {
  const channels = flash_result ?? [];
  const heard = channels.flatMap(({ channel_id, sentence_list, text }): HeardOnChannel[] => {
    const whole = { text, start_time: 0, end_time: audio_duration ?? 0 };
    const entries: z.output<typeof flashSentence>[] = sentence_list ?? (text === "" ? [] : [whole]);
    return entries.map(({ text: said, start_time, end_time, speaker_id, word_list }, i) => ({
      key: `${channel_id ?? 0}-${i}`,
      text: said,
      final: true,
      beginMs: start_time,
      endMs: end_time,
      ...(named(speaker_id) && { speaker: `${speaker_id}` }),
      ...(channels.length > 1 && channel_id !== null && channel_id !== undefined && { channel: channel_id }),
      ...(word_list && word_list.length > 0 && { words: word_list.map(heardWord) }),
    }));
  });
  return heard.sort((a, b) => a.beginMs - b.beginMs);
}

/** The names by which the vendor knows containers, and how their files begin. `pcm` has no head. */
const HEADS: readonly (readonly [container: string, offset: number, text: string])[] = [
  ["wav", 0, "RIFF"],
  ["silk", 0, "#!SILK"],
  ["silk", 1, "#!SILK"],
  ["amr", 0, "#!AMR"],
  ["ogg-opus", 0, "OggS"],
  ["m4a", 4, "ftyp"],
  ["mp3", 0, "ID3"],
];
const KNOWN = ["wav", "pcm", "mp3", "silk", "speex", "amr", "m4a", "ogg-opus", "aac"] as const;
const OTHER_NAMES: Readonly<Record<string, string>> = { ogg: "ogg-opus", opus: "ogg-opus", spx: "speex", raw: "pcm" };

/** What a recording is: as its frame says, else as its name ends, else as its first bytes look; undefined where nothing tells. */
export function containerOf(said: string | undefined, name: string, head: Uint8Array): string | undefined {
  const ending = /\.([a-z0-9]+)$/i.exec(name)?.[1];
  for (const candidate of [said, ending]) {
    const lower = candidate?.toLowerCase() ?? "";
    const known = OTHER_NAMES[lower] ?? lower;
    if ((KNOWN as readonly string[]).includes(known)) return known;
    if (candidate === said && said !== undefined) return lower; // what is named is what it is
  }
  for (const [container, offset, text] of HEADS)
    if (Buffer.from(head.subarray(offset, offset + text.length)).toString("latin1") === text) return container;
  const [first = 0, second = 0] = head;
  if (first === 0xff && (second & 0xe0) === 0xe0) return (second & 0x06) === 0 ? "aac" : "mp3";
  return undefined;
}

/** @throws EngineError AUDIO_FORMAT_UNSUPPORTED for a container that the interface does not take. */
export function requireContainer(container: string | undefined, taken: readonly string[] | undefined): void {
  if (container !== undefined && taken && !taken.includes(container))
    throw new EngineError(
      "AUDIO_FORMAT_UNSUPPORTED",
      `a recording of ${container}, wanted ${taken.join(", ")}: convert it first`,
    );
}
