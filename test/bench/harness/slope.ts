/** A straight line through points, by least squares. */
export interface Slope {
  /** What y grows by while x grows by one. */
  readonly value: number;
  /** Ends of the interval that holds the true slope with a probability of 95 %, where the points scatter normally, be it each for itself or like the one before. */
  readonly low: number;
  readonly high: number;
}

/** Of Student's t distribution, two-sided 95 %: (exact for 30 degrees of freedom and more to 0.5 %) 1.96 + 2.5 / n. */
const studentT = (degrees: number): number => 1.96 + 2.5 / degrees;

/** @throws RangeError for fewer than 12 points, below which the interval would not be right */
export function leastSquares(xs: readonly number[], ys: readonly number[]): Slope {
  const n = xs.length;
  if (n < 12 || ys.length !== n)
    throw new RangeError(`a slope through ${n} and ${ys.length} numbers; 12 or more wanted`);
  const [meanX, meanY] = [mean(xs), mean(ys)];
  let [xx, xy] = [0, 0];
  for (let i = 0; i < n; i++) {
    xx += (xs[i]! - meanX) ** 2;
    xy += (xs[i]! - meanX) * (ys[i]! - meanY);
  }
  const value = xy / xx;
  const rest = ys.map((y, i) => y - meanY - value * (xs[i]! - meanX));
  const scatter = rest.reduce((sum, each) => sum + each * each, 0);
  const reach = studentT(n - 2) * Math.sqrt((scatter / (n - 2) / xx) * dependence(rest, scatter));
  return { value, low: value - reach, high: value + reach };
}

/** Of each so many items, the one with the lowest value; what is left over at the end is not looked at. */
export function lowestOfEach<T>(count: number, items: readonly T[], by: (item: T) => number): T[] {
  return Array.from({ length: Math.floor(items.length / count) }, (_, i) =>
    items.slice(i * count, (i + 1) * count).reduce((lowest, each) => (by(each) < by(lowest) ? each : lowest)),
  );
}

/**
 * How many points say as much as one would that owes nothing to the one before it: (1 + r) / (1 - r) for a lag-1 correlation r of what the line
 * leaves over, 1 where r might be chance. Points that resemble their neighbours would else pass for more than they are.
 */
function dependence(rest: readonly number[], scatter: number): number {
  if (scatter === 0) return 1;
  let shared = 0;
  for (let i = 1; i < rest.length; i++) shared += rest[i]! * rest[i - 1]!;
  const r = shared / scatter;
  return r > 2 / Math.sqrt(rest.length) ? (1 + r) / (1 - r) : 1;
}

const mean = (values: readonly number[]): number => values.reduce((sum, each) => sum + each, 0) / values.length;
