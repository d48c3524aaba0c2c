import { FrameInput, type Received, type TaskInput } from "#engine/plugin";

/** An input that ends when something has happened, whatever else would come. */
export class InputUntil extends FrameInput {
  #over = false;
  readonly #end: Promise<undefined>;

  constructor(
    readonly input: TaskInput,
    happened: Promise<void>,
  ) {
    super();
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
}
