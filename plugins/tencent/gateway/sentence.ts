import { z } from "zod";
import { asEngineError, type GatewayHost, type GatewayKey } from "#engine/plugin";
import { codesOf } from "./outcome.ts";
import { type RecordingRequest, recognise } from "./recogniser.ts";
import { TaskRefusal } from "./task-refusal.ts";

const MINUTE_MS = 60_000;

/** What `SentenceRecognition` is asked for: a recording of a minute at most, in the words of its own that the service has for it. */
export const sentenceBody = z.looseObject({
  EngSerViceType: z.string().regex(/^(8k|16k)_[a-z_]+$/),
  SourceType: z.literal([0, 1]),
  VoiceFormat: z.string().min(1),
  Url: z
    .url({ protocol: /^https?$/ })
    .max(2047)
    .optional(),
  Data: z.base64().optional(),
  DataLen: z.number().int().optional(),
  WordInfo: z.number().int().min(0).max(3).optional(),
});

export interface SentenceCall {
  readonly key: GatewayKey;
  readonly asked: z.output<typeof sentenceBody>;
  readonly source: RecordingRequest["source"];
  readonly signal: AbortSignal;
}

/** Recognition in the answer to the call. @throws TaskRefusal with the vendor's name for what went wrong. */
export async function recogniseSentence({ key, asked, source, signal }: SentenceCall, host: GatewayHost) {
  try {
    const { EngSerViceType: engine, VoiceFormat: container, WordInfo = 0 } = asked;
    const { sentences, durationMs } = await recognise(
      {
        key,
        source,
        container,
        engine,
        channels: "first",
        mostMs: MINUTE_MS,
        labels: { request: host.newId() },
        signal,
      },
      host,
    );
    const words = WordInfo > 0 ? sentences.flatMap(({ words = [] }) => words) : [];
    return {
      Result: sentences.map(({ text }) => text).join(" "),
      AudioDuration: Math.round(durationMs),
      WordSize: words.length,
      WordList: words.map(({ text, beginMs, endMs }) => ({ Word: text, StartTime: beginMs, EndTime: endMs })),
    };
  } catch (error) {
    const { code } = asEngineError(error, "INTERNAL", "gateway");
    if (code === "AUDIO_TOO_LONG")
      throw new TaskRefusal("InvalidParameterValue.ErrorVoicedataTooLong", "the recording is longer than a minute");
    throw new TaskRefusal(codesOf(error).named, "the recording could not be recognised");
  }
}
