import type { z } from "zod";
import { abortable, EngineError, type HttpResponse, type NodeContext } from "#engine/plugin";
import { type Access, httpBase } from "../access.ts";
import { httpFailure, vendorFailure } from "../status.ts";
import { submitted, type TaskState, type Transcription, taskState, transcription } from "../wire/transcription.ts";
import { type Payload, readJson } from "../wire.ts";

/** A result is some text for an hour of speech; more than this is something else. */
const MOST_BYTES = 200_000_000;
const CALL_MS = 30_000;

/** Calls of the service's HTTP interface for recordings. */
export class FileCalls {
  constructor(
    readonly ctx: NodeContext,
    readonly access: Access,
  ) {}

  /** @returns the task's id. */
  async submit(body: Payload, signal: AbortSignal): Promise<string> {
    const path = "/services/audio/asr/transcription";
    const headers = { "content-type": "application/json", "x-dashscope-async": "enable" };
    const call = { path, method: "POST", headers, body: JSON.stringify(body), signal };
    return (await this.#call(call, submitted, "a recording")).output.task_id;
  }

  /** How a task stands. */
  async ask(taskId: string, signal: AbortSignal): Promise<z.output<typeof taskState>> {
    const path = `/tasks/${encodeURIComponent(taskId)}`;
    return this.#call({ path, method: "GET", signal }, taskState, "a question for a task");
  }

  /** Calls a task off, as far as it has not begun. What goes wrong then changes nothing. */
  async cancel(taskId: string): Promise<void> {
    const url = `${httpBase(this.access.settings)}/tasks/${encodeURIComponent(taskId)}/cancel`;
    const headers = await this.access.headers(this.ctx.signal);
    const response = await this.ctx.network.fetch({ url, method: "POST", headers, timeoutMs: CALL_MS });
    await response.bytes();
  }

  /** The file of results, which lies elsewhere and needs no key. */
  async result(url: string, signal: AbortSignal): Promise<Transcription> {
    if (!URL.canParse(url)) throw new EngineError("VENDOR_PROTOCOL", "Model Studio: the address of a result is none");
    const response = await this.ctx.network.fetch({ url, signal, timeoutMs: CALL_MS });
    if (response.status !== 200) {
      const code = response.status >= 500 ? "VENDOR_FAILED" : "VENDOR_REFUSED";
      throw new EngineError(code, `a result could not be fetched: HTTP ${response.status}`);
    }
    return readJson(transcription, await textOf(response, signal), "a result");
  }

  async #call<T>(
    call: {
      readonly path: string;
      readonly method: string;
      readonly headers?: Readonly<Record<string, string>>;
      readonly body?: string;
      readonly signal: AbortSignal;
    },
    schema: z.ZodType<T>,
    what: string,
  ): Promise<T> {
    const { path, method, headers, body, signal } = call;
    const response = await this.ctx.network.fetch({
      url: `${httpBase(this.access.settings)}${path}`,
      method,
      headers: { ...(await this.access.headers(signal)), ...headers },
      ...(body !== undefined && { body }),
      signal,
      timeoutMs: CALL_MS,
    });
    const text = await textOf(response, signal);
    if (response.status === 200) return readJson(schema, text, what);
    const error = httpFailure(response.status, text, what, this.access.canRenew);
    if (error.code === "VENDOR_TOKEN_EXPIRED") this.access.drop();
    throw error;
  }
}

async function textOf(response: HttpResponse, signal: AbortSignal): Promise<string> {
  const parts: Uint8Array[] = [];
  let size = 0;
  for await (const part of abortable(response.chunks(), signal)) {
    size += part.length;
    if (size > MOST_BYTES) throw new EngineError("VENDOR_PROTOCOL", `an answer of more than ${MOST_BYTES} bytes`);
    parts.push(part);
  }
  return new TextDecoder().decode(Buffer.concat(parts));
}

/** A recording in which nothing was said: an answer, though it comes as a failure. */
const NO_SPEECH = "SUCCESS_WITH_NO_VALID_FRAGMENT";

/**
 * What a task's state says of its one recording.
 * @returns where its result is; `empty` where nothing was said in it; undefined while there is none.
 * @throws EngineError by the recording's own code, or the task's.
 */
export function outcomeOf(state: TaskState, taskId: string): { readonly url: string } | "empty" | undefined {
  const { task_status, results, result, code, message } = state;
  const [file] = results ?? [];
  const failed = file?.code ?? code;
  if (failed === NO_SPEECH) return "empty";
  if (task_status === "PENDING" || task_status === "RUNNING" || task_status === "SUSPENDED") return undefined;
  const url = file?.transcription_url ?? result?.transcription_url;
  if (task_status === "SUCCEEDED" && file?.subtask_status !== "FAILED" && url) return { url };
  if (failed)
    throw new TaskFailure(
      vendorFailure({ code: failed, words: file?.message ?? message ?? "", taskId }, "a recording"),
    );
  const details = { taskId, vendorCode: task_status };
  throw new TaskFailure(
    new EngineError("VENDOR_FAILED", `Model Studio ended a recording as ${task_status}`, { details }),
  );
}

/** The task itself failed, which asking again does not mend. */
export class TaskFailure extends EngineError {
  constructor({ code, message, details }: EngineError) {
    super(code, message, { details });
  }
}
