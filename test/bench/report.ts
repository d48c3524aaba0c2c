import type { MachineReport } from "./machine.ts";
import { type LeftOut, type Measurement, verdictOf } from "./measurement.ts";

/** The measurements of one benchmark, or the error that ended it. */
export interface BenchResult {
  readonly name: string;
  readonly measurements: readonly Measurement[];
  readonly leftOut?: readonly LeftOut[];
  readonly error?: string;
}

/** The whole report as text: one row for each figure, then what it was measured on. */
export function renderReport(results: readonly BenchResult[], machine: MachineReport): string {
  const header = ["benchmark", "figure", "value", "spread", "goal", "verdict", "note"];
  const rows = results.flatMap(({ name, measurements, leftOut = [], error }) => [
    ...measurements.map((each) => row(name, each)),
    ...leftOut.map(({ key, why }) => [name, key, "", "", "", "left out", why]),
    ...(error ? [[name, "", "", "", "", "failed", error]] : []),
  ]);
  const widths = header.map((title, column) => Math.max(title.length, ...rows.map((cells) => cells[column]!.length)));
  const align = (cells: string[]) =>
    cells
      .map((cell, column) => cell.padEnd(widths[column]!))
      .join("  ")
      .trimEnd();
  return [
    align(header),
    align(widths.map((width) => "-".repeat(width))),
    ...rows.map(align),
    "",
    ...about(machine),
  ].join("\n");
}

function row(name: string, each: Measurement): string[] {
  const { spread, goal } = each;
  return [
    name,
    each.key,
    `${digits(each.value)} ${each.unit}`,
    spread ? `${digits(spread.min)} to ${digits(spread.max)}` : "",
    goal ? `${goal.op} ${digits(goal.value)}` : "",
    verdictOf(each),
    each.note ?? "",
  ];
}

/** Four digits that mean something; whole numbers as they are. */
const digits = (value: number): string =>
  Number.isInteger(value) || Math.abs(value) >= 10_000
    ? String(Math.round(value))
    : String(Number(value.toPrecision(4)));

function about(machine: MachineReport): string[] {
  const versions = Object.entries(machine.versions).map(([name, version]) => `${name} ${version}`);
  return [
    `${machine.processor}, ${machine.cores} cores, ${machine.memoryGiB} GiB, ${machine.system}`,
    `load average at the start ${machine.loadAverage.join(" ")}; ${machine.startedAt}; commit ${machine.commit}`,
    versions.join(", "),
  ];
}

/** The same for programs, each measurement with its verdict. */
export function reportJson(results: readonly BenchResult[], machine: MachineReport): string {
  const judged = results.map((result) => ({
    ...result,
    measurements: result.measurements.map((each) => ({ ...each, verdict: verdictOf(each) || null })),
  }));
  return `${JSON.stringify({ machine, results: judged }, null, 2)}\n`;
}
