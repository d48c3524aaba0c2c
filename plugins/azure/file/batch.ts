import { createHash } from "node:crypto";
import { asEngineError, EngineError, type NodeContext, z } from "#engine/plugin";
import type { BatchTask, FileCalls } from "./calls.ts";
import type { FileSettings } from "./config.ts";
import type { Found } from "./phrases.ts";

const kept = z.object({ self: z.string(), submittedAtMs: z.number() });
type Kept = z.output<typeof kept>;

/** A recording at the service. Its task is remembered, so that a restart of this process waits on and does not submit it twice. */
export class BatchJob {
  readonly #name: string;

  constructor(
    private readonly ctx: NodeContext,
    private readonly calls: FileCalls,
    private readonly settings: FileSettings,
    private readonly url: string,
  ) {
    this.#name = `batch ${createHash("sha256").update(url).digest("hex").slice(0, 32)}`;
  }

  async found(signal: AbortSignal): Promise<Found> {
    const task = (await this.#kept()) ?? (await this.#submit());
    try {
      return await this.calls.result(await this.#succeeded(task, signal));
    } catch (error) {
      // of a restart the next process asks on; of a failure another attempt has to submit it anew
      if (!signal.aborted) await this.#forget(task.self);
      throw error;
    }
  }

  /** The result was handed on: here it is forgotten, and there it is deleted. */
  async done(): Promise<void> {
    const task = await this.#kept();
    if (task) await this.#forget(task.self);
  }

  async #forget(self: string): Promise<void> {
    await this.ctx.durable.set(this.#name, undefined);
    await this.calls.delete(self).catch(() => {});
  }

  async #kept(): Promise<Kept | undefined> {
    const text = await this.ctx.durable.get(this.#name);
    return text === undefined ? undefined : kept.parse(JSON.parse(text));
  }

  async #submit(): Promise<Kept> {
    const { self } = await this.calls.submit(this.url);
    const task = { self, submittedAtMs: this.ctx.epochMs() };
    await this.ctx.durable.set(this.#name, JSON.stringify(task));
    this.ctx.usage("requests", 1);
    this.ctx.report({ type: "submitted" });
    return task;
  }

  /** Asks until it is done. A question that fails for the moment is asked again. */
  async #succeeded({ self, submittedAtMs }: Kept, signal: AbortSignal): Promise<BatchTask> {
    const { ctx, settings } = this;
    for (;;) {
      await ctx.clock.sleep(settings.pollMs, signal);
      if (ctx.epochMs() - submittedAtMs > settings.resultMs)
        throw new EngineError("RESULT_LATE", `Azure gave no result within ${settings.resultMs} ms`);
      const task = await this.#asked(self, signal);
      if (task?.status === "Succeeded") return task;
      if (task?.status === "Failed") {
        const vendorCode = task.properties?.error?.code ?? "Failed";
        throw new EngineError("VENDOR_FAILED", "Azure could not recognise a recording", { details: { vendorCode } });
      }
    }
  }

  async #asked(self: string, signal: AbortSignal): Promise<BatchTask | undefined> {
    try {
      return await this.calls.ask(self);
    } catch (error) {
      signal.throwIfAborted();
      const { traits, code } = asEngineError(error, "NODE_FAILED", "azure");
      if (!traits.retryable) throw error;
      this.ctx.count("failedPolls");
      this.ctx.report({ type: "pollFailed", code });
      return undefined;
    }
  }
}
