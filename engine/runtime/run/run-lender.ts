import type { Clock, Desk, Logger, NodeEvent } from "#engine/plugin";
import type { ClockedNetwork, NetworkRules } from "../network/node-network.ts";
import type { Lender } from "../node-context.ts";
import type { Resources } from "../resources.ts";
import type { Pulse } from "../unit.ts";
import type { UsageBook } from "../usage-book.ts";
import type { Household } from "./household.ts";
import type { RunOptions } from "./options.ts";
import type { Teller } from "./teller.ts";

/** The beginning of 2026, where virtual time stands at first. */
const VIRTUAL_EPOCH_MS = Date.UTC(2026, 0, 1);

const NO_LABELS: Readonly<Record<string, string>> = Object.freeze({});
const OPEN: Readonly<Record<"real" | "virtual", NetworkRules>> = {
  real: { virtual: false },
  virtual: { virtual: true },
};
const quiet: Logger = { debug() {}, info() {}, warn() {} };

/** What a run's options and its process lend to its nodes; what the options leave out is filled in. */
export class RunLender implements Lender {
  readonly rules: NetworkRules;
  readonly #options: RunOptions;
  readonly #household: Household;
  readonly #teller: Teller;
  readonly #pulse: Pulse;
  /** Made when somebody asks for its signal: most nodes await nothing while they are created. */
  #abort: AbortController | undefined;
  #cutOff: { readonly reason: unknown } | undefined;

  constructor(options: RunOptions, household: Household, teller: Teller, pulse: Pulse) {
    this.#options = options;
    this.#household = household;
    this.#teller = teller;
    this.#pulse = pulse;
    const { guard, clock } = options;
    this.rules = guard ? { virtual: clock.virtual, guard } : OPEN[clock.virtual ? "virtual" : "real"];
  }

  get runId(): string {
    return this.#options.runId;
  }

  get order(): number {
    return this.#options.order ?? 0;
  }

  get labels(): Readonly<Record<string, string>> {
    return this.#options.labels ?? NO_LABELS;
  }

  get clock(): Clock {
    return this.#options.clock;
  }

  get resources(): Resources {
    return this.#household.resources;
  }

  get outsideMs(): number {
    return this.#options.outsideMs ?? 60_000;
  }

  get seed(): number {
    return this.#options.seed ?? 1;
  }

  get generation(): number {
    return this.#options.generation ?? 0;
  }

  get log(): Logger {
    return this.#options.log ?? quiet;
  }

  get network(): ClockedNetwork {
    return this.#household.network;
  }

  get usage(): UsageBook {
    return this.#household.usage;
  }

  get desk(): Desk {
    return this.#household.desk;
  }

  get signal(): AbortSignal {
    if (!this.#abort) {
      this.#abort = new AbortController();
      if (this.#cutOff) this.#abort.abort(this.#cutOff.reason);
    }
    return this.#abort.signal;
  }

  /** Aborts the signal, and any that is asked for later. */
  cutOff(reason: unknown): void {
    this.#cutOff ??= { reason };
    this.#abort?.abort(reason);
  }

  epochMs(): number {
    const { epochMs, clock } = this.#options;
    if (epochMs) return epochMs();
    return clock.virtual ? VIRTUAL_EPOCH_MS + clock.nowMs() : Date.now();
  }

  traces(nodeId: string): boolean {
    return this.#options.traces?.(nodeId) ?? false;
  }

  report(node: string, event: NodeEvent): void {
    this.#teller.tell({ type: "node", node, event });
  }

  moved(): void {
    this.#pulse.moves++;
  }
}
