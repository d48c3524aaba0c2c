import { EngineError, type NodeContext, type PeerSession, type Session, type Wire } from "#engine/plugin";
import { type Action, command, hexId, type Payload, type Streaming, type TaskEvent } from "../wire.ts";

/** What a session of tasks stands on. */
export interface TaskPlace {
  readonly session: Session;
  readonly ctx: NodeContext;
  readonly wire: Wire;
}

/** A task as it is asked for. */
export interface TaskRequest {
  readonly streaming: Streaming;
  readonly payload: Payload;
}

/** Puts an event of a task into the run's events, with the labels that the run was given. */
export function tell(ctx: NodeContext, type: string, facts: Payload): void {
  const labelled = Object.keys(ctx.labels).length > 0;
  ctx.report({ type, ...facts, ...(labelled && { labels: ctx.labels }) });
}

/** One stretch of work on a connection: a task, or several that follow each other. */
export abstract class TaskSession implements PeerSession {
  readonly ctx: NodeContext;
  protected readonly started: PromiseWithResolvers<void>;
  protected readonly completed: PromiseWithResolvers<void>;
  #task: { readonly id: string; readonly streaming: Streaming } | undefined;
  #finishing = false;

  constructor(readonly place: TaskPlace) {
    this.ctx = place.ctx;
    this.started = place.wire.expect();
    this.completed = place.wire.expect();
  }

  /** Of the task that is under way, if one is. */
  get taskId(): string | undefined {
    return this.#task?.id;
  }

  abstract open(): Promise<void>;
  abstract send(frame: Parameters<PeerSession["send"]>[0]): void;
  abstract finish(): Promise<void>;

  /** `result-generated`. */
  protected abstract result(payload: Payload): void;

  /** `task-finished`: all results have come. */
  protected abstract ended(payload: Payload): void;

  /** A binary message. */
  audio(bytes: Uint8Array): void {
    throw new EngineError("VENDOR_PROTOCOL", `Model Studio sent ${bytes.length} bytes of audio to a recogniser`);
  }

  /** A failure came; true when it is an answer after all. */
  forgives(_code: string): boolean {
    return false;
  }

  /** Something has to be sent, so that the task is not taken for dead. */
  keepAlive(): void {}

  event(event: TaskEvent): void {
    switch (event.name) {
      case "task-started":
        tell(this.ctx, "started", { taskId: this.taskId });
        return this.started.resolve();
      case "result-generated":
        return this.result(event.payload);
      case "task-finished":
        this.endTask();
        return this.ended(event.payload);
      default:
        return this.ctx.count("unknownEvents");
    }
  }

  /** Begins a task. */
  protected run({ streaming, payload }: TaskRequest): void {
    this.#task = { id: hexId(this.ctx.newId()), streaming };
    this.#finishing = false;
    this.#command("run-task", payload);
  }

  protected proceed(payload: Payload): void {
    this.#command("continue-task", payload);
  }

  /** Asks for what is outstanding; once is enough. */
  protected finishTask(): void {
    if (this.#finishing) return;
    this.#finishing = true;
    this.#command("finish-task", { input: {} });
  }

  /** The task was asked to finish, so its end is no surprise. */
  protected get isFinishing(): boolean {
    return this.#finishing;
  }

  protected endTask(): void {
    tell(this.ctx, "completed", { taskId: this.taskId, byItself: !this.#finishing });
    this.#task = undefined;
  }

  #command(action: Action, payload: Payload): void {
    if (this.#task)
      this.place.wire.send(command(action, { taskId: this.#task.id, streaming: this.#task.streaming }, payload));
  }
}
