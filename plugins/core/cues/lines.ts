import type { Unit } from "./units.ts";

/** How much text a cue may show of one language. */
export interface LineRules {
  /** Columns of a line. */
  readonly lineChars: number;
  readonly lines: number;
}

/** Part of the units of one text, from `low` to just before `high`. */
export class Span {
  /** Columns up to and with each unit of the whole text, spaces counted. */
  readonly #upTo: readonly number[];

  private constructor(
    readonly units: readonly Unit[],
    readonly low: number,
    readonly high: number,
    upTo: readonly number[],
  ) {
    this.#upTo = upTo;
  }

  static of(units: readonly Unit[]): Span {
    let columns = 0;
    const upTo = units.map((unit) => {
      columns += unit.width + (unit.spaced ? 1 : 0);
      return columns;
    });
    return new Span(units, 0, units.length, upTo);
  }

  get size(): number {
    return this.high - this.low;
  }

  /** Columns on one line; 0 for an empty span. */
  get width(): number {
    return this.size === 0 ? 0 : this.widthTo(this.high);
  }

  /** Columns from the start of the span to just before a unit. */
  widthTo(end: number): number {
    const first = this.units[this.low];
    if (first === undefined || end <= this.low) return 0;
    const before = (this.#upTo[this.low] ?? 0) - first.width;
    return (this.#upTo[end - 1] ?? before) - before;
  }

  slice(low: number, high: number): Span {
    return new Span(this.units, low, high, this.#upTo);
  }

  get text(): string {
    return this.units
      .slice(this.low, this.high)
      .map((unit, i) => (unit.spaced && i > 0 ? ` ${unit.text}` : unit.text))
      .join("");
  }
}

/** What it costs, as a share of the text, to cut after a unit instead of at the end of a sentence. */
export function cutCost(unit: Unit | undefined): number {
  if (unit === undefined || unit.ends === "sentence") return 0;
  if (unit.ends === "phrase") return 0.15;
  // Articles and prepositions are short in the languages that have them, and should not be left at the end of a line.
  return unit.width <= 3 ? 0.42 : 0.35;
}

/** Whether a span can be laid out in the lines there are. */
export const fits = (span: Span, rules: LineRules): boolean =>
  span.width <= rules.lineChars * rules.lines && linesNeeded(span, rules.lineChars) <= rules.lines;

function linesNeeded(span: Span, lineChars: number): number {
  let lines = 0;
  for (let low = span.low; low < span.high; lines++) low = lineEnd(span.slice(low, span.high), lineChars);
  return lines;
}

/** The last place where the first line can end; a line holds at least one unit. */
function lineEnd(span: Span, lineChars: number): number {
  let end = span.low + 1;
  while (end < span.high && span.widthTo(end + 1) <= lineChars) end++;
  return end;
}

/**
 * The lines of a span that fits: as few as can be, of like length, broken at ends of sentences and phrases where that costs little.
 * An empty span has none.
 */
export function layOut(span: Span, rules: LineRules): string[] {
  if (span.size === 0) return [];
  const lines = linesNeeded(span, rules.lineChars);
  if (lines === 1) return [span.text];
  const target = span.width / lines;
  let best = lineEnd(span, rules.lineChars);
  let bestCost = Number.POSITIVE_INFINITY;
  for (let end = best; end > span.low; end--) {
    if (linesNeeded(span.slice(end, span.high), rules.lineChars) > lines - 1) break;
    const cost = Math.abs(span.widthTo(end) - target) / span.width + cutCost(span.units[end - 1]);
    if (cost < bestCost) [best, bestCost] = [end, cost];
  }
  return [span.slice(span.low, best).text, ...layOut(span.slice(best, span.high), rules)];
}
