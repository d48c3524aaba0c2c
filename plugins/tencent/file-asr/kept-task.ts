import { z } from "zod";
import { asEngineError, type Callback, EngineError, type NodeContext } from "#engine/plugin";
import { CALLBACK_CODES, vendorError } from "../status.ts";
import { ACKNOWLEDGEMENT, readCallback, type TaskReport } from "../wire/callback.ts";
import { sentencesOfDetailText } from "../wire/recording.ts";
import { sentencesOf } from "../wire/result-text.ts";
import { type FileSettings, isCalledBack } from "./config.ts";
import { type Submission, submitLegacy } from "./legacy.ts";
import { askTask, type Recognised, submitTask, TaskFailure } from "./tasks.ts";

const report = z.object({
  code: z.number(),
  taskId: z.string(),
  text: z.string(),
  detail: z.string().optional(),
  durationMs: z.number(),
});

/** What is kept of a task while its result is awaited, so that another process goes on waiting. */
const keptTask = z.object({ taskId: z.string(), submittedAtMs: z.number(), report: report.optional() });
type Kept = z.output<typeof keptTask>;

/**
 * A recording's task from its submission to its result, across a restart of the process: it is submitted once, and a result that was
 * called back is kept until it was handed on.
 */
export class KeptTask {
  readonly #name: string;

  /** @param mark of the recording. */
  constructor(
    readonly ctx: NodeContext,
    readonly submission: Submission,
    mark: string,
  ) {
    this.#name = `task ${mark}`;
  }

  async result(): Promise<Recognised> {
    const { ctx, submission } = this;
    const { settings } = submission;
    const callback = isCalledBack(settings) ? await ctx.callback(this.#name, ACKNOWLEDGEMENT) : undefined;
    const kept = (await this.#kept()) ?? (await this.#submit(callback?.url));
    const leftMs = kept.submittedAtMs + settings.resultMs - ctx.epochMs();
    const late = new AbortController();
    const callOff = ctx.clock.after(Math.max(0, leftMs), () =>
      late.abort(
        new EngineError("RESULT_LATE", `Tencent gave no result for a recording within ${settings.resultMs} ms`),
      ),
    );
    const signal = AbortSignal.any([submission.signal, late.signal]);
    try {
      return callback ? await this.#called(kept, callback, signal) : await this.#polled(kept, signal);
    } catch (error) {
      if (!submission.signal.aborted) await this.done(); // another attempt has to submit it anew
      throw error;
    } finally {
      callOff();
    }
  }

  /** The result was handed on, or is not wanted any more. */
  done(): Promise<void> {
    return this.ctx.durable.set(this.#name, undefined);
  }

  async #kept(): Promise<Kept | undefined> {
    const text = await this.ctx.durable.get(this.#name);
    if (text === undefined) return undefined;
    const kept = keptTask.parse(JSON.parse(text));
    this.ctx.report({ type: "resumed", taskId: kept.taskId });
    return kept;
  }

  #keep(kept: Kept): Promise<void> {
    return this.ctx.durable.set(this.#name, JSON.stringify(kept));
  }

  async #submit(callbackUrl: string | undefined): Promise<Kept> {
    const { ctx, submission } = this;
    const submit = submission.settings.api === "legacy" ? submitLegacy : submitTask;
    const taskId = await submit(ctx, { ...submission, ...(callbackUrl !== undefined && { callbackUrl }) });
    const kept = { taskId, submittedAtMs: ctx.epochMs() };
    await this.#keep(kept);
    ctx.usage("requests", 1);
    ctx.report({ type: "submitted", taskId });
    return kept;
  }

  /** Asks until there is a result. A question that fails for the moment is asked again. */
  async #polled({ taskId }: Kept, signal: AbortSignal): Promise<Recognised> {
    const { ctx, submission } = this;
    for (;;) {
      await ctx.clock.sleep(submission.settings.pollMs, signal);
      try {
        const result = await askTask(ctx, taskId, submission.settings, signal);
        if (result) return result;
      } catch (error) {
        signal.throwIfAborted();
        const { traits, code } = asEngineError(error, "NODE_FAILED", "tencent");
        if (error instanceof TaskFailure || !traits.retryable) throw error;
        ctx.count("failedPolls");
        ctx.report({ type: "pollFailed", taskId, code });
      }
    }
  }

  /** Waits for the call that is about this task. Others are forged, of an earlier attempt, or repeated: they are counted. */
  async #called(kept: Kept, callback: Callback, signal: AbortSignal): Promise<Recognised> {
    const { settings } = this.submission;
    let found = kept.report;
    while (!found) {
      const { headers, body } = await callback.next(signal);
      found = this.#read(body, headers["content-type"] ?? "", kept.taskId);
    }
    if (!kept.report) await this.#keep({ ...kept, report: found });
    if (found.code !== 0) throw vendorError(CALLBACK_CODES, found.code, "a recording");
    return recognisedOf(found, settings);
  }

  #read(body: Uint8Array, mediaType: string, taskId: string): TaskReport | undefined {
    const { ctx, submission } = this;
    const { encoding, escapedJson } = submission.settings;
    try {
      const found = readCallback(body, mediaType, { encoding, escapedJson });
      if (found.taskId === taskId) return found;
      ctx.count("strayCallbacks");
    } catch {
      ctx.count("garbledCallbacks");
    }
    return undefined;
  }
}

function recognisedOf({ text, detail, durationMs }: z.output<typeof report>, { words }: FileSettings): Recognised {
  const sentences = words && detail ? sentencesOfDetailText(detail) : sentencesOf(text, durationMs);
  return { sentences, durationMs };
}
