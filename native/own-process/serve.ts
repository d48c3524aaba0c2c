import { asEngineError } from "#engine/errors";
import type { Answer, Ask } from "./messages.ts";

/** Answers one request; what it throws is the answer, with its code. */
export type Handler = (ask: unknown) => unknown;

/** The other side of `OwnProcess`: answers one request after the other, and ends with the process that started it. */
export function serveRequests(name: string, handler: Handler): void {
  // a terminal tells everybody in front of it to end; the process that started this one decides
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(signal, () => undefined);
  process.on("disconnect", () => process.exit(0));
  let last: Promise<void> = Promise.resolve();
  process.on("message", (message: Ask) => {
    last = last.then(() => answer(name, handler, message));
  });
}

async function answer(name: string, handler: Handler, { id, ask }: Ask): Promise<void> {
  let said: Answer;
  try {
    said = { id, value: await handler(ask) };
  } catch (error) {
    const { code, message } = asEngineError(error, "ENGINE_FAILED", name);
    said = { id, failed: { code, message } };
  }
  process.send?.(said);
}
