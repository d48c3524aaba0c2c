import type { Frame, FrameKind } from "#engine/plugin";

/** What `where` on an edge asks of a frame's fields. A frame of a kind that has none of the fields is not asked. */
export interface FrameTest {
  readonly language?: OneOf<string> | undefined;
  readonly role?: OneOf<string> | undefined;
  readonly final?: boolean | undefined;
  readonly speaker?: OneOf<string> | undefined;
  readonly channel?: NumberTest | undefined;
  readonly confidence?: NumberTest | undefined;
  readonly mark?: OneOf<string> | undefined;
  readonly topic?: OneOf<string> | undefined;
  readonly codec?: OneOf<string> | undefined;
  readonly container?: OneOf<string> | undefined;
}

export type OneOf<T> = T | readonly T[];

/** A number, any of several, or a stretch that has its ends in it. */
export type NumberTest = OneOf<number> | { readonly min?: number | undefined; readonly max?: number | undefined };

/** The kind of frame that has a field. */
export const FIELD_KINDS = {
  language: "text",
  role: "text",
  final: "text",
  speaker: "text",
  channel: "text",
  confidence: "text",
  mark: "speech",
  topic: "data",
  codec: "encoded",
  container: "recording",
} as const satisfies Record<keyof FrameTest, FrameKind>;

/** Whether a frame fits all tests. A field that the frame's kind has and the frame has not does not fit. */
export function fits(frame: Frame, tests: readonly FrameTest[]): boolean {
  for (const test of tests) if (!fitsOne(frame, test)) return false;
  return true;
}

function fitsOne(frame: Frame, test: FrameTest): boolean {
  switch (frame.kind) {
    case "text":
      return (
        isLanguage(frame.language, test.language) &&
        isOneOf(frame.role, test.role) &&
        (test.final === undefined || frame.final === test.final) &&
        isOneOf(frame.speaker, test.speaker) &&
        isNumber(frame.channel, test.channel) &&
        isNumber(frame.confidence, test.confidence)
      );
    case "speech":
      return isOneOf(frame.mark, test.mark);
    case "data":
      return isOneOf(frame.topic, test.topic);
    case "encoded":
      return isOneOf(frame.codec, test.codec);
    case "recording":
      return isOneOf(frame.container, test.container);
    case "audio":
      return true;
  }
}

const listOf = <T extends string | number>(wanted: OneOf<T>): readonly T[] =>
  typeof wanted === "object" ? wanted : [wanted];

const isOneOf = (found: string | undefined, wanted: OneOf<string> | undefined): boolean =>
  wanted === undefined || (found !== undefined && listOf(wanted).includes(found));

const isLanguage = (found: string | undefined, wanted: OneOf<string> | undefined): boolean =>
  wanted === undefined || (found !== undefined && listOf(wanted).some((range) => isInLanguage(found, range)));

/**
 * Whether a language tag is the range or more precise than it: `pt-BR` is in `pt`, and not the other way round.
 * @see RFC 4647, basic filtering.
 */
export function isInLanguage(tag: string, range: string): boolean {
  const [found, wanted] = [tag.toLowerCase(), range.toLowerCase()];
  return found === wanted || found.startsWith(`${wanted}-`);
}

function isNumber(found: number | undefined, wanted: NumberTest | undefined): boolean {
  if (wanted === undefined) return true;
  if (found === undefined) return false;
  if (typeof wanted === "number") return found === wanted;
  if (isList(wanted)) return wanted.includes(found);
  return found >= (wanted.min ?? Number.NEGATIVE_INFINITY) && found <= (wanted.max ?? Number.POSITIVE_INFINITY);
}

const isList = (wanted: Exclude<NumberTest, number>): wanted is readonly number[] => Array.isArray(wanted);
