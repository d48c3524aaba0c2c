/** What was seen at one moment of a long run. */
export interface Reading {
  /** From the beginning, in whatever unit the series has. */
  readonly at: number;
  readonly bytes: number;
}

export interface Trend {
  /** Bytes per unit of time: the line that is nearest to all readings in the sense of least squares. */
  readonly slope: number;
  /** Of the line, at the first and the last reading. */
  readonly from: number;
  readonly to: number;
}

/** @throws RangeError with fewer than two moments. */
export function trendOf(readings: readonly Reading[]): Trend {
  const n = readings.length;
  const meanAt = readings.reduce((sum, { at }) => sum + at, 0) / n;
  const meanBytes = readings.reduce((sum, { bytes }) => sum + bytes, 0) / n;
  let covariance = 0;
  let variance = 0;
  for (const { at, bytes } of readings) {
    covariance += (at - meanAt) * (bytes - meanBytes);
    variance += (at - meanAt) ** 2;
  }
  if (!(variance > 0)) throw new RangeError("a trend wants readings of two moments");
  const slope = covariance / variance;
  const line = (at: number) => meanBytes + slope * (at - meanAt);
  return { slope, from: line(readings[0]!.at), to: line(readings.at(-1)!.at) };
}

export const mib = (bytes: number): string => `${(bytes / 2 ** 20).toFixed(1)} MiB`;
