import type { UsageUnit } from "#engine/plugin";

/** What nodes of one type used of what services bill by, and what was gated in them, over all runs of the process. */
export interface UsageLine {
  readonly type: string;
  readonly unit: UsageUnit | "gatedSamples";
  readonly amount: number;
}

/** Usage of the runs of a process, in plain fields that are read when somebody asks for the metrics. */
export class UsageBook {
  readonly #byType = new Map<string, Partial<Record<UsageLine["unit"], number>>>();

  add(type: string, unit: UsageLine["unit"], amount: number): void {
    let used = this.#byType.get(type);
    if (!used) {
      used = {};
      this.#byType.set(type, used);
    }
    used[unit] = (used[unit] ?? 0) + amount;
  }

  lines(): UsageLine[] {
    return [...this.#byType].flatMap(([type, used]) =>
      Object.entries(used).map(([unit, amount]) => ({ type, unit: unit as UsageLine["unit"], amount })),
    );
  }
}
