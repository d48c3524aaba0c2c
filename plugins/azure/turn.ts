import type { ConnectionEnd, Message, NodeContext, Wire } from "#engine/plugin";
import { closeFailure } from "./status.ts";
import { decodeMessage, encodeMessage, hexId, type SpeechMessage } from "./wire.ts";

/** One turn of ours on a connection: an id, under which everything about it goes out and comes in. */
export class Turn {
  readonly id: string;

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

  #send(message: Omit<SpeechMessage, "requestId">): void {
    const timestamp = new Date(this.ctx.epochMs()).toISOString();
    this.wire.send(encodeMessage({ ...message, requestId: this.id, timestamp }));
  }
}

/** What takes the messages of the turn that is under way. */
export interface TurnEvents {
  /** Undefined once it is over. */
  readonly turnId: string | undefined;
  /** @param message of this turn, `path` in lower case. */
  message(message: SpeechMessage): void;
}

/** Takes the messages of one connection: what belongs to another turn came late, and is counted. */
export class TurnReader {
  current: TurnEvents | undefined;

  constructor(private readonly ctx: NodeContext) {}

  message(message: Message): void {
    const read = decodeMessage(message);
    if (read.requestId !== this.current?.turnId) return this.ctx.count("strayMessages");
    this.current.message(read);
  }

  /** A socket that is closed between turns is no failure: idle ones are. */
  ended(end: ConnectionEnd): unknown {
    return this.current?.turnId === undefined ? undefined : closeFailure(end);
  }
}
