import {
  type Attempt,
  type ConnectionEnd,
  type DialRequest,
  EngineError,
  type LinkProtocol,
  type Message,
  type NodeContext,
  type Peer,
  type PeerSession,
  type Session,
  type Wire,
} from "#engine/plugin";
import type { Access } from "../access.ts";
import { vendorFailure } from "../status.ts";
import { readEvent } from "../wire.ts";
import { type TaskSession, tell } from "./session.ts";

type MakeSession = (session: Session, wire: Wire) => TaskSession;

/** Who makes a node's sessions: a connection out of the pool may have been opened by another node, of another type. */
const makers = new WeakMap<NodeContext, MakeSession>();

export interface TaskProtocolOptions {
  readonly ctx: NodeContext;
  readonly access: Access;
  readonly url: string;
  /** How much audio goes into one message. */
  readonly chunkMs?: number;
  readonly make: MakeSession;
}

/** The task protocol as a link needs it: one task after the other on a connection, whichever node they are of. */
export class TaskProtocol implements LinkProtocol {
  readonly vendor = "modelstudio";
  readonly reusable = true;
  readonly chunkMs?: number;

  constructor(readonly options: TaskProtocolOptions) {
    makers.set(options.ctx, options.make);
    if (options.chunkMs !== undefined) this.chunkMs = options.chunkMs;
  }

  get secrets(): readonly string[] {
    return this.options.access.secrets;
  }

  dial(attempt: Attempt): Promise<DialRequest> {
    return this.options.access.request(this.options.url, attempt);
  }

  undialled(error: unknown): unknown {
    return this.options.access.undialled(error);
  }

  connect(wire: Wire): Peer {
    return new TaskPeer(wire, this.options.access);
  }
}

/** One connection: hands each message to the task that it is about. */
class TaskPeer implements Peer {
  #current: TaskSession | undefined;

  constructor(
    readonly wire: Wire,
    readonly access: Access,
  ) {}

  message(message: Message): void {
    const current = this.#current;
    if (typeof message !== "string") {
      if (current?.taskId === undefined) return current?.ctx.count("strayBytes", message.length);
      return current.audio(message);
    }
    const event = readEvent(message);
    const isAbout = current?.taskId !== undefined && (event.taskId ?? current.taskId) === current.taskId;
    if (!current || !isAbout) return current?.ctx.count("strayEvents");
    if (event.name !== "task-failed") return current.event(event);
    if (current.forgives(event.errorCode)) return;
    const { taskId } = current;
    const { errorCode: code, errorWords: words } = event;
    const error = vendorFailure({ code, words, taskId }, "a task", this.access.canRenew);
    if (error.code === "VENDOR_TOKEN_EXPIRED") this.access.drop();
    tell(current.ctx, "failed", { taskId, code: error.code, vendorCode: error.details.vendorCode });
    throw error;
  }

  /** A ping shows that the far end is there; a task wants to be given something, too. */
  keepAlive(): void {
    this.wire.ping();
    if (this.#current?.taskId !== undefined) this.#current.keepAlive();
  }

  /** A socket that is closed in the midst of a task leaves it without an answer. */
  ended(end: ConnectionEnd): unknown {
    const taskId = this.#current?.taskId;
    if (taskId === undefined) return undefined;
    const message = `Model Studio's socket was closed in the midst of a task, with code ${end.code ?? "none"}`;
    const details = { taskId, ...(end.code !== undefined && { closeCode: end.code }) };
    return new EngineError("VENDOR_LOST", message, { details });
  }

  session(session: Session): PeerSession {
    const make = makers.get(session.ctx);
    if (!make) throw new EngineError("NODE_FAILED", "a node without tasks was given a connection of tasks");
    this.#current = make(session, this.wire);
    return this.#current;
  }
}
