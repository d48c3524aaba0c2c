import { z } from "zod";
import { type Message, type SpokenWord, splitText as splitSpoken } from "#engine/plugin";
import { readJson } from "../wire.ts";

/** Times are ms from the beginning of the session's audio. */
const subtitle = z.looseObject({ Text: z.string(), BeginTime: z.number(), EndTime: z.number() });
export type Subtitle = z.output<typeof subtitle>;

const flag = z.number().nullish();

/** A text message of synthesis over a socket; audio comes in binary ones. */
const speechMessage = z.looseObject({
  code: z.number().int().default(0),
  message: z.string().nullish(),
  session_id: z.string().nullish(),
  request_id: z.string().nullish(),
  final: flag,
  ready: flag,
  reset: flag,
  heartbeat: flag,
  result: z.looseObject({ subtitles: z.array(subtitle).nullish() }).nullish(),
});
export type SpeechMessage = z.output<typeof speechMessage>;

/** @throws EngineError VENDOR_PROTOCOL */
export const readSpeech = (message: Message): SpeechMessage => readJson(speechMessage, message, "synthesis");

/** What synthesis over HTTP answers in place of audio. */
export const speechRefusal = z.looseObject({
  Response: z.looseObject({ Error: z.looseObject({ Code: z.string(), Message: z.string().nullish() }) }),
});

/** What a client of flowing synthesis asks for. */
export type FlowingAction = "ACTION_SYNTHESIS" | "ACTION_COMPLETE" | "ACTION_RESET";

export const flowingRequest = z.looseObject({
  session_id: z.string(),
  message_id: z.string(),
  action: z.enum(["ACTION_SYNTHESIS", "ACTION_COMPLETE", "ACTION_RESET"]),
  data: z.string(),
});

export const flowingMessage = (session: string, id: string, action: FlowingAction, data = ""): string =>
  JSON.stringify({ session_id: session, message_id: id, action, data } satisfies z.input<typeof flowingRequest>);

/** The spoken words of subtitles, in order. */
export const spokenWords = (subtitles: readonly Subtitle[] | null | undefined): SpokenWord[] =>
  (subtitles ?? [])
    .filter(({ Text }) => Text !== "")
    .map(({ Text, BeginTime, EndTime }) => ({ text: Text, beginMs: BeginTime, endMs: EndTime }));

/** How long a text is to the service, in thirds of a Chinese character: 600 of these, or 1800 letters, are the limit. */
export function countedThirds(text: string): number {
  let thirds = 0;
  for (const character of text) thirds += (character.codePointAt(0) ?? 0) > 0x2e7f ? 3 : 1;
  return thirds;
}

/** Cuts a text into pieces that the service takes, where it can at the ends of sentences. */
export const splitText = (text: string, thirds: number): string[] => splitSpoken(text, thirds, countedThirds);
