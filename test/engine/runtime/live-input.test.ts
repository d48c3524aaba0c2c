import { describe, expect, test } from "bun:test";
import type { AudioFrame } from "#engine/frames";
import { LiveInput, Run, SystemClock } from "#engine/runtime";
import { collector, household, inline, planOf, task } from "#test/doubles";

const format = { sampleRateHz: 16_000, channels: 1 };

/** Runs a live input into a sink; frames are cut at 20 ms, 320 samples. */
function running(input: LiveInput, middle = inline()) {
  const sink = collector();
  const plan = planOf({ talk: input.definition, middle, sink: sink.definition }, [
    ["talk", "middle", { queued: true, ms: 100 }],
    ["middle", "sink"],
  ]);
  const run = new Run(plan, { runId: "live", clock: new SystemClock() }, household());
  const pcm = () => sink.got.flatMap((frame) => [...(frame as AudioFrame).pcm]);
  return { run, sink, pcm };
}

describe("a live input", () => {
  test.each([1, 7, 320, 333, 5000])("makes the same frames of chunks of %i samples", async (chunk) => {
    const input = new LiveInput({ kind: "audio", format, startSample: 1600 });
    const { run, sink, pcm } = running(input);
    const all = Int16Array.from({ length: 1000 }, (_, i) => i);
    for (let at = 0; at < all.length; at += chunk) input.push(all.subarray(at, at + chunk));
    expect(input.endSample).toBe(2600);
    input.end();
    expect((await run.done).state).toBe("done");
    expect(pcm()).toEqual([...all]);
    const frames = sink.got as AudioFrame[];
    expect(frames.map((frame) => frame.pcm.length)).toEqual([320, 320, 320, 40]);
    expect(frames.map((frame) => frame.startSample)).toEqual([1600, 1920, 2240, 2560]);
    expect(input.waitingSamples).toBe(0);
  });

  test("waits where the run has no room, drops nothing, and says how much waits", async () => {
    const input = new LiveInput({ kind: "audio", format });
    const open = Promise.withResolvers<void>();
    const { run, pcm } = running(
      input,
      task(async (frames, emit) => {
        await open.promise;
        for await (const frame of frames) await emit(frame);
      }),
    );
    while (run.state !== "running") await new Promise((resolve) => setImmediate(resolve));
    const all = Int16Array.from({ length: 32_000 }, (_, i) => i % 1000);
    for (let at = 0; at < all.length; at += 320) input.push(all.subarray(at, at + 320));
    // 100 ms go into the edge
    expect(input.waitingSamples).toBeGreaterThan(29_000);
    open.resolve();
    input.end();
    expect((await run.done).imbalances).toEqual([]);
    expect(pcm()).toEqual([...all]);
  });

  test("takes nothing more once it has ended, and ends with a run that is cancelled", async () => {
    const ended = new LiveInput({ kind: "audio", format });
    ended.push(new Int16Array(320));
    ended.end();
    ended.push(new Int16Array(320));
    expect(ended.endSample).toBe(320);
    const input = new LiveInput({ kind: "text" });
    const { run } = running(input);
    while (run.state !== "running") await new Promise((resolve) => setImmediate(resolve));
    run.cancel("enough");
    expect((await run.done).state).toBe("cancelled");
  });
});

describe("a node that is ready only after its run was cancelled", () => {
  test.each([0, 1])("is closed all the same (%i turns late)", async (turns) => {
    const ready = Promise.withResolvers<void>();
    let closed = 0;
    const late = inline({
      create: async () => {
        await ready.promise;
        for (let turn = 0; turn < turns; turn++) await new Promise((resolve) => setImmediate(resolve));
      },
      close: () => void closed++,
    });
    const input = new LiveInput({ kind: "audio", format });
    const { run } = running(input, late);
    run.cancel("never mind");
    ready.resolve();
    await run.done;
    for (let turn = 0; turn < 3; turn++) await new Promise((resolve) => setImmediate(resolve));
    expect(closed).toBe(1);
  });
});

describe("live fields", () => {
  test("reach the node as its whole config; what is not live is refused", async () => {
    const { default: numbers } = await import("#test/spoken-numbers");
    const louder = numbers.nodes.find((node) => node.type === "numbers.louder")!;
    const input = new LiveInput({ kind: "audio", format });
    const sink = collector();
    const plan = planOf({ talk: input.definition, sink: sink.definition }, []);
    const nodes = [...plan.nodes];
    nodes.splice(1, 0, {
      ...nodes[0]!,
      id: "loud",
      type: louder.type,
      definition: louder,
      config: { factor: 1, name: "plain" },
    });
    const edge = (from: string, port: string, to: string, into: string) => ({
      id: `${from} -> ${to}`,
      from: { node: from, port },
      to: { node: to, port: into },
      kinds: ["audio" as const],
      buffer: { ms: 100, frames: 10, whenFull: "block" as const },
      order: "time" as const,
      direct: true,
    });
    const wired = {
      ...plan,
      nodes,
      edges: [edge("talk", "out", "loud", "audio"), edge("loud", "audio", "sink", "in")],
    };
    const run = new Run(wired, { runId: "live", clock: new SystemClock() }, household());
    expect(() => run.update("loud", { factor: 2 })).toThrow("does not run yet");
    while (run.state !== "running") await new Promise((resolve) => setImmediate(resolve));
    run.update("loud", { factor: 2 });
    input.push(new Int16Array(320).fill(3));
    for (const [fields, why] of [
      [{ name: "x" }, "cannot be changed"],
      [{ none: 1 }, "cannot be changed"],
      [{ factor: "much" }, "not a value for factor"],
    ] as const)
      expect(() => run.update("loud", fields)).toThrow(why);
    input.push(new Int16Array(320).fill(4));
    input.end();
    await run.done;
    expect(sink.got.map((frame) => (frame as AudioFrame).pcm[0])).toEqual([6, 8]);
    expect(() => run.update("loud", { factor: 2 })).toThrow("any more");
  });
});
