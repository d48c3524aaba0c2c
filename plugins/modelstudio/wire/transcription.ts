import { z } from "zod";

const failure = { code: z.string().nullish(), message: z.string().nullish() };

/** The answer to a submission. */
export const submitted = z.looseObject({ output: z.looseObject({ task_id: z.string().min(1) }) });

const file = z.looseObject({
  file_url: z.string().nullish(),
  transcription_url: z.string().nullish(),
  subtask_status: z.string().nullish(),
  ...failure,
});

/** The answer to a question for a task. */
export const taskState = z.looseObject({
  output: z.looseObject({
    task_id: z.string().nullish(),
    task_status: z.enum(["PENDING", "RUNNING", "SUCCEEDED", "FAILED", "CANCELED", "SUSPENDED", "UNKNOWN"]),
    results: z.array(file).nullish(),
    /** Of models that take one file. */
    result: z.looseObject({ transcription_url: z.string().nullish() }).nullish(),
    ...failure,
  }),
  usage: z.looseObject({ duration: z.number().nullish(), seconds: z.number().nullish() }).nullish(),
});

export type TaskState = z.output<typeof taskState>["output"];

const word = z.looseObject({
  begin_time: z.number(),
  end_time: z.number(),
  text: z.string(),
  punctuation: z.string().nullish(),
});

const sentence = z.looseObject({
  begin_time: z.number(),
  end_time: z.number(),
  text: z.string(),
  sentence_id: z.number().int().nullish(),
  speaker_id: z.union([z.number(), z.string()]).nullish(),
  words: z.array(word).nullish(),
});

/** The file of results. Times are ms from the beginning of the recording. */
export const transcription = z.looseObject({
  properties: z
    .looseObject({
      original_duration_in_milliseconds: z.number().nullish(),
      original_sampling_rate: z.number().int().min(1000).max(768_000).nullish(),
      channels: z.array(z.number().int()).nullish(),
    })
    .nullish(),
  transcripts: z.array(
    z.looseObject({
      channel_id: z.number().int().min(0).nullish(),
      text: z.string().nullish(),
      sentences: z.array(sentence).nullish(),
    }),
  ),
});

export type Transcription = z.output<typeof transcription>;

/** A sentence of a recording. */
export interface FoundSentence {
  readonly channel: number | undefined;
  readonly number: number;
  readonly text: string;
  readonly beginMs: number;
  readonly endMs: number;
  readonly speaker: string | undefined;
  readonly words: readonly { readonly text: string; readonly beginMs: number; readonly endMs: number }[];
}

/** All sentences of a recording by time; of several channels each names its own. */
export function sentencesOf({ transcripts, properties }: Transcription): FoundSentence[] {
  const several = transcripts.length > 1;
  const found = transcripts.flatMap(({ channel_id, sentences, text }) => {
    const whole = { begin_time: 0, end_time: properties?.original_duration_in_milliseconds ?? 0, text: text ?? "" };
    const entries: readonly z.output<typeof sentence>[] = sentences ?? [whole];
    return entries.map((entry, i) => ({
      channel: several ? (channel_id ?? 0) : undefined,
      number: entry.sentence_id ?? i + 1,
      text: entry.text,
      beginMs: entry.begin_time,
      endMs: entry.end_time,
      speaker: entry.speaker_id === null || entry.speaker_id === undefined ? undefined : `${entry.speaker_id}`,
      words: (entry.words ?? []).flatMap(({ text: said, begin_time, end_time }) =>
        said.trim() === "" ? [] : [{ text: said.trim(), beginMs: begin_time, endMs: end_time }],
      ),
    }));
  });
  return found.filter(({ text }) => text.trim() !== "").sort((a, b) => a.beginMs - b.beginMs);
}
