import type { NodeContext } from "../context.ts";
import { FrameInput } from "../frame-input.ts";
import { InnerNode } from "../inner/inner-node.ts";
import type { AwaitableEmit, Received, TakeFrame, TaskInput, TaskNode } from "../node.ts";
import { defaultPort, type OutputPort, type OutputPorts } from "../ports.ts";
import { instanceContext } from "../supervise/instance-context.ts";
import type { Local } from "./local.ts";

export interface PassingOptions {
  readonly local: Local;
  /** What the local node calls the input that is fed; undefined for a source. */
  readonly input: string | undefined;
  /** As the workflow knows them. */
  readonly outputs: OutputPorts;
  readonly ctx: NodeContext;
}

type Inside = Pick<InnerNode, "run" | "control" | "held" | "close">;

/** A local node under the ports of another. */
export class Passing implements TaskNode {
  readonly #inner: Inside;
  readonly #names: ReadonlyMap<string, string>;

  /** @param inner what runs in place of the local node alone. */
  constructor(
    readonly options: PassingOptions,
    inner?: Inside,
  ) {
    const { local, input, outputs, ctx } = options;
    this.#inner = inner ?? new InnerNode({ ...local, ctx: contextOf(ctx, input) });
    this.#names = namesOf(local.definition.outputs(local.config), outputs);
  }

  run(input: TaskInput, emit: AwaitableEmit, signal: AbortSignal): Promise<void> {
    const { local } = this.options;
    const usual = defaultPort(local.definition.outputs(local.config));
    const outward: AwaitableEmit = (frame, port = usual) => {
      const name = port === undefined ? undefined : this.#names.get(port);
      return name === undefined ? undefined : emit(frame, name);
    };
    return this.#inner.run(underName(input, this.options.input), outward, signal);
  }

  onControl(control: Parameters<NonNullable<TaskNode["onControl"]>>[0]): void {
    this.#inner.control(control);
  }

  held(): number {
    return this.#inner.held();
  }

  close(): Promise<void> {
    return this.#inner.close();
  }
}

/** The context with the one format that comes in, under the name that the local node has for it. */
export function contextOf(ctx: NodeContext, input: string | undefined): NodeContext {
  const format = Object.values(ctx.formats).find((each) => each !== undefined);
  return instanceContext(ctx, {
    formats: input === undefined ? {} : { [input]: format },
    signal: ctx.signal,
    newUtterance: () => ctx.newUtterance(),
  });
}

/** What comes in, all of it by one port. */
export function underName(input: TaskInput, name: string | undefined): TaskInput {
  return name === undefined ? input : new Renamed(input, name);
}

class Renamed extends FrameInput {
  constructor(
    readonly input: TaskInput,
    readonly port: string,
  ) {
    super();
  }

  async next(): Promise<Received | undefined> {
    const received = await this.input.next();
    return received && { ...received, port: this.port };
  }

  poll(): Received | undefined {
    const received = this.input.poll();
    return received && { ...received, port: this.port };
  }

  override each(take: TakeFrame): Promise<void> {
    return this.input.each((frame) => take(frame, this.port));
  }
}

/** By the local node's outputs, those that the workflow knows: of the same sort, each once. */
function namesOf(own: OutputPorts, shown: OutputPorts): ReadonlyMap<string, string> {
  const names = new Map<string, string>();
  for (const [name, port] of Object.entries(shown)) {
    const found = Object.entries(own).find(([local, each]) => !names.has(local) && alike(each, port));
    if (found) names.set(found[0], name);
  }
  return names;
}

const alike = (a: OutputPort, b: OutputPort): boolean =>
  a.kinds.some((kind) => b.kinds.includes(kind)) && a.textRole === b.textRole && isPartial(a) === isPartial(b);

export const isPartial = ({ carries }: OutputPort): boolean => carries?.includes("partials") ?? false;
