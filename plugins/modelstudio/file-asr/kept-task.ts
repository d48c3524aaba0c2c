import { createHash } from "node:crypto";
import { z } from "zod";
import { asEngineError, EngineError, type NodeContext } from "#engine/plugin";
import type { Transcription } from "../wire/transcription.ts";
import { type FileCalls, outcomeOf, TaskFailure } from "./calls.ts";
import { type FileSettings, submission } from "./config.ts";

const kept = z.object({ taskId: z.string(), submittedAtMs: z.number() });
type Kept = z.output<typeof kept>;

/** What a recording is handed over with. */
export interface KeptOptions {
  readonly ctx: NodeContext;
  readonly calls: FileCalls;
  readonly settings: FileSettings;
  readonly url: string;
  readonly vocabularyId: () => Promise<string | undefined>;
  readonly signal: AbortSignal;
}

export interface Found {
  /** Undefined where nothing was said. */
  readonly transcription: Transcription | undefined;
  readonly seconds: number | undefined;
}

/** After so many questions the wait between them doubles. */
const QUESTIONS_A_STEP = 3;

/** A recording at the service. Its task is remembered, so that a restart of this process waits on and does not submit it twice. */
export class KeptTask {
  readonly #name: string;

  constructor(readonly options: KeptOptions) {
    this.#name = `task ${createHash("sha256").update(options.url).digest("hex").slice(0, 32)}`;
  }

  async found(): Promise<Found> {
    const { ctx, settings, signal, calls } = this.options;
    const task = (await this.#kept()) ?? (await this.#submit());
    const late = new AbortController();
    const leftMs = task.submittedAtMs + settings.resultMs - ctx.epochMs();
    const callOff = ctx.clock.after(Math.max(0, leftMs), () =>
      late.abort(new EngineError("RESULT_LATE", `Model Studio gave no result within ${settings.resultMs} ms`)),
    );
    try {
      return await this.#polled(task, AbortSignal.any([signal, late.signal]));
    } catch (error) {
      if (!signal.aborted) {
        await this.done(); // another attempt has to submit it anew
        if (late.signal.aborted) await calls.cancel(task.taskId).catch(() => {});
      }
      throw error;
    } finally {
      callOff();
    }
  }

  /** The result was handed on, or is not wanted any more. */
  done(): Promise<void> {
    return this.options.ctx.durable.set(this.#name, undefined);
  }

  async #kept(): Promise<Kept | undefined> {
    const { ctx } = this.options;
    const text = await ctx.durable.get(this.#name);
    if (text === undefined) return undefined;
    const task = kept.parse(JSON.parse(text));
    ctx.report({ type: "resumed", taskId: task.taskId });
    return task;
  }

  async #submit(): Promise<Kept> {
    const { ctx, calls, settings, url, vocabularyId, signal } = this.options;
    const taskId = await calls.submit(submission(settings, url, await vocabularyId()), signal);
    const task = { taskId, submittedAtMs: ctx.epochMs() };
    await ctx.durable.set(this.#name, JSON.stringify(task));
    ctx.usage("requests", 1);
    ctx.report({ type: "submitted", taskId });
    return task;
  }

  /** Asks until there is a result. A question that fails for the moment is asked again. */
  async #polled({ taskId }: Kept, signal: AbortSignal): Promise<Found> {
    const { ctx, calls, settings } = this.options;
    for (let question = 0; ; question++) {
      const waitMs = settings.pollMs * 2 ** Math.floor(question / QUESTIONS_A_STEP);
      await ctx.clock.sleep(Math.min(waitMs, Math.max(settings.pollMs, settings.pollMaxMs)), signal);
      try {
        const { output, usage } = await calls.ask(taskId, signal);
        const outcome = outcomeOf(output, taskId);
        const seconds = usage?.duration ?? usage?.seconds ?? undefined;
        if (outcome === "empty") return { transcription: undefined, seconds };
        if (outcome) return { transcription: await calls.result(outcome.url, signal), seconds };
      } catch (error) {
        signal.throwIfAborted();
        const { traits, code } = asEngineError(error, "NODE_FAILED", "modelstudio");
        if (error instanceof TaskFailure || !traits.retryable) throw error;
        ctx.count("failedPolls");
        ctx.report({ type: "pollFailed", taskId, code });
      }
    }
  }
}
