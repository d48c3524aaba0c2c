import { sampleCount } from "#engine/frames";
import { FrameInput, type Received } from "#engine/plugin";

type Item = Received | { readonly ended: string };

/** The input of an isolated node: what crossed and was not taken yet; the other side bounds how much that is. */
export class InsideInput extends FrameInput {
  readonly #items: Item[] = [];
  #ended = false;
  #reader: PromiseWithResolvers<Received | undefined> | undefined;

  /**
   * @param taken is told of each frame that the node takes, with its samples per channel.
   * @param portEnded is called when everything that came before the end of a port was taken.
   */
  constructor(
    readonly signal: AbortSignal,
    readonly taken: (samples: number) => void,
    readonly portEnded: (port: string) => void,
  ) {
    super();
    signal.addEventListener("abort", () => this.#reader?.reject(signal.reason), { once: true });
  }

  push(item: Item): void {
    this.#items.push(item);
    this.#serve();
  }

  end(): void {
    this.#ended = true;
    this.#serve();
  }

  poll(): Received | undefined {
    if (this.signal.aborted) return undefined;
    for (let item = this.#items.shift(); item; item = this.#items.shift()) {
      if ("frame" in item) {
        this.taken(item.frame.kind === "audio" ? sampleCount(item.frame) : 0);
        return item;
      }
      this.portEnded(item.ended);
    }
    return undefined;
  }

  next(): Promise<Received | undefined> {
    if (this.signal.aborted) return Promise.reject(this.signal.reason);
    const received = this.poll();
    if (received || this.#ended) return Promise.resolve(received);
    this.#reader = Promise.withResolvers();
    return this.#reader.promise;
  }

  #serve(): void {
    const reader = this.#reader;
    if (!reader) return;
    const received = this.poll();
    if (!received && !this.#ended) return;
    this.#reader = undefined;
    reader.resolve(received);
  }
}
