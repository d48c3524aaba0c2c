import type { Frame } from "../frames/index.ts";
import type { Received, TakeFrame, TaskInput } from "./node.ts";

/** An input of which only the reading is written: who takes or goes through its frames has them from there. */
export abstract class FrameInput implements TaskInput {
  abstract next(): Promise<Received | undefined>;
  abstract poll(): Received | undefined;

  async each(take: TakeFrame): Promise<void> {
    for (let received = await this.next(); received; received = this.poll() ?? (await this.next())) {
      const working = take(received.frame, received.port);
      if (working) await working;
    }
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<Frame, void> {
    for (let received = await this.next(); received; received = await this.next()) yield received.frame;
  }
}
