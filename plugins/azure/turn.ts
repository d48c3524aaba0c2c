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
import { closeFailure } from "./status.ts";
import { AudioMessages, decodeMessage, encodeMessage, hexId, type SpeechMessage } from "./wire.ts";

/** One turn of ours on a connection: an id, under which everything about it goes out and comes in. */
export class Turn {
  readonly id: string;
  #audio: AudioMessages | undefined;

  constructor(
    readonly ctx: NodeContext,
    readonly wire: Wire,
  ) {
    this.id = hexId(ctx.newId());
  }

  json(path: string, body: object): void {
    this.text(path, JSON.stringify(body), "application/json");
  }

  text(path: string, body: string, contentType: string): void {
    this.#send({ path, contentType, body });
  }

  bytes(path: string, body: Uint8Array, contentType?: string): void {
    this.#send({ path, body, ...(contentType !== undefined && { contentType }) });
  }

  /** @param pcm mono. */
  audio(pcm: Int16Array): void {
    this.#audio ??= new AudioMessages(this.id);
    this.wire.send(this.#audio.message(new Date(this.ctx.epochMs()).toISOString(), pcm));
  }

  #send(message: Omit<SpeechMessage, "requestId">): void {
    const timestamp = new Date(this.ctx.epochMs()).toISOString();
    this.wire.send(encodeMessage({ ...message, requestId: this.id, timestamp }));
  }
}

/** A turn of a node as its connection sees it: takes the messages that are about it. */
export interface ServedTurn extends PeerSession {
  readonly ctx: NodeContext;
  /** Undefined once it is over. */
  readonly turnId: string | undefined;
  /** @param message of this turn, `path` in lower case. */
  message(message: SpeechMessage): void;
}

/** @param isFirst the connection was not told yet who we are. */
export type MakeTurn = (session: Session, wire: Wire, isFirst: boolean) => ServedTurn;

/** Who makes a node's turns: a connection out of the pool may have been opened by another node. */
const makers = new WeakMap<NodeContext, MakeTurn>();

export const makesTurns = (ctx: NodeContext, make: MakeTurn): void => void makers.set(ctx, make);

/** One connection, and on it one turn after the other, whichever node they are of. Messages of another turn came late, and are counted. */
export class TurnPeer implements Peer {
  #current: ServedTurn | undefined;
  #isFirst = true;

  constructor(private readonly wire: Wire) {}

  message(message: Message): void {
    const read = decodeMessage(message);
    const current = this.#current;
    if (!current) return;
    const { turnId } = current;
    if (read.requestId !== turnId && hexId(read.requestId) !== turnId) return current.ctx.count("strayMessages");
    current.message(read);
  }

  /** A socket that is closed between turns is no failure: idle ones are. */
  ended(end: ConnectionEnd): unknown {
    return this.#current?.turnId === undefined ? undefined : closeFailure(end);
  }

  session(session: Session): PeerSession {
    const make = makers.get(session.ctx);
    if (!make) throw new EngineError("NODE_FAILED", "a node without turns was given a connection of turns");
    this.#current = make(session, this.wire, this.#isFirst);
    this.#isFirst = false;
    return this.#current;
  }
}
