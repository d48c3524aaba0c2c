import { asEngineError, EngineError, type GatewayHost } from "#engine/plugin";
import { type CallbackBody, isAcknowledged } from "../wire/callback.ts";
import { type Recognised, type RecordingRequest, recognise } from "./recogniser.ts";
import type { GatewaySettings } from "./settings.ts";

/** How a task ended. */
export type TaskEnd = { readonly result: Recognised } | { readonly error: EngineError };

export interface Task {
  readonly id: number;
  readonly endsAtMs: number;
  /** Its result is told sentence by sentence, too. */
  readonly detailed: boolean;
  /** Undefined while it is worked on. */
  readonly end?: TaskEnd;
}

/** A task as it is submitted. */
export interface TaskRequest extends Omit<RecordingRequest, "signal" | "labels"> {
  readonly detailed?: boolean;
  /** Where its end is told; undefined where it is asked for. */
  readonly callback?: { readonly url: string; body(id: number, end: TaskEnd): CallbackBody };
  /** In place of recognising: how a script wants it to end. */
  readonly scripted?: EngineError;
}

/** How long the number of a task that has ended means something. */
const KEPT_MS = 86_400_000;
const REDELIVERIES = 5;

/** Recordings that are being recognised, and those whose results may still be asked for. A restart of the process forgets them. */
export class TaskList {
  readonly #tasks = new Map<number, Task>();
  readonly #working = new Set<Promise<void>>();
  readonly #stop = new AbortController();
  #last: number;

  constructor(
    readonly host: GatewayHost,
    readonly settings: GatewaySettings,
  ) {
    this.#last = Math.floor(host.random() * 1e9);
  }

  /** @returns the task's number. */
  submit(request: TaskRequest): number {
    const id = ++this.#last;
    const nowMs = this.host.epochMs();
    for (const task of this.#tasks.values()) if (task.endsAtMs < nowMs) this.#tasks.delete(task.id);
    this.#tasks.set(id, { id, endsAtMs: nowMs + KEPT_MS, detailed: request.detailed ?? false });
    const work = this.#work(id, request);
    this.#working.add(work);
    void work.then(() => this.#working.delete(work));
    return id;
  }

  get(id: number): Task | undefined {
    return this.#tasks.get(id);
  }

  /** Tasks under way and callbacks not taken yet. */
  get working(): number {
    return this.#working.size;
  }

  async close(): Promise<void> {
    this.#stop.abort(new EngineError("SERVER_DRAINING", "the gateway closes"));
    await Promise.all(this.#working);
  }

  async #work(id: number, request: TaskRequest): Promise<void> {
    const { host } = this;
    const end = await this.#recognise(id, request);
    this.#tasks.set(id, { id, endsAtMs: host.epochMs() + KEPT_MS, detailed: request.detailed ?? false, end });
    if ("error" in end) host.log.warn("a recording was not recognised", { task: id, code: end.error.code });
    if (request.callback) await this.#deliver(id, request.callback.url, request.callback.body(id, end));
  }

  async #recognise(id: number, request: TaskRequest): Promise<TaskEnd> {
    const { host, settings } = this;
    const late = new AbortController();
    const callOff = host.clock.after(settings.recordingMs, () =>
      late.abort(new EngineError("RESULT_LATE", `a recording took longer than ${settings.recordingMs} ms`)),
    );
    try {
      if (request.scripted) return { error: request.scripted };
      const signal = AbortSignal.any([this.#stop.signal, late.signal]);
      return { result: await recognise({ ...request, signal, labels: { task: `${id}` } }, host) };
    } catch (error) {
      return { error: asEngineError(error, "INTERNAL", "gateway") };
    } finally {
      callOff();
    }
  }

  /** Until the receiver takes it: at once, then after 1, 2, 4, 8 and 16 units. */
  async #deliver(id: number, url: string, body: CallbackBody): Promise<void> {
    const { host, settings } = this;
    for (let redelivery = 0; ; redelivery++) {
      if (await this.#delivered(url, body)) return;
      if (redelivery === REDELIVERIES) break;
      try {
        await host.clock.sleep(settings.redeliverMs * 2 ** redelivery, this.#stop.signal);
      } catch {
        break; // the gateway closes
      }
    }
    host.log.warn("a result could not be delivered", { task: id });
  }

  async #delivered(url: string, { mediaType, body }: CallbackBody): Promise<boolean> {
    const { host, settings } = this;
    const request = { url, method: "POST", headers: { "content-type": mediaType }, body, signal: this.#stop.signal };
    try {
      const answer = await host.network.fetch({ ...request, timeoutMs: settings.deliverMs });
      const text = await answer.text();
      return answer.status >= 200 && answer.status < 300 && isAcknowledged(text);
    } catch {
      return false;
    }
  }
}
