import {
  asEngineError,
  EngineError,
  type GatewayHost,
  type RecordingHeard,
  type RecordingRequest,
  recogniseRecording,
} from "#engine/plugin";
import { type Refusal, refusal, refusalOf } from "./refusal.ts";
import type { GatewaySettings } from "./settings.ts";

/** How the recording at one address ended. */
export type FileEnd = { readonly found: RecordingHeard } | { readonly refused: Refusal };

export interface FileEntry {
  readonly url: string;
  /** Of the file of results: nobody can guess it. */
  readonly resultId: string;
  end?: FileEnd;
}

export interface FileTask {
  readonly id: string;
  readonly key: string;
  readonly model: string;
  readonly submittedAtMs: number;
  readonly files: readonly FileEntry[];
  state: "PENDING" | "RUNNING" | "SUCCEEDED" | "FAILED" | "CANCELED";
  startedAtMs?: number;
  endedAtMs?: number;
}

/** A task as it is submitted. */
export interface FileTaskRequest extends Omit<RecordingRequest, "source" | "signal" | "labels"> {
  readonly urls: readonly string[];
  readonly model: string;
}

/** Results are there for a day, like the service's. */
const KEPT_MS = 86_400_000;
/** Recordings that are worked on at once; others are pending. */
const AT_ONCE = 8;

/** Recordings that are transcribed, and those whose results may still be asked for. A restart of the process forgets them. */
export class FileTasks {
  readonly #tasks = new Map<string, FileTask>();
  readonly #waiting: (() => Promise<void>)[] = [];
  readonly #working = new Set<Promise<void>>();
  readonly #stop = new AbortController();

  constructor(
    readonly host: GatewayHost,
    readonly settings: GatewaySettings,
  ) {}

  submit(request: FileTaskRequest): FileTask {
    const { host } = this;
    const nowMs = host.epochMs();
    for (const task of this.#tasks.values())
      if ((task.endedAtMs ?? nowMs) + KEPT_MS < nowMs) this.#tasks.delete(task.id);
    const files = request.urls.map((url) => ({ url, resultId: host.newId() }));
    const facts = { id: host.newId(), key: request.key.id, model: request.model, submittedAtMs: nowMs, files };
    const task: FileTask = { ...facts, state: "PENDING" };
    this.#tasks.set(task.id, task);
    this.#waiting.push(() => this.#work(task, request));
    this.#next();
    return task;
  }

  /** Undefined where there is none, or it is another key's. */
  get(id: string, key: string): FileTask | undefined {
    const task = this.#tasks.get(id);
    return task?.key === key ? task : undefined;
  }

  of(key: string): readonly FileTask[] {
    return [...this.#tasks.values()].filter((task) => task.key === key);
  }

  result(id: string): FileEntry | undefined {
    for (const { files } of this.#tasks.values()) for (const file of files) if (file.resultId === id) return file;
    return undefined;
  }

  /** Only while it is pending. */
  cancel(task: FileTask): boolean {
    if (task.state !== "PENDING") return false;
    task.state = "CANCELED";
    task.endedAtMs = this.host.epochMs();
    return true;
  }

  async close(): Promise<void> {
    this.#waiting.length = 0;
    this.#stop.abort(new EngineError("SERVER_DRAINING", "the gateway closes"));
    await Promise.all(this.#working);
  }

  #next(): void {
    while (this.#working.size < AT_ONCE) {
      const begin = this.#waiting.shift();
      if (!begin) return;
      const work = begin();
      this.#working.add(work);
      void work.then(() => {
        this.#working.delete(work);
        this.#next();
      });
    }
  }

  async #work(task: FileTask, request: FileTaskRequest): Promise<void> {
    if (task.state !== "PENDING") return;
    const { host } = this;
    task.state = "RUNNING";
    task.startedAtMs = host.epochMs();
    for (const file of task.files) file.end = await this.#recognise(task, file.url, request);
    task.state = task.files.some(({ end }) => end && "found" in end) ? "SUCCEEDED" : "FAILED";
    task.endedAtMs = host.epochMs();
  }

  async #recognise(task: FileTask, url: string, request: FileTaskRequest): Promise<FileEnd> {
    const { host, settings } = this;
    const late = new AbortController();
    const callOff = host.clock.after(settings.recordingMs, () =>
      late.abort(new EngineError("RESULT_LATE", `a recording took longer than ${settings.recordingMs} ms`)),
    );
    const signal = AbortSignal.any([this.#stop.signal, late.signal]);
    try {
      const found = await recogniseRecording(
        { ...request, source: { url }, signal, labels: { taskId: task.id } },
        host,
      );
      const empty = found.channels.every(({ texts }) => texts.length === 0);
      return empty ? { refused: refusal("SUCCESS_WITH_NO_VALID_FRAGMENT", "no valid fragment") } : { found };
    } catch (error) {
      const { code } = asEngineError(error, "INTERNAL", "gateway");
      host.log.warn("a recording was not recognised", { task: task.id, code });
      if (code === "VENDOR_UNREACHABLE" || code === "VENDOR_REFUSED" || code === "URL_FORBIDDEN")
        return { refused: refusal("InvalidFile.DownloadFailed", "the file cannot be downloaded") };
      return { refused: refusalOf(asEngineError(error, "INTERNAL", "gateway")) };
    } finally {
      callOff();
    }
  }
}
