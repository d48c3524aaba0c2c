import { z } from "zod";
import { errorCode } from "./fault.ts";
import { exactlyOne, onlyWith } from "./one-of.ts";
import { sound } from "./sound.ts";

const timeMs = z.number().min(0).max(86_400_000);

/** One entry of a scripted source. */
export const sourceEvent = z
  .strictObject({
    atMs: timeMs.optional().describe("When it comes, from the start. Default: when the event before it ends."),
    audio: sound.optional(),
    speech: z.enum(["start", "end"]).optional().describe("A mark that opens or closes an utterance."),
    text: z.string().optional().describe("A text frame."),
    data: z
      .strictObject({ topic: z.string().min(1), value: z.unknown() })
      .optional()
      .describe("A data frame."),
    error: errorCode.optional().describe("Fails the source with this code."),
    hang: z.literal(true).optional().describe("Nothing comes after it, nor does the source end."),
    utterance: z
      .string()
      .min(1)
      .optional()
      .describe("Of a text or mark. Default: the last one that has no final of its role yet, or a new one."),
    final: z.boolean().optional().describe("Of a text. Default true."),
    role: z.enum(["transcript", "translation", "prompt"]).optional().describe("Of a text. Default transcript."),
    startMs: timeMs.optional().describe("Where a text begins on the stream. Default: `atMs`."),
    endMs: timeMs.optional().describe("Where a text ends. Default: where it begins."),
    language: z.string().min(2).optional().describe("Of a text, as a BCP 47 tag. Default: the node's `language`."),
    words: z.literal("auto").optional().describe("Gives a text's words even shares of its time."),
    speaker: z.string().optional(),
    channel: z.number().int().min(0).optional(),
    confidence: z.number().min(0).max(1).optional(),
  })
  .superRefine((event, ctx) => {
    exactlyOne(event, ["audio", "speech", "text", "data", "error", "hang"], ctx);
    onlyWith(
      event,
      "text",
      ["final", "role", "startMs", "endMs", "language", "words", "speaker", "channel", "confidence"],
      ctx,
    );
    if (event.text === undefined && event.speech === undefined) onlyWith(event, "text", ["utterance"], ctx);
    if (event.endMs !== undefined && event.endMs < (event.startMs ?? event.atMs ?? 0))
      ctx.addIssue({ code: "custom", path: ["endMs"], message: `${event.endMs} is before its start` });
  });

export type SourceEvent = z.output<typeof sourceEvent>;

/** An event with its times made definite, and its place in the script. */
export interface TimedEvent {
  readonly event: SourceEvent;
  readonly index: number;
  readonly atMs: number;
  /** Where its audio ends; `atMs` of everything else. */
  readonly endMs: number;
}

/** Events in the order in which they come; those of one time as they are written. */
export function inTime(events: readonly SourceEvent[]): TimedEvent[] {
  let previousEnd = 0;
  const timed = events.map((event, index) => {
    const atMs = event.atMs ?? previousEnd;
    previousEnd = atMs + (event.audio?.ms ?? 0);
    return { event, index, atMs, endMs: previousEnd };
  });
  return timed.sort((a, b) => a.atMs - b.atMs);
}

/** Adds findings about events that do not fit each other. */
export function checkEvents(
  events: readonly SourceEvent[],
  format: { readonly sampleRateHz: number; readonly frameMs: number },
  ctx: z.RefinementCtx,
): void {
  const problem = (index: number, field: string, message: string) =>
    ctx.addIssue({ code: "custom", path: ["events", index, field], message });
  const hasAudio = events.some((event) => event.audio);
  let sounding: TimedEvent | undefined;
  let open = false;
  for (const timed of inTime(events)) {
    const { event, index, atMs } = timed;
    if (event.audio) {
      if (sounding && atMs < sounding.endMs)
        problem(
          index,
          "audio",
          `begins at ${atMs} ms, while events.${sounding.index} sounds until ${sounding.endMs} ms`,
        );
      if (event.audio.toneHz !== undefined && event.audio.toneHz * 2 >= format.sampleRateHz)
        problem(
          index,
          "audio",
          `${event.audio.toneHz} Hz is not below half of ${format.sampleRateHz} Hz, the sample rate`,
        );
      sounding = timed;
    }
    if (event.speech) {
      if (event.speech === "start" && open) problem(index, "speech", "opens an utterance, but one is open");
      if (event.speech === "end" && !open) problem(index, "speech", "closes an utterance, but none is open");
      open = event.speech === "start";
      if (hasAudio && atMs % format.frameMs !== 0)
        problem(index, "speech", `stands at ${atMs} ms, inside a frame: wanted a multiple of ${format.frameMs} ms`);
    }
  }
}
