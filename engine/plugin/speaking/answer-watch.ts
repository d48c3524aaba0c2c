import { EngineError } from "#engine/errors";
import type { NodeContext } from "../context.ts";

export interface AnswerWatch {
  /** Aborts with the watched one's reason, or with RESULT_LATE when the time ran out. */
  readonly signal: AbortSignal;
  /** What came has no room yet, or nothing is awaited any more: time does not count. */
  pause(): void;
  /** The next piece is awaited, for as long as the first. */
  again(): void;
}

/**
 * Watches over an answer that comes in pieces, from now on.
 * @param from whose service it is, for the message.
 * @param answerMs the longest wait for a piece, on the run's clock; 0 waits for ever.
 */
export function answerWatch(ctx: NodeContext, from: string, answerMs: number, signal: AbortSignal): AnswerWatch {
  const late = new AbortController();
  let callOff = () => {};
  const again = () => {
    if (answerMs > 0)
      callOff = ctx.clock.after(answerMs, () =>
        late.abort(new EngineError("RESULT_LATE", `${from} has not answered a text for ${answerMs} ms`)),
      );
  };
  again();
  return { signal: AbortSignal.any([signal, late.signal]), pause: () => callOff(), again };
}
