import { Run, type RunReport } from "#engine/runtime";

/** A run whose `done` rejects when its accounts do not balance, so that no test can overlook it. */
export class AccountedRun extends Run {
  declare readonly done: Promise<RunReport>;

  constructor(...settings: ConstructorParameters<typeof Run>) {
    super(...settings);
    this.done = this.done.then(requireBalance);
  }
}

/** Gives back the report. @throws Error with every account that does not balance */
export function requireBalance<Report extends Pick<RunReport, "imbalances">>(report: Report): Report {
  if (report.imbalances.length > 0) throw new Error(`accounts do not balance: ${report.imbalances.join("; ")}`);
  return report;
}
