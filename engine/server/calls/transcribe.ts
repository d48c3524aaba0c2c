import type { Caller, Control, RunMessage, Runs, StartRun } from "#engine/control";
import { EngineError, ERROR_TRAITS, type ErrorCode } from "#engine/errors";

type Final = Extract<RunMessage, { type: "text.final" }>["data"];
type Ended = Extract<RunMessage, { type: "run.ended" }>["data"];

export interface Transcribed {
  readonly run: string;
  readonly finals: readonly Final[];
}

/**
 * Runs a workflow over one recording and waits for all that it says.
 * @param gone aborts when nobody waits any more: then the run is cancelled.
 * @throws EngineError what the run failed with, RUN_CANCELLED, and what `Runs.start` throws.
 */
export async function transcribe(
  { runs }: Pick<Control, "runs">,
  caller: Caller,
  request: StartRun,
  gone: AbortSignal,
): Promise<Transcribed> {
  const { id } = await runs.start(caller, request);
  const cancel = () => void runs.cancel(caller, id, "the caller has gone").catch(() => undefined);
  if (gone.aborted) cancel();
  else gone.addEventListener("abort", cancel, { once: true });
  try {
    return { run: id, finals: await finalsUntilEnd(runs, caller, id) };
  } finally {
    gone.removeEventListener("abort", cancel);
  }
}

async function finalsUntilEnd(runs: Runs, caller: Caller, id: string): Promise<Final[]> {
  const finals: Final[] = [];
  let after: number | undefined = 0;
  let ended: Ended | undefined;
  while (after !== undefined) {
    const events = await runs.follow(caller, id, { after, partials: false, signal: new AbortController().signal });
    after = undefined;
    for await (const followed of events) {
      if (followed.type === "missed") {
        after = followed.lastId; // what was missed is stored
        break;
      }
      if (followed.event.type === "text.final") finals.push(followed.event.data);
      if (followed.event.type === "run.ended") ended = followed.event.data;
    }
  }
  requireDone(ended);
  return finals;
}

/** @throws EngineError with the code that the run failed with. */
export function requireDone(ended: Ended | undefined): void {
  if (ended?.state === "done") return;
  if (ended?.state === "cancelled") throw new EngineError("RUN_CANCELLED", "the run was cancelled");
  const code = ended?.error?.code;
  const known = code !== undefined && code in ERROR_TRAITS ? (code as ErrorCode) : "NODE_FAILED";
  throw new EngineError(known, ended?.error?.message ?? "the run ended without a result");
}
