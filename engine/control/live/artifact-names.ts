import { basename, extname } from "node:path";

/**
 * What the files of a run are called outside, where nobody needs to know the folders they lie in: by the last part of their paths, with a
 * number where another file of the run is called so already: `speech.wav`, `speech (2).wav`.
 */
export class ArtifactNames {
  readonly #byPath = new Map<string, string>();
  readonly #taken = new Set<string>();
  /** By base name: the number that was given last. */
  readonly #numbers = new Map<string, number>();

  /** @param known what earlier generations of the run have left. */
  constructor(known: Iterable<{ readonly path: string; readonly name: string }> = []) {
    for (const { path, name } of known) this.#take(path, name);
  }

  /** The same file has the same name, however often it is told. */
  nameOf(path: string): string {
    const before = this.#byPath.get(path);
    if (before !== undefined) return before;
    const base = basename(path);
    const extension = extname(base);
    let name = base;
    let number = this.#numbers.get(base) ?? 1;
    while (this.#taken.has(name)) name = `${base.slice(0, base.length - extension.length)} (${++number})${extension}`;
    this.#numbers.set(base, number);
    this.#take(path, name);
    return name;
  }

  #take(path: string, name: string): void {
    this.#byPath.set(path, name);
    this.#taken.add(name);
  }
}
