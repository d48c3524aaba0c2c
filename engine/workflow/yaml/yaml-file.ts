import type { Finding, Fix, Severity } from "../finding.ts";
import type { FindingCode } from "../finding-codes.ts";

/** A stretch of a file's text, in UTF-16 units. */
export interface Range {
  readonly offset: number;
  readonly length: number;
}

/** Where a value and its key stand in the text, and so for all that is inside it. */
export interface Spot {
  readonly key?: Range;
  readonly value: Range;
  readonly children?: ReadonlyMap<string, Spot>;
}

/** Keys and indices from the top of a file to a value in it. */
export type Path = readonly PropertyKey[];

export interface FindingOptions {
  readonly severity?: Severity;
  /** Points at the key of the value rather than the value. */
  readonly at?: "key" | "value";
  /** What to write in place of what is pointed at. */
  readonly write?: string | undefined;
  /** What is written leaves no doubt. */
  readonly sure?: boolean;
}

/** A parsed YAML file: plain values, and the place in the text of each. */
export class YamlFile {
  readonly #lineStarts: number[] = [0];

  constructor(
    /** As findings name it. */
    readonly file: string,
    readonly text: string,
    readonly value: unknown,
    readonly root: Spot,
  ) {
    for (let at = text.indexOf("\n"); at >= 0; at = text.indexOf("\n", at + 1)) this.#lineStarts.push(at + 1);
  }

  /** Line and column of an offset, both from 1; the column counts characters and no byte-order mark. */
  place(offset: number): { line: number; column: number } {
    let low = 0;
    let high = this.#lineStarts.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if (this.#lineStarts[middle]! <= offset) low = middle;
      else high = middle - 1;
    }
    const before = this.text.slice(this.#lineStarts[low]!, offset);
    return { line: low + 1, column: [...before.replace(/^\uFEFF/, "")].length + 1 };
  }

  /** The stretch of a value or its key; of the nearest enclosing one where the path leads nowhere. */
  range(path: Path, at: "key" | "value" = "value"): Range {
    let spot = this.root;
    for (const step of path) {
      const child = spot.children?.get(String(step));
      if (!child) return this.#opening(spot); // something missing is missing from what is here
      spot = child;
    }
    const wanted = at === "key" ? (spot.key ?? spot.value) : spot.value;
    return wanted.length === 0 ? (spot.key ?? wanted) : wanted;
  }

  /** Whether something is written at the path. */
  has(path: Path): boolean {
    let spot: Spot | undefined = this.root;
    for (const step of path) spot = spot?.children?.get(String(step));
    return spot !== undefined;
  }

  /** The text of a value as it stands in the file. */
  source(path: Path): string {
    const { offset, length } = this.range(path);
    return this.text.slice(offset, offset + length);
  }

  finding(code: FindingCode, path: Path, message: string, options: FindingOptions = {}): Finding {
    return this.findingAt(code, this.range(path, options.at), message, options);
  }

  findingAt(code: FindingCode, range: Range, message: string, options: FindingOptions = {}): Finding {
    const fix: Fix | undefined =
      options.write === undefined
        ? undefined
        : {
            offset: range.offset,
            length: range.length,
            text: options.write,
            ...(options.sure && { sure: true as const }),
          };
    return {
      file: this.file,
      ...this.place(range.offset),
      severity: options.severity ?? "error",
      code,
      // names and values of the file stand in messages, and may hold what moves a terminal's cursor
      message: message.replace(/[\p{Cc}\u2028\u2029]/gu, "\uFFFD"),
      ...(fix && { fix }),
    };
  }

  #opening(spot: Spot): Range {
    return spot.key ?? { offset: spot.value.offset, length: Math.min(1, spot.value.length) };
  }
}
