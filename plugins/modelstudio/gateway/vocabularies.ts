/** A word of a list of hot words. */
export interface HotWord {
  readonly text: string;
  readonly weight?: number | undefined;
  readonly lang?: string | undefined;
}

export interface Vocabulary {
  readonly id: string;
  readonly key: string;
  readonly model: string;
  readonly createdAtMs: number;
  words: readonly HotWord[];
}

/** Lists that one key may have. */
const MOST_LISTS = 100;

/** The lists of hot words that clients have made. A restart of the process forgets them. */
export class Vocabularies {
  readonly #lists = new Map<string, Vocabulary>();

  /** Undefined where the key has too many. */
  create(list: Omit<Vocabulary, "id">, id: string): Vocabulary | undefined {
    if (this.of(list.key).length >= MOST_LISTS) return undefined;
    const made = { ...list, id };
    this.#lists.set(id, made);
    return made;
  }

  of(key: string): readonly Vocabulary[] {
    return [...this.#lists.values()].filter((list) => list.key === key);
  }

  /** Undefined where there is none, or it is another key's. */
  get(id: string, key: string): Vocabulary | undefined {
    const list = this.#lists.get(id);
    return list?.key === key ? list : undefined;
  }

  delete(id: string): void {
    this.#lists.delete(id);
  }
}
