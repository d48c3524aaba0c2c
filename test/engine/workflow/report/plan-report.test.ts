import { describe, expect, test } from "bun:test";
import { defineNode, definePlugin, NodeTypes, z } from "#engine/plugin";
import { costsOf, readPrices, reportPlan } from "#engine/workflow";
import { builtInTypes } from "#test/built-in-types";
import { planned } from "#test/planning";

const cloud = defineNode({
  type: "cloud.asr",
  summary: "Recognises speech far away.",
  role: "asr",
  inputs: { audio: { kinds: ["audio", "speech"], audio: { sampleRateHz: 16_000, channels: 1 } } },
  outputs: { final: { kinds: ["text"], textRole: "transcript", default: true } },
  config: z.strictObject({}),
  effects: ["network"],
  create: () => ({ onFrame() {} }),
});
const types = new NodeTypes([...builtInTypes().plugins, definePlugin({ name: "cloud", nodes: [cloud] })]);

const plan = await planned(
  `parlando: 1
name: w
inputs: { talk: { kind: audio }, wire: { kind: audio } }
nodes:
  vad: { use: webrtc.vad, from: inputs.talk, with: { minSpeechMs: 60, endpointMs: 700 } }
  asr: { use: pocketsphinx.asr, from: vad, with: { stepMs: 40 } }
  far: { use: cloud.asr, from: vad, fallback: [{ use: pocketsphinx.asr, with: { final: fast } }] }
  raw: { use: cloud.asr, from: inputs.wire }
  es: { use: apertium.translate, from: asr, with: { source: en, target: es } }
  voice: { use: espeak.tts, from: es, with: { voice: es } }
  kept: { use: core.wav, from: voice, with: { path: a.wav } }
  live: { use: core.print, from: { from: asr.partial, buffer: { frames: 1, whenFull: latest } } }
  shown: { use: core.print, from: [asr, far, raw] }
`,
  { types },
);
const report = reportPlan(plan);

describe("the report of a plan", () => {
  test("gives producers before consumers, with what is special about each", () => {
    const order = report.order.map(({ node }) => node);
    for (const { from, to } of plan.edges) expect(order.indexOf(from.node)).toBeLessThan(order.indexOf(to.node));
    expect(report.order.find(({ node }) => node === "far")?.policies).toEqual(["then pocketsphinx.asr"]);
  });

  test("names what runs as one call, what was put in, and every queue", () => {
    expect(report.chains).toContainEqual(["voice", "kept"]);
    expect(report.conversions[0]).toEqual({
      node: "inputs.talk~1",
      from: "format known at the start",
      to: "16 kHz mono",
    });
    expect(report.buffers).toContainEqual({ edge: "asr.partial -> live.any", holds: "1 frame, keeps the newest" });
    expect(report.buffers.length).toBe(plan.edges.filter(({ direct }) => !direct).length);
  });

  test("adds up what is waited for on the slowest way to each end", () => {
    const kept = report.latency.find(({ path }) => path.at(-1) === "kept");
    expect(kept?.path.filter((id) => !id.includes("~"))).toEqual(["inputs.talk", "vad", "asr", "es", "voice", "kept"]);
    expect(kept?.ms).toBe(60 + 700 + 40);
    expect(kept?.delays.map(({ node, ms }) => [node, ms])).toEqual([
      ["vad", 60],
      ["vad", 700],
      ["asr", 40],
    ]);
  });

  test("lets partials not wait for the end of an utterance", () => {
    expect(report.latency.find(({ path }) => path.at(-1) === "live")?.ms).toBe(60 + 40);
  });
});

describe("what an hour costs", () => {
  const { prices } = readPrices(
    "currency: EUR\nprices: { cloud.asr: { audioHour: 2, thousandRequests: 1 }, espeak.tts: { millionCharacters: 10 }, pocketsphinx.asr: { audioHour: 1 } }\nassume: { speech: 0.4, charactersPerHour: 50000, utterancesPerHour: 1000 }\n",
    "p.yaml",
  );
  const costs = costsOf(plan, prices!);
  const of = (node: string) => costs.filter((cost) => cost.node === node);

  test("counts speech only behind a detector, and all of it elsewhere", () => {
    expect(of("far")[0]?.perHour).toBeCloseTo(0.4 * 2 + 0.4 * 1);
    expect(of("raw")[0]?.perHour).toBeCloseTo(1 * 2 + 0.4 * 1);
    expect(of("voice")[0]?.perHour).toBeCloseTo(0.4 * 0.05 * 10);
    expect(of("voice")[0]?.vendor).toBe("espeak");
  });

  test("names what takes over, and does not count it", () => {
    expect(of("far")[1]).toMatchObject({ type: "pocketsphinx.asr", standby: true });
  });

  test("names what reaches the network and has no price", () => {
    const bare = costsOf(plan, readPrices("prices: {}\n", "p.yaml").prices!);
    expect(bare.map(({ node, perHour, of: parts }) => [node, perHour, parts])).toEqual([
      ["far", undefined, ["no price in the table"]],
      ["raw", undefined, ["no price in the table"]],
    ]);
  });

  test("wants a table that holds", () => {
    const { prices: none, findings } = readPrices("prices: { a.asr: { audioHuor: 1 } }\n", "p.yaml");
    expect(none).toBeUndefined();
    expect(findings.map(({ code }) => code)).toEqual(["KEY_UNKNOWN"]);
  });
});
