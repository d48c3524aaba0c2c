import { describe, expect, test } from "bun:test";
import { type Frame, type NodeDefinition, supervise } from "#engine/plugin";
import { audio, collector, inline, planOf, sourceOf, startPlan } from "#test/doubles";
import { broken, failingAt, recogniser, type Script, utterances } from "./doubles.ts";

const talk = utterances(4, 1, 3);
const supervised = (definition: NodeDefinition, attempts: number) =>
  supervise({ candidates: [{ definition, config: {}, attempts }] }).definition;

/** A workflow of a source, a supervised node and a sink, with edges that hold next to nothing. */
const runWith = async (definition: NodeDefinition, frames: readonly Frame[], ports = { in: "in", out: "out" }) => {
  const sink = collector();
  const nodes = { source: sourceOf(frames), node: definition, sink: sink.definition };
  const plan = planOf(nodes, [
    ["source", "node", { queued: true, ms: 20, frames: 1, port: ports.in }],
    ["node", "sink", { queued: true, frames: 1 }],
  ]);
  const edges = plan.edges.map((edge) =>
    edge.from.node === "node" ? { ...edge, from: { node: "node", port: ports.out } } : edge,
  );
  return { report: await startPlan({ ...plan, edges }).run.done, got: sink.got };
};

const recognise = (script: Script, shape: "inline" | "task") =>
  runWith(supervised(recogniser(script, shape), 2), talk, { in: "audio", out: "final" });

describe.each(["inline", "task"] as const)("in a run, a recogniser of shape %s", (shape) => {
  test.each(talk.map((_, i) => i + 1))("that fails at frame %i is replaced, and the run is done", async (n) => {
    const { report, got } = await recognise(failingAt(n), shape);
    expect(report).toMatchObject({ state: "done", imbalances: [] });
    expect(got.flatMap((frame) => (frame.kind === "text" ? [frame.text] : []))).toEqual(["0 1 2 3", "4", "5 6 7"]);
  });

  test("that always fails ends the run with its code", async () => {
    const script = failingAt(0);
    script.onFrame = () => {
      throw broken();
    };
    const { report } = await recognise(script, shape);
    expect(report).toMatchObject({ state: "failed", imbalances: [] });
    expect(JSON.stringify(report)).toContain("VENDOR_FAILED");
    expect(script).toMatchObject({ opened: 2, closed: 2 });
  });
});

test.each([1, 2, 5, 8])(
  "in a run, the accounts of a filter that fails at frame %i and loses what it held balance",
  async (n) => {
    const script = failingAt(n);
    const inside: Frame[] = [];
    const definition = inline({
      passes: "samples",
      create: () => void inside.splice(0),
      onFrame(frame, emit) {
        inside.push(frame);
        script.onFrame(++script.handed, 0);
        if (inside.length > 2) emit(inside.shift()!);
      },
      onControl(control, emit) {
        if (control.kind === "end") for (const frame of inside.splice(0)) emit(frame);
      },
      held: () => inside.length * 320,
    });
    const frames = Array.from({ length: 8 }, (_, i) => audio(i * 320));
    const { report, got } = await runWith(supervised(definition, 2), frames);
    expect(report).toMatchObject({ state: "done", imbalances: [] });
    expect(got.length).toBe(8 - Math.min(n - 1, 2));
  },
);
