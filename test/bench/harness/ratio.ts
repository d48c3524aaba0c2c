import { median, summarise } from "../measure.ts";
import type { Measurement } from "../measurement.ts";

/** Nanoseconds by candidate and repetition, as `interleave` answers them. */
export type Nanos = Readonly<Record<string, readonly number[]>>;

/** Repetition by repetition, what is above divided by what is below. @param per what the nanoseconds are for, such as `frame` */
export function ratio(
  key: string,
  [above, below]: readonly [above: string, below: string],
  nanos: Nanos,
  goal?: Measurement["goal"],
  per = "frame",
): Measurement {
  const quotients = nanos[above]!.map((each, i) => each / nanos[below]![i]!);
  const values = { [above]: Math.round(median(nanos[above]!)), [below]: Math.round(median(nanos[below]!)) };
  const note = Object.entries(values).map(([name, each]) => `${name} ${each} ns a ${per}`);
  const parts = { unit: `ns a ${per}`, values };
  return { key, ...summarise(quotients), unit: "", ...(goal && { goal }), note: note.join("; "), parts };
}
