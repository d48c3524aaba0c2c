import { expect, test } from "bun:test";
import type { BatchItem, Frame, InlineNode, NodeContext } from "#engine/plugin";
import { driveNode } from "#engine/testing";
import { randomFrom } from "#test/detector-signals";
import { audio, collector, household, startPlan } from "#test/doubles";
import { vad } from "../../../plugins/webrtc/vad.ts";
import { CHANGED, config, planThrough, RATE_HZ, streamOf } from "./streams.ts";

/** A node with what it reads of its context. */
async function nodeNamed(nodeId: string): Promise<InlineNode> {
  let utterances = 0;
  const ctx = {
    nodeId,
    format: { sampleRateHz: RATE_HZ, channels: 1 },
    newUtterance: () => `${nodeId}-${++utterances}`,
    count() {},
    gate() {},
    report() {},
  } satisfies Partial<NodeContext>;
  return (await vad.create(config, ctx as unknown as NodeContext)) as InlineNode;
}

test("however frames of many nodes are grouped, what comes out is what each makes of them one by one", async () => {
  const streams = Array.from({ length: 23 }, (_, i) => streamOf(i));
  const nodes = await Promise.all(streams.map(() => nodeNamed("node")));
  const out: Frame[][] = streams.map(() => []);
  const emits = streams.map((_, i) => (frame: Frame) => void out[i]!.push(frame));
  const positions = streams.map(() => 0);
  const random = randomFrom(7);
  for (let left = true; left; ) {
    left = false;
    const items: BatchItem[] = [];
    for (const [i, node] of nodes.entries()) {
      const count = Math.floor(random() * 4); // none, or several in order
      for (const frame of streams[i]!.slice(positions[i], positions[i]! + count))
        items.push({ node, frame, port: "audio", emit: emits[i]!, error: undefined });
      positions[i]! += count;
      left ||= positions[i]! < streams[i]!.length;
    }
    vad.batch!(items);
    expect(items.every((item) => item.error === undefined)).toBe(true);
  }
  for (const [i, node] of nodes.entries()) {
    node.onControl?.({ kind: "end", port: "audio" }, emits[i]!);
    await node.close?.();
    const alone = await driveNode(vad, CHANGED, { frames: streams[i]! });
    const named = alone.frames().map((frame) => renamed(frame));
    expect(out[i]!.map(renamed)).toEqual(named);
  }
  expect(out.flat().filter((frame) => frame.kind === "speech").length).toBeGreaterThan(40);
});

/** Without the prefix that the driver gives to nodes. */
const renamed = (frame: Frame): Frame =>
  "utterance" in frame && frame.utterance
    ? ({ ...frame, utterance: frame.utterance.replace(/^.*-/, "") } as Frame)
    : frame;

test("a frame that is too long fails its own node only, and what that node got later in the call is left alone", async () => {
  const [good, bad] = await Promise.all([nodeNamed("good"), nodeNamed("bad")]);
  const out: Frame[] = [];
  const item = (node: InlineNode, frame: Frame): BatchItem => ({
    node,
    frame,
    port: "audio",
    emit: (emitted) => void out.push(emitted),
    error: undefined,
  });
  vad.batch!([item(good, audio(0)), item(bad, audio(0))]); // the length of their frames is known from here on
  const items = [item(good, audio(320)), item(bad, audio(320, 4800)), item(bad, audio(640)), item(good, audio(640))];
  vad.batch!(items);
  expect(items.map(({ error }) => (error as { code?: string } | undefined)?.code)).toEqual([
    undefined,
    "AUDIO_FORMAT_UNSUPPORTED",
    undefined,
    undefined,
  ]);
  expect(good.held!()).toBe(3 * 320);
  expect(bad.held!()).toBe(320);
  await Promise.all([good.close?.(), bad.close?.()]);
});

test("in runs that share a process, accounts balance and utterances are those of a run alone", async () => {
  const home = household();
  const streams = Array.from({ length: 9 }, (_, i) => streamOf(i));
  const started = streams.map((frames, order) => {
    const sink = collector();
    return { sink, ...startPlan(planThrough(frames, sink), { runId: `run-${order}`, order }, home) };
  });
  for (const [i, { run, sink }] of started.entries()) {
    const report = await run.done;
    expect({ state: report.state, imbalances: report.imbalances }).toEqual({ state: "done", imbalances: [] });
    const alone = await driveNode(vad, CHANGED, { frames: streams[i]! });
    expect(sink.got.map(renamed)).toEqual(alone.frames().map(renamed));
  }
});
