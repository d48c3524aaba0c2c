import type { Received, TaskInput } from "#engine/plugin";

/** An input that ends when something has happened, whatever else would come. */
export class InputUntil implements TaskInput {
  #over = false;
  readonly #end: Promise<undefined>;

  constructor(
    readonly input: TaskInput,
    happened: Promise<void>,
  ) {
    this.#end = happened.then(() => {
      this.#over = true;
      return undefined;
    });
  }

  async next(): Promise<Received | undefined> {
    return this.#over ? undefined : Promise.race([this.input.next(), this.#end]);
  }

  poll(): Received | undefined {
    return this.#over ? undefined : this.input.poll();
  }

  async *[Symbol.asyncIterator]() {
    for (let received = await this.next(); received; received = await this.next()) yield received.frame;
  }
}
