import { FrameInput, type Received } from "#engine/plugin";

/** An input of two functions. */
export class ReadInput extends FrameInput {
  /** @param poll there is never anything at once where it is left out. */
  constructor(
    readonly next: () => Promise<Received | undefined>,
    readonly poll: () => Received | undefined = () => undefined,
  ) {
    super();
  }
}
