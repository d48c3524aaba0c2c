import { EngineError } from "#engine/errors";
import type { Frame } from "#engine/frames";
import type { CrossingError, Outcome } from "./messages.ts";

/** An error as it can cross; its `cause` and what cannot be cloned of its details stay behind. */
export function crossingError(error: unknown): CrossingError {
  if (!(error instanceof EngineError)) return { message: error instanceof Error ? error.message : String(error) };
  const details = Object.fromEntries(
    Object.entries(error.details).filter(([, fact]) => ["string", "number", "boolean", "bigint"].includes(typeof fact)),
  );
  return { code: error.code, message: error.message, details };
}

export const arrivedError = ({ code, message, details }: CrossingError): Error =>
  code === undefined ? new Error(message) : new EngineError(code, message, { ...(details && { details }) });

/** Settles to what is sent back for a call. */
export const outcomeOf = (work: Promise<unknown>): Promise<Outcome> =>
  work.then(
    (value) => ({ value }),
    (error) => ({ error: crossingError(error) }),
  );

/** A clone takes the whole buffer behind a view with it; this is the frame with no more than its own bytes. */
export function trimmed(frame: Frame): Frame {
  if (frame.kind === "audio" && frame.pcm.byteLength < frame.pcm.buffer.byteLength)
    return { ...frame, pcm: frame.pcm.slice() };
  if (frame.kind === "encoded" && frame.packet.byteLength < frame.packet.buffer.byteLength)
    return { ...frame, packet: frame.packet.slice() };
  return frame;
}

/** What was called and not answered yet, on one side of the line. */
export class Calls {
  readonly #open = new Map<number, { resolve(value: unknown): void; reject(error: unknown): void }>();
  #last = 0;
  #dead: Error | undefined;

  /** @param send is given the number under which the answer is to come; what it throws rejects the call. */
  make(send: (call: number) => void): { readonly call: number; readonly answer: Promise<unknown> } {
    const call = ++this.#last;
    const { promise, resolve, reject } = Promise.withResolvers<unknown>();
    if (this.#dead) reject(this.#dead);
    else
      try {
        this.#open.set(call, { resolve, reject });
        send(call);
      } catch (error) {
        this.#open.delete(call);
        reject(error);
      }
    return { call, answer: promise };
  }

  settle(call: number, outcome: Outcome): void {
    const open = this.#open.get(call);
    this.#open.delete(call);
    if ("error" in outcome) open?.reject(arrivedError(outcome.error));
    else open?.resolve(outcome.value);
  }

  /** Nothing will be answered any more. */
  end(error: Error): void {
    this.#dead ??= error;
    for (const { reject } of this.#open.values()) reject(this.#dead);
    this.#open.clear();
  }
}
