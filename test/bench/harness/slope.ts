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

/** Points that belong together: the x of each, and its y. */
export interface Series {
  readonly xs: readonly number[];
  readonly ys: readonly number[];
}

/** @throws RangeError for fewer than 12 points, below which the interval would not be right */
export const leastSquares = (xs: readonly number[], ys: readonly number[]): Slope => commonSlope([{ xs, ys }]);

/** The slope that several series have in common, each at a height of its own. @throws RangeError for a series of fewer than 12 points */
export function commonSlope(series: readonly Series[]): Slope {
  const centred = series.map(({ xs, ys }) => {
    if (xs.length < 12 || ys.length !== xs.length)
      throw new RangeError(`a slope through ${xs.length} and ${ys.length} numbers; 12 or more wanted`);
    const [meanX, meanY] = [mean(xs), mean(ys)];
    return { dx: xs.map((x) => x - meanX), dy: ys.map((y) => y - meanY) };
  });
  const sum = (of: (dx: number, dy: number) => number) =>
    centred.reduce((all, { dx, dy }) => all + dx.reduce((some, x, i) => some + of(x, dy[i]!), 0), 0);
  const xx = sum((dx) => dx * dx);
  const value = sum((dx, dy) => dx * dy) / xx;
  const rests = centred.map(({ dx, dy }) => dy.map((y, i) => y - value * dx[i]!));
  const degrees = rests.reduce((all, { length }) => all + length, 0) - series.length - 1;
  const scatter = rests.flat().reduce((all, each) => all + each * each, 0);
  const reach = studentT(degrees) * Math.sqrt((scatter / degrees / xx) * dependence(rests, scatter));
  return { value, low: value - reach, high: value + reach };
}

/**
 * How many points say as much as one would that owes nothing to the one before it: (1 + r) / (1 - r) for a lag-1 correlation r of what the line
 * leaves over, 1 where r might be chance. Points that resemble their neighbours would else pass for more than they are.
 */
function dependence(rests: readonly (readonly number[])[], scatter: number): number {
  if (scatter === 0) return 1;
  let [shared, count] = [0, 0];
  for (const rest of rests) {
    for (let i = 1; i < rest.length; i++) shared += rest[i]! * rest[i - 1]!;
    count += rest.length;
  }
  const r = shared / scatter;
  return r > 2 / Math.sqrt(count) ? (1 + r) / (1 - r) : 1;
}

const mean = (values: readonly number[]): number => values.reduce((sum, each) => sum + each, 0) / values.length;
