import { type AwaitableEmit, defineNode, type NodeDefinition } from "#engine/plugin";
import { sourceContract } from "#engine/testing";
import { audio, RATE } from "./frames.ts";
import { config, type Judged } from "./judged.ts";

const source = (run: (emit: AwaitableEmit) => Promise<void>): NodeDefinition =>
  defineNode({
    type: "double.source",
    summary: "Counts.",
    role: "source",
    shape: "task",
    inputs: {},
    outputs: { audio: { kinds: ["audio"], audio: { sampleRateHz: RATE, channels: 1 } } },
    config,
    create: () => ({ run: (_, emit) => run(emit) }),
  });
const counting = (step = 1) =>
  source(async (emit) => {
    for (let n = 0; n < 5; n++) await emit(audio(n * step));
  });

const judge = (definition: NodeDefinition) => sourceContract("it", () => ({ definition }));

export const sources: Judged = {
  name: "source",
  good: judge(counting()),
  faulty: [
    { name: "a source without frames", check: "gives something", checks: judge(source(async () => {})) },
    { name: "a source with gaps", check: "gives audio without a gap from sample 0 on", checks: judge(counting(2)) },
  ],
};
