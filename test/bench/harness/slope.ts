/** A straight line through points, by least squares. */
export interface Slope {
  /** What y grows by while x grows by one. */
  readonly value: number;
  /** Ends of the interval that holds the true slope with a probability of 95 %, where the points scatter normally. */
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
  let rest = 0;
  for (let i = 0; i < n; i++) rest += (ys[i]! - meanY - value * (xs[i]! - meanX)) ** 2;
  const reach = studentT(n - 2) * Math.sqrt(rest / (n - 2) / xx);
  return { value, low: value - reach, high: value + reach };
}

const mean = (values: readonly number[]): number => values.reduce((sum, each) => sum + each, 0) / values.length;
