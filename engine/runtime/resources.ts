import type { Resource } from "#engine/plugin";

interface Open {
  readonly value: Promise<unknown>;
  users: number;
}

/** The things that live longer than a run: each opened by its first user and closed after its last, the latest opened first. */
export class Resources {
  readonly #open = new Map<string, Open>();

  /** Resolves to the value and the function that gives it back. One that failed to open is forgotten, so the next user tries again. */
  async acquire<T>(resource: Resource<T>): Promise<{ value: T; release: () => Promise<void> }> {
    const open = this.#open.get(resource.key) ?? this.#start(resource);
    open.users++;
    try {
      const value = (await open.value) as T;
      let held = true;
      const release = async () => {
        if (!held) return;
        held = false;
        if (--open.users > 0) return;
        this.#open.delete(resource.key);
        await resource.close(value);
      };
      return { value, release };
    } catch (error) {
      if (this.#open.get(resource.key) === open) this.#open.delete(resource.key);
      throw error;
    }
  }

  /** Keys of what is open, for tests and `doctor`. */
  get keys(): string[] {
    return [...this.#open.keys()];
  }

  #start(resource: Resource<unknown>): Open {
    const open: Open = { value: resource.open(), users: 0 };
    this.#open.set(resource.key, open);
    return open;
  }
}
