import { expect, test } from "bun:test";
import fc from "fast-check";
import { z } from "zod";
import { type AudioLimits, defineNode, type FrameKind, type NodeDefinition } from "#engine/plugin";
import { type Plan, type PlannedEdge, planWorkflow } from "#engine/workflow";
import { planningTypes } from "#test/node-types";
import { planOptions } from "#test/planning";

/** A node of a random graph; `from` are positions among the nodes before it. */
interface RandomNode {
  readonly kind: "source" | "filter" | "picky" | "writer" | "reader";
  readonly from: readonly number[];
  readonly channel: boolean;
}

const RATES = [8000, 16_000, 22_050, 44_100, 48_000];

const random = (name: string, more: Partial<Parameters<typeof defineNode>[0]>): NodeDefinition =>
  defineNode({
    type: `random.${name}`,
    summary: "A node of a random graph.",
    role: "filter",
    inputs: {},
    outputs: {},
    config: z.strictObject({
      rate: z.number().default(16_000),
      channels: z.number().default(1),
      frameMs: z.number().optional(),
    }),
    create: () => ({ onFrame() {} }),
    ...more,
  } as Parameters<typeof defineNode>[0]);

interface RandomConfig {
  readonly rate: number;
  readonly channels: number;
  readonly frameMs?: number;
}

const configured = (config: unknown): RandomConfig => config as RandomConfig;

const limitsOf = (config: unknown): AudioLimits => {
  const { rate, channels, frameMs } = configured(config);
  return { sampleRateHz: [rate, 16_000], channels, ...(frameMs !== undefined && { frameMs }) };
};

const types = planningTypes(
  random("source", {
    role: "source",
    outputs: (config: unknown) => ({
      audio: {
        kinds: ["audio", "speech"],
        audio: { sampleRateHz: configured(config).rate, channels: configured(config).channels },
      },
    }),
  }),
  random("filter", {
    inputs: { audio: { kinds: ["audio", "speech"] } },
    outputs: { audio: { kinds: ["audio", "speech"], audio: "same" } },
    passes: "samples",
  }),
  random("picky", {
    inputs: (config: unknown) => ({ audio: { kinds: ["audio"], audio: limitsOf(config) } }),
    outputs: { audio: { kinds: ["audio"], audio: "same" } },
    passes: "samples",
  }),
  random("writer", {
    inputs: (config: unknown) => ({
      audio: { kinds: ["audio", "speech"], requires: ["audio"], audio: limitsOf(config) },
    }),
    outputs: { text: { kinds: ["text"], textRole: "transcript" } },
  }),
  random("reader", {
    inputs: { text: { kinds: ["text"] } },
    outputs: { text: { kinds: ["text"], textRole: "transcript" } },
  }),
);

const givesAudio = (node: RandomNode): boolean => node.kind !== "writer" && node.kind !== "reader";

const graph = fc
  .array(
    fc.record({
      kind: fc.constantFrom<RandomNode["kind"]>("source", "filter", "picky", "writer", "reader"),
      picks: fc.array(fc.nat(), { minLength: 1, maxLength: 3 }),
      rate: fc.constantFrom(...RATES),
      channels: fc.constantFrom(1, 2),
      frameMs: fc.option(fc.constantFrom(10, 20), { nil: undefined }),
      channel: fc.boolean(),
      buffer: fc.boolean(),
    }),
    { minLength: 1, maxLength: 25 },
  )
  .chain((specs) =>
    fc.tuple(
      fc.constant(specs),
      fc.shuffledSubarray(
        specs.map((_, i) => i),
        { minLength: specs.length },
      ),
    ),
  )
  .map(([specs, shuffled]) => {
    const nodes: RandomNode[] = [];
    const lines: string[] = [];
    for (const [index, spec] of specs.entries()) {
      const kind = index === 0 ? "source" : spec.kind;
      const audio = kind !== "reader";
      const before = nodes.flatMap((node, at) => (givesAudio(node) === audio ? [at] : []));
      const real = kind !== "source" && before.length === 0 ? "source" : kind;
      const picked = [...new Set(spec.picks.map((pick) => before[pick % before.length]!))].slice(0, audio ? 1 : 3);
      const from = real === "source" ? [] : picked;
      nodes.push({ kind: real, from, channel: spec.channel });
      const options = `${spec.channel && audio ? ", channel: 0" : ""}${spec.buffer ? ", buffer: { frames: 7 }" : ""}`;
      const feeds = from.map((at) => `{ from: n${at}${options} }`).join(", ");
      const rate = spec.frameMs === undefined ? spec.rate : 16_000;
      const frame = spec.frameMs === undefined ? "" : `, frameMs: ${spec.frameMs}`;
      lines.push(
        `  n${index}: { use: random.${real}${from.length > 0 ? `, from: [${feeds}]` : ""}, with: { rate: ${rate}, channels: ${spec.channels}${frame} } }`,
      );
    }
    return { nodes, text: `parlando: 1\nnodes:\n${shuffled.map((at) => lines[at]).join("\n")}\n` };
  });

const plan = async (text: string): Promise<Plan> => {
  const result = await planWorkflow({ text, name: "w.yaml", dir: "/" }, { ...planOptions(), types });
  if (!result.plan) throw new Error(`${text}\n${result.findings.map((each) => each.message).join("\n")}`);
  return result.plan;
};

test("any graph without circles is planned: producers first, every kind and format fit", async () => {
  await fc.assert(
    fc.asyncProperty(graph, async ({ nodes, text }) => {
      const planned = await plan(text);
      const order = new Map(planned.nodes.map((node, index) => [node.id, index]));
      expect(order.size).toBe(planned.nodes.length);
      expect(planned.nodes.filter((node) => !node.inserted).length).toBe(nodes.length);
      expect(new Set(planned.edges.map((edge) => edge.id)).size).toBe(planned.edges.length);
      for (const edge of planned.edges) checkEdge(planned, edge, order);
      for (const [index, node] of nodes.entries())
        for (const from of node.from) expect(reaches(planned, `n${from}`, `n${index}`)).toBe(true);
    }),
    { numRuns: 200 },
  );
});

function checkEdge(planned: Plan, edge: PlannedEdge, order: ReadonlyMap<string, number>): void {
  const from = planned.nodes[order.get(edge.from.node)!]!;
  const to = planned.nodes[order.get(edge.to.node)!]!;
  expect(order.get(from.id)!).toBeLessThan(order.get(to.id)!);
  const output = from.definition.outputs(from.config)[edge.from.port]!;
  const input = to.definition.inputs(to.config)[edge.to.port]!;
  expect(edge.kinds.length).toBeGreaterThan(0);
  for (const kind of edge.kinds)
    expect([output.kinds.includes(kind), input.kinds.includes(kind)]).toEqual([true, true]);
  const into = planned.edges.filter((other) => other.to.node === to.id);
  expect(edge.direct).toBe(into.length === 1 && !edge.buffer.frames.toString().startsWith("7"));
  if (!edge.kinds.includes("audio" as FrameKind)) return;
  const given = from.outputFormats[edge.from.port];
  expect(to.formats[edge.to.port]).toEqual(given);
  const allowed = (value: number, limit: number | readonly number[] | undefined) =>
    limit === undefined || (typeof limit === "number" ? value === limit : limit.includes(value));
  expect(allowed(given!.sampleRateHz, input.audio?.sampleRateHz)).toBe(true);
  expect(allowed(given!.channels, input.audio?.channels)).toBe(true);
  if (input.audio?.frameMs !== undefined) expect(frameMsBefore(planned, edge)).toBe(input.audio.frameMs as number);
}

/** The frame length that the nearest conversion upstream cuts; nodes in between pass samples on. */
function frameMsBefore(planned: Plan, edge: PlannedEdge): number | undefined {
  const from = planned.nodes.find((node) => node.id === edge.from.node)!;
  if (from.inserted) return (from.config as { frameMs?: number }).frameMs;
  const before = planned.edges.find((other) => other.to.node === from.id);
  return before && frameMsBefore(planned, before);
}

/** Whether the one feeds the other, at most one conversion between them. */
function reaches(planned: Plan, from: string, to: string): boolean {
  const producers = planned.edges.filter((edge) => edge.to.node === to).map((edge) => edge.from.node);
  return producers.some(
    (id) =>
      id === from || planned.edges.some((edge) => edge.to.node === id && edge.from.node === from && id.includes("~")),
  );
}

test("nodes stand as written where nothing else orders them, and one text has one plan", async () => {
  await fc.assert(
    fc.asyncProperty(graph, async ({ nodes, text }) => {
      const [one, two] = [await plan(text), await plan(text)];
      expect(one.nodes.map((node) => node.id)).toEqual(two.nodes.map((node) => node.id));
      const written = [...text.matchAll(/^ {2}(n\d+):/gm)].map((match) => match[1]!);
      const done = new Set<string>();
      const feeding = (id: string) => nodes[Number(id.slice(1))]!.from.map((from) => `n${from}`);
      for (const { id } of one.nodes.filter((node) => !node.inserted)) {
        // the first written one that has all its producers is the next
        expect(written.find((each) => !done.has(each) && feeding(each).every((from) => done.has(from)))).toBe(id);
        done.add(id);
      }
    }),
    { numRuns: 50 },
  );
});
