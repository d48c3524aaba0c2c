import type { Clock, NodeContext } from "#engine/plugin";

/**
 * How far a script has got in one run. A retry makes the node anew, and the script has to go on where it stood: a second attempt meets
 * the second answer.
 */
export class Progress {
  /** Results that were given, where results say when their utterances are. */
  answered = 0;
  /** Which result belongs to an utterance that may be heard again: what is replayed begins after the last final. */
  readonly #results = new Map<string, number>();
  #taken = 0;
  readonly #failures = new Map<string, number>();

  /** The index of the result for an utterance: the next one, or the one that it was given by an earlier instance. */
  resultOf(utterance: string): number {
    const index = this.#results.get(utterance) ?? this.#taken++;
    this.#results.set(utterance, index);
    return index;
  }

  /** A final came: neither its utterance nor an earlier one is heard again. */
  finished(utterance: string): void {
    for (const earlier of this.#results.keys()) {
      this.#results.delete(earlier);
      if (earlier === utterance) break;
    }
  }

  /** Counts an attempt at an answer that fails `times` times, always where that is undefined; true while it does. */
  fails(answer: string, times: number | undefined): boolean {
    const before = this.#failures.get(answer) ?? 0;
    if (times !== undefined && before >= times) return false;
    this.#failures.set(answer, before + 1);
    return true;
  }
}

/** A config object belongs to one node of one plan, and under the virtual clock run ids may repeat where clocks do not. */
const known = new WeakMap<object, WeakMap<Clock, Map<string, Progress>>>();

const keyOf = (ctx: NodeContext): string => `${ctx.runId} ${ctx.nodeId}`;

/** The progress of the script with this config in the run of `ctx`. */
export function progressOf(config: object, ctx: NodeContext): Progress {
  const byClock = known.get(config) ?? new WeakMap<Clock, Map<string, Progress>>();
  known.set(config, byClock);
  const byRun = byClock.get(ctx.clock) ?? new Map<string, Progress>();
  byClock.set(ctx.clock, byRun);
  const progress = byRun.get(keyOf(ctx)) ?? new Progress();
  byRun.set(keyOf(ctx), progress);
  return progress;
}

/** Called when a script has been played to its end. */
export function forgetProgress(config: object, ctx: NodeContext): void {
  known.get(config)?.get(ctx.clock)?.delete(keyOf(ctx));
}
