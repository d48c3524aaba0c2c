import {
  type ConnectionEnd,
  EngineError,
  type Message,
  type NodeContext,
  type Peer,
  type PeerSession,
  type Session,
  type Wire,
} from "#engine/plugin";
import { taskFailure } from "./status.ts";
import { directive, hexId, type Namespace, type NlsEvent, readEvent } from "./wire.ts";

/** Puts an event of a task into the run's events, with the labels that the run was given: what the vendor's clients hand to their callbacks. */
export function tell(ctx: NodeContext, type: string, facts: Readonly<Record<string, unknown>>): void {
  const labelled = Object.keys(ctx.labels).length > 0;
  ctx.report({ type, ...facts, ...(labelled && { labels: ctx.labels }) });
}

/** What a task is asked for by. */
export interface TaskOptions {
  readonly namespace: Namespace;
  readonly appkey: string;
  readonly ctx: NodeContext;
  readonly wire: Wire;
}

/** One task on a connection: an id, and the directives that carry it. */
export class NlsTask {
  readonly id: string;

  constructor(readonly options: TaskOptions) {
    this.id = hexId(options.ctx.newId());
  }

  send(name: string, payload?: Readonly<Record<string, unknown>>): void {
    const { namespace, appkey, ctx, wire } = this.options;
    wire.send(directive({ namespace, appkey, taskId: this.id }, name, hexId(ctx.newId()), payload));
  }
}

/** What happens in a session whose tasks these events are about. */
export interface TaskEvents {
  /** Of the task that is under way, if one is. */
  readonly taskId: string | undefined;
  event(event: NlsEvent): void;
  audio(bytes: Uint8Array): void;
  /** A failure came; true when it is an answer after all. */
  forgives?(event: NlsEvent): boolean;
}

/** The vendor's side of one connection: a message's type tells audio from events, `TaskFailed` ends the connection. */
export class NlsPeer<Events extends TaskEvents & PeerSession> implements Peer {
  current: Events | undefined;

  /** @param open makes what a session is about. */
  constructor(
    readonly ctx: NodeContext,
    readonly canRenew: boolean,
    readonly open: (session: Session) => Events,
  ) {}

  session(session: Session): Events {
    this.current = this.open(session);
    return this.current;
  }

  message(message: Message): void {
    const { current } = this;
    if (typeof message !== "string") return current?.audio(message);
    const event = readEvent(message);
    if (!current || current.taskId === undefined || (event.taskId ?? current.taskId) !== current.taskId)
      return this.ctx.count("strayEvents");
    if (event.name !== "TaskFailed") return current.event(event);
    if (current.forgives?.(event)) return;
    const error = taskFailure(event, this.canRenew);
    tell(this.ctx, "failed", { taskId: current.taskId, code: error.code, vendorCode: event.status });
    throw error;
  }

  /** A socket that is closed in the midst of a task leaves it without an answer. */
  ended(end: ConnectionEnd): unknown {
    const taskId = this.current?.taskId;
    if (taskId === undefined) return undefined;
    return new EngineError(
      "VENDOR_LOST",
      `Aliyun's socket was closed in the midst of a task, with code ${end.code ?? "none"}`,
      {
        details: { taskId, ...(end.code !== undefined && { closeCode: end.code }) },
      },
    );
  }
}
