import { expect } from "bun:test";
import { defineNode, type NodeDefinition } from "#engine/plugin";
import { sinkContract } from "#engine/testing";
import { said } from "./frames.ts";
import { config, type Inline, type Judged } from "./judged.ts";

interface SinkFaults {
  readonly emits?: boolean;
  /** The last line of the file. */
  readonly closing?: string;
}

const sink = (create: Inline, { emits = false, closing = "end" }: SinkFaults = {}): NodeDefinition =>
  defineNode({
    type: "double.sink",
    summary: "Writes lines.",
    role: "sink",
    inputs: { text: { kinds: ["text"] } },
    outputs: emits ? { text: { kinds: ["text"] } } : {},
    config,
    create: async (_, ctx) => {
      const file = await ctx.artifact("out.txt");
      const node = create(ctx);
      file.onFinish(() => file.write(new TextEncoder().encode(closing)));
      return {
        onFrame(frame, emit, port) {
          file.write(new TextEncoder().encode("line\n"));
          node.onFrame(frame, emit, port);
        },
      };
    },
  });

const quiet: Inline = () => ({ onFrame: () => {} });
const subject = (definition: NodeDefinition) => () => ({
  definition,
  frames: said(),
  checkFile: (bytes: Uint8Array) => expect(new TextDecoder().decode(bytes)).toEndWith("end"),
});

const judge = (definition: NodeDefinition) => sinkContract("it", subject(definition));

export const sinks: Judged = {
  name: "sink",
  good: judge(sink(quiet)),
  faulty: [
    {
      name: "a sink that emits",
      check: "emits nothing",
      checks: judge(sink(() => ({ onFrame: (f, emit) => emit(f) }), { emits: true })),
    },
    {
      name: "a sink that leaves a broken file",
      check: "leaves valid files, however much came",
      checks: judge(sink(quiet, { closing: "" })),
    },
  ],
};
