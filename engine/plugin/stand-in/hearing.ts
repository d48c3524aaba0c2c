import type { NodeContext } from "../context.ts";
import { FrameInput } from "../frame-input.ts";
import { InnerInput } from "../inner/inner-input.ts";
import { InnerNode } from "../inner/inner-node.ts";
import type { AwaitableEmit, Received, TaskInput, TaskNode } from "../node.ts";
import { defaultPort } from "../ports.ts";
import type { Local } from "./local.ts";
import { contextOf, underName } from "./passing.ts";

/** Audio between detector and recogniser. */
const WAITING_MS = 2000;

/** A recogniser of this machine, with a detector before it where what comes in has no marks: a service finds its sentences by itself. */
export class Hearing {
  readonly #asr: InnerNode;
  readonly #detector: InnerNode | undefined;
  readonly #port: string;
  readonly #detectorPort: string | undefined;

  constructor(asr: Local, detector: Local | undefined, ctx: NodeContext) {
    this.#port = portOf(asr);
    this.#asr = new InnerNode({ ...asr, ctx: contextOf(ctx, this.#port) });
    this.#detectorPort = detector && portOf(detector);
    this.#detector = detector && new InnerNode({ ...detector, ctx: contextOf(ctx, this.#detectorPort) });
  }

  async run(input: TaskInput, emit: AwaitableEmit, signal: AbortSignal): Promise<void> {
    const first = await input.next();
    const all = first ? new Begun(first, input) : input;
    if (!this.#detector || first?.frame.kind !== "audio")
      return this.#asr.run(underName(all, this.#port), emit, signal);
    const cut = new InnerInput(WAITING_MS);
    const pass: AwaitableEmit = (frame) => {
      cut.push({ port: this.#port, frame });
      return cut.room();
    };
    const detecting = this.#detector.run(underName(all, this.#detectorPort), pass, signal).then(() => cut.end());
    await Promise.all([detecting, this.#asr.run(cut, emit, signal)]);
  }

  control(control: Parameters<NonNullable<TaskNode["onControl"]>>[0]): void {
    this.#detector?.control(control);
    this.#asr.control(control);
  }

  held(): number {
    return this.#asr.held() + (this.#detector?.held() ?? 0);
  }

  async close(): Promise<void> {
    await Promise.all([this.#asr.close(), this.#detector?.close()]);
  }
}

const portOf = ({ definition, config }: Local): string => defaultPort(definition.inputs(config)) ?? "audio";

/** An input of which the first frame was read to look at it. */
class Begun extends FrameInput {
  #first: Received | undefined;

  constructor(
    first: Received,
    readonly rest: TaskInput,
  ) {
    super();
    this.#first = first;
  }

  async next(): Promise<Received | undefined> {
    return this.poll() ?? this.rest.next();
  }

  poll(): Received | undefined {
    const first = this.#first;
    this.#first = undefined;
    return first ?? this.rest.poll();
  }
}
