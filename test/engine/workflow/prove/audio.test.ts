import { expect, test } from "bun:test";
import { z } from "zod";
import { type AudioLimits, defineNode, type FrameKind, type InputPort, type OutputPort } from "#engine/plugin";
import { microphone, planningTypes } from "#test/node-types";
import { brief, planned, planText } from "#test/planning";

/** A node type with one input and one output. */
const between = (type: string, input: InputPort, output: OutputPort, passes: "samples" | "time") =>
  defineNode({
    type,
    summary: "Stands between others.",
    role: "filter",
    inputs: { in: input },
    outputs: { out: output },
    passes,
    config: z.strictObject({}),
    create: () => ({ onFrame() {} }),
  });

const sink = (audio: AudioLimits, kinds: readonly FrameKind[] = ["audio"]) =>
  between("test.sink", { kinds, audio }, { kinds: ["data"] }, "samples");

const AUDIO: readonly FrameKind[] = ["audio"];
const insertedInto = async (recording: string, audio: AudioLimits) => {
  const text = `parlando: 1\ninputs: { talk: { kind: audio, default: ${recording} } }\nnodes: { s: { use: test.sink, from: inputs.talk } }\n`;
  const plan = await planned(text, { types: planningTypes(sink(audio)) });
  return {
    inserted: plan.nodes.filter((node) => node.inserted).map((node) => node.config),
    notes: plan.notes.map((note) => note.message),
  };
};

test.each([
  {
    name: "what is allowed stays, though it is not the first",
    recording: "8k-1.wav",
    limits: { sampleRateHz: [16_000, 8000], channels: [2, 1] },
    config: undefined,
  },
  {
    name: "what is not allowed becomes the first",
    recording: "48k-1.wav",
    limits: { sampleRateHz: [16_000, 8000] },
    config: { sampleRateHz: 16_000 },
  },
  {
    name: "only what differs is changed",
    recording: "16k-2.wav",
    limits: { sampleRateHz: 16_000, channels: 1 },
    config: { channels: 1 },
  },
  {
    name: "frames of a length are cut",
    recording: "16k-1.wav",
    limits: { frameMs: [20, 10] },
    config: { frameMs: 20 },
  },
  {
    name: "frames are whole samples long",
    recording: "11k-1.wav",
    limits: { sampleRateHz: [11_025, 22_050], frameMs: [10, 40] },
    config: { sampleRateHz: 11_025, frameMs: 40 },
  },
])("$name", async ({ recording, limits, config }) => {
  expect((await insertedInto(recording, limits)).inserted).toEqual(config ? [config] : []);
});

test("a conversion that may not be needed says so", async () => {
  const open = "parlando: 1\ninputs: { talk: { kind: audio } }\nnodes: { s: { use: test.sink, from: inputs.talk } }\n";
  const { notes } = await planned(open, { types: planningTypes(sink({ channels: 1 })) });
  expect(notes.map((note) => note.message)).toEqual([
    "core.convert was put in, to work if needed: inputs.talk.out gives any format; s.in takes mono",
  ]);
  expect((await insertedInto("48k-2.wav", { channels: 1 })).notes).toEqual([
    "core.convert was put in: inputs.talk.audio gives 48000 Hz stereo; s.in takes 48000 Hz mono",
  ]);
});

test("frames that are no whole number of samples cannot be had", async () => {
  const text =
    "parlando: 1\ninputs: { talk: { kind: audio, default: 16k-1.wav } }\nnodes: { s: { use: test.sink, from: inputs.talk } }\n";
  const { findings } = await planText(text, { types: planningTypes(sink({ sampleRateHz: 22_050, frameMs: 10 })) });
  expect(brief(findings)).toEqual(["3:37 AUDIO_UNFIT"]);
});

test.each([
  { passes: "samples" as const, inserted: [] },
  { passes: "time" as const, inserted: ["f~1"] },
])("a promised frame length outlives a node that passes $passes: $inserted", async ({ passes, inserted }) => {
  const filter = between("test.filter", { kinds: AUDIO }, { kinds: AUDIO, audio: "same" }, passes);
  const text =
    "parlando: 1\nnodes:\n  mic: { use: test.microphone }\n  f: { use: test.filter, from: mic }\n  s: { use: test.sink, from: f }\n";
  const plan = await planned(text, { types: planningTypes(microphone, filter, sink({ frameMs: 20 })) });
  expect(plan.nodes.filter((node) => node.inserted).map((node) => node.id)).toEqual([...inserted]);
});

test("kinds that a conversion does not take go beside it", async () => {
  const mixed = between(
    "test.mixed",
    { kinds: AUDIO },
    { kinds: ["audio", "text", "speech"], audio: { sampleRateHz: 8000, channels: 1 } },
    "time",
  );
  const text =
    "parlando: 1\nnodes:\n  mic: { use: test.microphone }\n  m: { use: test.mixed, from: mic }\n  s: { use: test.sink, from: m }\n";
  const plan = await planned(text, {
    types: planningTypes(microphone, mixed, sink({ sampleRateHz: 16_000 }, ["audio", "text", "speech"])),
  });
  expect(
    plan.edges.filter((edge) => edge.to.node !== "m").map((edge) => `${edge.id} ${edge.kinds} ${edge.direct}`),
  ).toEqual([
    "m.out -> m~1.audio audio,speech true",
    "m~1.audio -> s.in audio,speech false",
    "m.out -> s.in text false",
  ]);
});
