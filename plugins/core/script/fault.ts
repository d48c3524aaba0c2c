import { z } from "zod";
import { EngineError, type ErrorCode } from "#engine/plugin";

const isErrorCode = (code: string): code is ErrorCode => new EngineError(code as ErrorCode, "").traits !== undefined;

/** A code of the engine's table. */
export const errorCode = z.string().refine(isErrorCode, {
  error: ({ input }) => `${String(input)} is no code of the engine; wanted one such as VENDOR_FAILED`,
});

/** The fields by which a scripted answer fails. */
export const faultFields = {
  error: errorCode.optional().describe("Fails with this code instead of answering."),
  hang: z.literal(true).optional().describe("Never answers."),
  times: z
    .number()
    .int()
    .min(1)
    .optional()
    .describe("How often it fails or hangs before it answers; always, when left out."),
  delayMs: z.number().min(0).max(86_400_000).optional().describe("How long the answer, or the failure, takes."),
};

/** What a scripted answer does before it answers. */
export interface Fault {
  readonly error?: string | undefined;
  readonly hang?: true | undefined;
  readonly times?: number | undefined;
}

/** Adds findings for an answer that neither fails for ever nor has a text to answer with. */
export function checkFault(given: Fault & { readonly text?: string | undefined }, ctx: z.RefinementCtx): void {
  const problem = (path: string[], message: string) => ctx.addIssue({ code: "custom", path, message });
  const failing = given.error !== undefined || given.hang !== undefined;
  if (given.error !== undefined && given.hang !== undefined) problem(["hang"], "cannot both fail and hang");
  if (!failing && given.times !== undefined) problem(["times"], "belongs to error or hang, and neither is there");
  if (given.text === undefined && !failing) problem([], "wanted a text, an error or hang: true");
  if (given.text === undefined && failing && given.times !== undefined)
    problem(["times"], "after failing that often it answers, and needs a text");
}

/** @throws EngineError of the scripted code. `where` names the place in the script. */
export async function suffer(fault: Fault, where: string, signal: AbortSignal): Promise<void> {
  if (fault.error !== undefined) throw scriptedError(fault.error, where);
  if (fault.hang) await forEver(signal);
}

export const scriptedError = (code: string, where: string): EngineError =>
  new EngineError(isErrorCode(code) ? code : "SCRIPT_INVALID", `${where} fails as its script says`);

/** Rejects with the signal's reason; nothing else ends it. */
export const forEver = (signal: AbortSignal): Promise<never> =>
  new Promise((_, reject) => {
    if (signal.aborted) reject(signal.reason);
    else signal.addEventListener("abort", () => reject(signal.reason), { once: true });
  });
