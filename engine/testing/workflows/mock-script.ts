import { EngineError, type ErrorCode, type NodeContext, type NodeDefinition } from "#engine/plugin";
import type { Mock, MockResult } from "#engine/workflow";

/** How far a mock has got in its script. A retry makes the node anew, and the script has to go on where it stood. */
export class MockScript {
  readonly #results: readonly MockResult[];
  readonly #indexes = new Map<string, number>();
  readonly #failures = new Map<number, number>();
  #next = 0;

  constructor(
    readonly mock: Mock,
    /** As the test calls it, for messages. */
    readonly id: string,
  ) {
    this.#results = (mock.results ?? []).map((result) => (typeof result === "string" ? { text: result } : result));
  }

  get results(): readonly MockResult[] {
    return this.#results;
  }

  /** The place of the result for a unit of work: the next one, or the one that it was given by an earlier instance. */
  placeOf(unit: string): number {
    const place = this.#indexes.get(unit) ?? this.#next++;
    this.#indexes.set(unit, place);
    return place;
  }

  /** @throws EngineError SCRIPT_INVALID after the last one, unless the mock says what is then. */
  resultAt(place: number): MockResult {
    const { afterLast } = this.mock;
    const result =
      this.#results[afterLast === "repeat" && this.#results.length > 0 ? place % this.#results.length : place];
    if (result) return result;
    if (afterLast === "empty") return { text: "" };
    const found = `the mock ${this.id} was asked for result ${place + 1}, and has ${this.#results.length}`;
    throw new EngineError("SCRIPT_INVALID", `${found}; afterLast: repeat or empty says what else`);
  }

  /** Waits and fails as the result says; returns when it is to answer. */
  async act(place: number, result: MockResult, ctx: NodeContext, signal: AbortSignal): Promise<void> {
    const delayMs = result.delayMs ?? this.mock.delayMs;
    if (delayMs > 0) await ctx.clock.sleep(delayMs, signal);
    if (result.error === undefined && !result.hang) return;
    const failed = this.#failures.get(place) ?? 0;
    if (result.times !== undefined && failed >= result.times) return;
    this.#failures.set(place, failed + 1);
    if (result.error !== undefined) throw scripted(result.error, this.id);
    await new Promise((_, reject) => signal.addEventListener("abort", () => reject(signal.reason), { once: true }));
  }
}

/** The failure that a test asks for. */
export const scripted = (code: string, id: string): EngineError =>
  new EngineError(code as ErrorCode, `the mock ${id} fails as its test says`);

/** What a mock is made with. */
export interface MockMaking {
  readonly script: MockScript;
  readonly definition: NodeDefinition;
  readonly config: unknown;
  readonly ctx: NodeContext;
}
