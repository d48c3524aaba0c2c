import { EngineError } from "#engine/errors";

/**
 * What this is rejected with; where it is fulfilled, that is thrown. It stands in place of `expect(…).rejects`, which turns the event loop
 * inside the test until the promise is settled: of the immediates that are due together, Bun 1.4 then loses all those behind the one in
 * which the test goes on, and a clock or a scheduler that waits for one of them waits for ever.
 */
export async function rejectionOf(work: Promise<unknown>): Promise<unknown> {
  try {
    await work;
  } catch (reason) {
    return reason;
  }
  throw new Error("it was not rejected");
}

/** The same for an error with a code; any other is thrown. */
export async function errorOf(work: Promise<unknown>): Promise<EngineError> {
  const reason = await rejectionOf(work);
  if (reason instanceof EngineError) return reason;
  throw reason;
}
