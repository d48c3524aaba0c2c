import { EngineError } from "../../errors/index.ts";

/**
 * The taps of a rational resampler, `phases` rows of `tapsPerPhase` each.
 *
 * The filter is a sinc with its -6 dB point at 0.94 of the lower Nyquist frequency, 16 zero crossings to each side, under a Kaiser window
 * with beta 7.86 (80 dB). Every row is scaled to a sum of exactly 32,768, so that a constant passes unchanged whatever the phase.
 * Rounding to 16 bits is by largest remainder: rounded down, then one added where most was cut off (the earlier tap in a tie) until the
 * sum is met.
 *
 * Only addition, multiplication, division and square root are used, which IEEE 754 fixes to the last bit: the same formulas in C, compiled
 * without contraction to fused operations, give the same taps.
 */
export interface ResampleFilter {
  /** The ratio in lowest terms: output rate over the greatest common divisor … */
  readonly phases: number;
  /** … and input rate over it: how far one output sample moves, in phases. */
  readonly step: number;
  /** A multiple of 8, for vector units. */
  readonly tapsPerPhase: number;
  /** Row p weighs the inputs around output time t = whole + p / phases: the first tap belongs to input whole - tapsPerPhase / 2 + 1. */
  readonly taps: Int16Array;
}

/** The scale of a tap: 1.0 is 32,768. */
export const TAP_SHIFT = 15;

const ZERO_CROSSINGS = 16;
const ROLL_OFF = 0.94;
const KAISER_BETA = 7.86;
const KAISER_PEAK = besselI0(KAISER_BETA);
/** 4 MB of taps, half a second to design: 44,101 to 48,000 Hz needs 1.5 million, the pairs of real equipment fewer than 20,000. */
const MAX_TAPS = 2_097_152;
/** Runs that convert between the same rates share their taps. */
const REMEMBERED = 16;
const filters = new Map<string, ResampleFilter>();

/**
 * The filter between two rates, designed at first use.
 * @throws EngineError AUDIO_FORMAT_UNSUPPORTED when the ratio in lowest terms needs more taps than is sensible.
 */
export function resampleFilter(fromHz: number, toHz: number): ResampleFilter {
  const key = `${fromHz}/${toHz}`;
  const known = filters.get(key);
  if (known) return known;
  const filter = design(fromHz, toHz);
  const oldest = filters.keys().next();
  if (filters.size >= REMEMBERED && !oldest.done) filters.delete(oldest.value);
  filters.set(key, filter);
  return filter;
}

function design(fromHz: number, toHz: number): ResampleFilter {
  const divisor = greatestCommonDivisor(fromHz, toHz);
  const phases = toHz / divisor;
  const step = fromHz / divisor;
  const crossing = Math.max(1, step / phases);
  const tapsPerPhase = 8 * Math.ceil((2 * ZERO_CROSSINGS * crossing) / 8);
  if (phases * tapsPerPhase > MAX_TAPS)
    throw new EngineError(
      "AUDIO_FORMAT_UNSUPPORTED",
      `${fromHz} Hz to ${toHz} Hz is ${step}:${phases} in lowest terms, which needs ${phases * tapsPerPhase} filter taps; at most ${MAX_TAPS}`,
    );
  const taps = new Int16Array(phases * tapsPerPhase);
  const exact = new Float64Array(tapsPerPhase);
  const cutoff = ROLL_OFF / crossing;
  const reach = tapsPerPhase / 2;
  for (let phase = 0; phase < phases; phase++) {
    for (let tap = 0; tap < tapsPerPhase; tap++) {
      const distance = phase / phases + reach - 1 - tap;
      exact[tap] = sinc(cutoff * distance) * kaiser(distance / reach);
    }
    roundRow(exact, taps.subarray(phase * tapsPerPhase, (phase + 1) * tapsPerPhase));
  }
  return { phases, step, tapsPerPhase, taps };
}

function roundRow(exact: Float64Array, row: Int16Array): void {
  let sum = 0;
  for (const weight of exact) sum += weight;
  const scale = (1 << TAP_SHIFT) / sum;
  let missing = 1 << TAP_SHIFT;
  for (let i = 0; i < row.length; i++) {
    row[i] = Math.floor(exact[i]! * scale);
    missing -= row[i]!;
  }
  const cutOff = Array.from(row, (_, i) => i).sort((a, b) => remainder(b) - remainder(a) || a - b);
  for (let i = 0; i < missing; i++) row[cutOff[i]!]! += 1;

  function remainder(i: number): number {
    return exact[i]! * scale - row[i]!;
  }
}

function sinc(x: number): number {
  return x === 0 ? 1 : sinOfPi(x) / (Math.PI * x);
}

/** sin(pi x) from its power series, after folding x into a quarter turn. */
function sinOfPi(x: number): number {
  let turn = x - 2 * Math.floor((x + 1) / 2);
  if (turn > 0.5) turn = 1 - turn;
  else if (turn < -0.5) turn = -1 - turn;
  const angle = Math.PI * turn;
  let term = angle;
  let sum = angle;
  for (let n = 2; n < 24; n += 2) {
    term = (-term * angle * angle) / (n * (n + 1));
    sum += term;
  }
  return sum;
}

/** From 1 in the middle to 1 / I0(beta) at the ends, -1 and 1; 0 beyond. */
function kaiser(x: number): number {
  const inside = 1 - x * x;
  return inside < 0 ? 0 : besselI0(KAISER_BETA * Math.sqrt(inside)) / KAISER_PEAK;
}

function besselI0(x: number): number {
  let term = 1;
  let sum = 1;
  for (let n = 1; n < 32; n++) {
    term = (term * ((x / 2) * (x / 2))) / (n * n);
    sum += term;
  }
  return sum;
}

function greatestCommonDivisor(a: number, b: number): number {
  return b === 0 ? a : greatestCommonDivisor(b, a % b);
}
