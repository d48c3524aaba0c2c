import type { z } from "zod";
import { EngineError, type NodeContext } from "#engine/plugin";
import { nowS } from "../access.ts";
import { tc3Authorization } from "../signatures.ts";
import { namedError } from "../status.ts";
import { createdTask, sentencesOfDetail, taskStatus } from "../wire/recording.ts";
import { sentencesOf } from "../wire/result-text.ts";
import type { Heard } from "../wire.ts";
import { engineOf, type FileSettings } from "./config.ts";
import { exchange } from "./exchange.ts";
import type { Submission } from "./legacy.ts";

const SERVICE_URL = "https://asr.tencentcloudapi.com/";

/** What a recording was found to hold. */
export interface Recognised {
  readonly sentences: readonly Heard[];
  readonly durationMs: number;
}

interface Call<T> {
  readonly action: string;
  /** JSON. */
  readonly body: string;
  readonly schema: z.ZodType<T>;
  readonly settings: FileSettings;
  readonly signal: AbortSignal;
}

/** A call of the interface with JSON, signed for this moment. */
function call<T>(ctx: NodeContext, { action, body, schema, settings, signal }: Call<T>): Promise<T> {
  const url = settings.url ?? SERVICE_URL;
  const headers = { "content-type": "application/json; charset=utf-8", host: new URL(url).host };
  const timestampS = nowS(ctx);
  const signed = { timestampS, service: "asr", headers, signed: ["content-type", "host"], body };
  const request = {
    url,
    headers: {
      "content-type": headers["content-type"],
      "x-tc-action": action,
      "x-tc-version": "2019-06-14",
      "x-tc-timestamp": `${timestampS}`,
      authorization: tc3Authorization(signed, settings.secretId, settings.secretKey),
    },
    body,
    signal,
  };
  return exchange(ctx, request, schema, action);
}

/** Hands a recording over as a task. @returns the task's number. */
export async function submitTask(
  ctx: NodeContext,
  { source, settings, callbackUrl, signal }: Submission,
): Promise<string> {
  const body = JSON.stringify({
    EngineModelType: engineOf(settings),
    ChannelNum: settings.channels,
    ResTextFormat: settings.words ? 2 : 0,
    ...("url" in source
      ? { SourceType: 0, Url: source.url }
      : { SourceType: 1, Data: Buffer.from(source.bytes).toString("base64"), DataLen: source.bytes.length }),
    ...(callbackUrl !== undefined && { CallbackUrl: callbackUrl }),
    ...(settings.speakers && { SpeakerDiarization: 1 }),
    FilterDirty: settings.filterDirty,
    FilterModal: settings.filterFillers,
    ConvertNumMode: settings.numbers,
    ...(settings.hotwordId !== undefined && { HotwordId: settings.hotwordId }),
    ...(settings.customizationId !== undefined && { CustomizationId: settings.customizationId }),
    ...settings.extra,
  });
  const { Response } = await call(ctx, { action: "CreateRecTask", body, schema: createdTask, settings, signal });
  if (Response.Error) throw namedError(Response.Error.Code, "a recording");
  if (!Response.Data) throw new EngineError("VENDOR_PROTOCOL", "Tencent took a recording without giving it a number");
  return Response.Data.TaskId;
}

/**
 * Asks for the result of a task; undefined while there is none.
 * @throws EngineError VENDOR_FAILED for a task that failed, and what a refused question means.
 */
export async function askTask(
  ctx: NodeContext,
  taskId: string,
  settings: FileSettings,
  signal: AbortSignal,
): Promise<Recognised | undefined> {
  const body = `{"TaskId":${/^\d+$/.test(taskId) ? taskId : 0}}`; // it may have more digits than a float keeps
  const { Response } = await call(ctx, { action: "DescribeTaskStatus", body, schema: taskStatus, settings, signal });
  if (Response.Error) throw namedError(Response.Error.Code, "a question for a task");
  const task = Response.Data;
  if (!task) throw new EngineError("VENDOR_PROTOCOL", "Tencent answered a question for a task with nothing");
  if (task.Status === 3) throw new TaskFailure(taskId);
  if (task.Status !== 2) return undefined;
  const durationMs = (task.AudioDuration ?? 0) * 1000;
  const sentences = task.ResultDetail?.length
    ? sentencesOfDetail(task.ResultDetail)
    : sentencesOf(task.Result ?? "", durationMs);
  return { sentences, durationMs };
}

/** The task itself failed, which asking again does not mend. */
export class TaskFailure extends EngineError {
  constructor(taskId: string) {
    super("VENDOR_FAILED", `Tencent could not recognise the recording of task ${taskId}`, { details: { taskId } });
  }
}
