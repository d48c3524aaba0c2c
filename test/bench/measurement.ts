/** One figure of a benchmark. */
export interface Measurement {
  /** Names the figure within its benchmark, e.g. `closing mark to final`. */
  readonly key: string;
  readonly value: number;
  readonly unit: string;
  readonly goal?: { readonly op: "<=" | ">="; readonly value: number };
  /** Over the repetitions behind `value`, in the same unit. */
  readonly spread?: { readonly min: number; readonly max: number };
  readonly note?: string;
  /** What the value was made of: medians by name, of one unit. */
  readonly parts?: { readonly unit: string; readonly values: Readonly<Record<string, number>> };
}

/** A figure that cannot be had here. */
export interface LeftOut {
  readonly key: string;
  readonly why: string;
}

/** What a file in this folder exports by default. */
export interface Benchmark {
  readonly name: string;
  /** One line for the list of benchmarks. */
  readonly summary: string;
  run(options: BenchOptions): Promise<Measurement[]>;
}

export interface BenchOptions {
  /** Repetitions of what is repeated; each benchmark has its own default. */
  readonly repetitions?: number;
  /** A remark while it runs; goes to standard error. */
  readonly say: (text: string) => void;
  /** A figure is missing on this machine, where a peer cannot be had: it stands in the report with the reason, and is no failure. */
  readonly leaveOut: (key: string, why: string) => void;
}

export type Verdict = "met" | "missed" | "";

/** Whether the goal was met; "" where there is none. */
export function verdictOf({ value, goal }: Measurement): Verdict {
  if (!goal) return "";
  return (goal.op === "<=" ? value <= goal.value : value >= goal.value) ? "met" : "missed";
}
