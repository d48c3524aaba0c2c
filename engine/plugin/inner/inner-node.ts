import type { Control, Frame } from "../../frames/index.ts";
import type { NodeContext } from "../context.ts";
import type { AwaitableEmit, InlineNode, NodeDefinition, TaskInput, TaskNode } from "../node.ts";

export interface InnerOptions {
  readonly definition: NodeDefinition;
  readonly config: unknown;
  readonly ctx: NodeContext;
}

/** One instance of a node type inside another node, of either shape, from `create` to `close`. */
export class InnerNode {
  #node: InlineNode | TaskNode | undefined;
  #emit: AwaitableEmit = () => undefined;
  #closing: Promise<void> | undefined;

  constructor(readonly options: InnerOptions) {}

  /** Creates the node, unless that was done before, and runs it until its input has ended; then it is closed. */
  async run(input: TaskInput, emit: AwaitableEmit, signal: AbortSignal): Promise<void> {
    this.#emit = emit;
    const node = await this.open();
    try {
      if ("run" in node) await node.run(input, emit, signal);
      else await this.#runInline(node, input, emit);
    } finally {
      await this.close();
    }
  }

  async open(): Promise<InlineNode | TaskNode> {
    const { definition, config, ctx } = this.options;
    this.#node ??= await definition.create(config, ctx);
    return this.#node;
  }

  control(control: Control): void {
    const node = this.#node;
    if (!node) return;
    if ("run" in node) node.onControl?.(control, this.#emit);
    else node.onControl?.(control, (frame, port) => void this.#emit(frame, port));
  }

  held(): number {
    return this.#node?.held?.() ?? 0;
  }

  close(): Promise<void> {
    this.#closing ??= (async () => this.#node?.close?.())();
    return this.#closing;
  }

  async #runInline(node: InlineNode, input: TaskInput, emit: AwaitableEmit): Promise<void> {
    const out: { readonly frame: Frame; readonly port: string | undefined }[] = [];
    const collect = (frame: Frame, port?: string) => void out.push({ frame, port });
    const sendAll = async () => {
      for (const { frame, port } of out.splice(0)) await emit(frame, port);
    };
    for (let received = await input.next(); received; received = await input.next()) {
      node.onFrame(received.frame, collect, received.port);
      await sendAll();
    }
    const { definition, config } = this.options;
    for (const port of Object.keys(definition.inputs(config))) node.onControl?.({ kind: "end", port }, collect);
    await sendAll();
  }
}
