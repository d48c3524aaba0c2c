import { z } from "zod";
import type { GatewayHost, Outgoing, RecordingHeard } from "#engine/plugin";
import { type Answer, bodyOf, type Call, placeOf } from "./calls.ts";
import type { FileEntry, FileTask, FileTasks } from "./file-tasks.ts";
import { msOf, wordsOf } from "./hearing-task.ts";
import { answered, refusal } from "./refusal.ts";
import type { GatewaySettings } from "./settings.ts";
import type { Vocabularies } from "./vocabularies.ts";

const address = z.url({ protocol: /^https?$/ }).max(4096);

const submitBody = z.looseObject({
  model: z.string().regex(/^(paraformer|fun-asr|sensevoice|qwen3-asr)/),
  input: z.union([
    z.looseObject({ file_urls: z.array(address).min(1).max(100) }),
    z.looseObject({ file_url: address }),
  ]),
  parameters: z
    .looseObject({
      channel_id: z.array(z.number().int().min(0)).min(1).nullish(),
      language_hints: z.array(z.string()).nullish(),
      language: z.string().nullish(),
      diarization_enabled: z.boolean().nullish(),
      speaker_count: z.number().int().min(2).max(100).nullish(),
      vocabulary_id: z.string().nullish(),
    })
    .nullish(),
});

export interface FileDeskOptions {
  readonly host: GatewayHost;
  readonly settings: GatewaySettings;
  readonly tasks: FileTasks;
  readonly vocabularies: Vocabularies;
}

/** Recordings: submitted, asked for, called off, and their results. */
export class FileDesk {
  constructor(readonly options: FileDeskOptions) {}

  readonly submit: Answer = async (call) => {
    if (call.request.headers["x-dashscope-async"] !== "enable")
      return refusal("AccessDenied", "current user api does not support synchronous calls.");
    const read = bodyOf(call, submitBody);
    if ("code" in read) return read;
    const { model, input, parameters } = read.body;
    const list = parameters?.vocabulary_id;
    const words = list ? this.options.vocabularies.get(list, call.key.id)?.words : undefined;
    if (list && !words) return refusal("InvalidParameter", "vocabulary_id is not known");
    const language = parameters?.language_hints?.[0] ?? parameters?.language;
    const urls = "file_urls" in input ? (input.file_urls as string[]) : [input.file_url as string];
    const task = this.options.tasks.submit({
      key: call.key,
      model,
      urls,
      channels: parameters?.channel_id ?? [0],
      params: {
        ...(language && { language }),
        ...(parameters?.diarization_enabled && { speakers: true }),
        ...(words && { hotWords: words.map(({ text }) => text) }),
      },
    });
    return answered({ output: { task_id: task.id, task_status: "PENDING" }, request_id: call.requestId });
  };

  readonly ask: Answer = async (call) => {
    const task = this.options.tasks.get(call.caller.params.id ?? "", call.key.id);
    const output = task ? this.#stateOf(task, call) : { task_id: call.caller.params.id, task_status: "UNKNOWN" };
    const seconds = task?.files.reduce((sum, { end }) => sum + (end && "found" in end ? end.found.durationMs : 0), 0);
    const usage = task?.state === "SUCCEEDED" && { usage: { duration: Math.ceil((seconds ?? 0) / 1000) } };
    return answered({ request_id: call.requestId, output, ...usage });
  };

  readonly cancel: Answer = async (call) => {
    const { tasks } = this.options;
    const task = tasks.get(call.caller.params.id ?? "", call.key.id);
    if (!task || !tasks.cancel(task)) return refusal("UnsupportedOperation", "the task is not pending");
    return answered({ request_id: call.requestId });
  };

  readonly list: Answer = async (call) => {
    const query = new URLSearchParams(call.request.query);
    const page = Math.max(1, Math.trunc(Number(query.get("page_no") ?? 1)) || 1);
    const size = Math.min(100, Math.max(1, Math.trunc(Number(query.get("page_size") ?? 10)) || 10));
    const [model, status] = [query.get("model_name"), query.get("status")];
    const all = this.options.tasks
      .of(call.key.id)
      .filter((task) => (model === null || task.model === model) && (status === null || task.state === status));
    return answered({
      request_id: call.requestId,
      data: all.slice((page - 1) * size, page * size).map((task) => ({
        task_id: task.id,
        model_name: task.model,
        status: task.state,
        gmt_create: timeOf(task.submittedAtMs),
      })),
      total: all.length,
      total_page: Math.ceil(all.length / size),
      page_no: page,
      page_size: size,
    });
  };

  /** The file of results; whoever has its address may read it, as with the service. */
  async result(id: string): Promise<Outgoing> {
    const file = this.options.tasks.result(id);
    if (!file?.end || !("found" in file.end)) return answered({ code: "NotFound", message: "no such result" }, 404);
    return answered(resultOf(file, file.end.found));
  }

  #stateOf(task: FileTask, call: Call) {
    const { files, state } = task;
    const succeeded = files.filter(({ end }) => end && "found" in end).length;
    return {
      task_id: task.id,
      task_status: state,
      submit_time: timeOf(task.submittedAtMs),
      ...(task.startedAtMs !== undefined && { scheduled_time: timeOf(task.startedAtMs) }),
      ...(task.endedAtMs !== undefined && { end_time: timeOf(task.endedAtMs) }),
      ...((state === "SUCCEEDED" || state === "FAILED") && this.#resultsOf(task, call)),
      task_metrics: {
        TOTAL: files.length,
        SUCCEEDED: succeeded,
        FAILED: files.filter(({ end }) => end).length - succeeded,
      },
    };
  }

  #resultsOf({ files, model, state }: FileTask, call: Call) {
    const results = files.map((file) => ({ file_url: file.url, ...this.#endOf(file, call) }));
    const [first] = results;
    const failed = state === "FAILED" && first && "code" in first ? { code: first.code, message: first.message } : {};
    if (!model.startsWith("qwen")) return { ...failed, results };
    return { ...failed, ...(first && "transcription_url" in first && { result: first }) };
  }

  #endOf({ end, resultId }: FileEntry, call: Call) {
    if (end && "refused" in end)
      return { code: end.refused.code, message: end.refused.words, subtask_status: "FAILED" as const };
    return {
      transcription_url: `${placeOf(call, this.options.settings.publicUrl)}/api/v1/results/${resultId}`,
      subtask_status: "SUCCEEDED" as const,
    };
  }
}

/** As the service writes times: in the server's zone, to the millisecond. */
const timeOf = (ms: number): string => new Date(ms).toISOString().replace("T", " ").replace("Z", "");

const resultOf = ({ url }: FileEntry, { format, durationMs, channels }: RecordingHeard) => ({
  file_url: url,
  properties: {
    audio_format: "pcm_s16le",
    channels: channels.map(({ channel }) => channel),
    original_sampling_rate: format.sampleRateHz,
    original_duration_in_milliseconds: Math.round(durationMs),
  },
  transcripts: channels.map(({ channel, texts }) => ({
    channel_id: channel,
    content_duration_in_milliseconds: texts.reduce(
      (sum, text) => sum + msOf(text.endSample, text) - msOf(text.startSample, text),
      0,
    ),
    text: texts.map(({ text }) => text).join(" "),
    sentences: texts.map((text, i) => ({
      begin_time: msOf(text.startSample, text),
      end_time: msOf(text.endSample, text),
      text: text.text,
      sentence_id: i + 1,
      ...(text.speaker !== undefined && { speaker_id: Number(text.speaker) || 0 }),
      words: wordsOf(text),
    })),
  })),
});
