import { expect, test } from "bun:test";
import { z } from "zod";
import { defineNode, type InputPort, type TextRole } from "#engine/plugin";
import { planWorkflow } from "#engine/workflow";
import { EVERYTHING, INTERPRET, PART } from "#test/example-workflows";
import { microphone, planningTypes } from "#test/node-types";
import { brief, folderWith, planned, planOptions, planText } from "#test/planning";

const RUN = { purpose: "run", run: { id: "r1", dir: "/runs/r1" } } as const;
const nodes = (lines: string): string =>
  `parlando: 1\nname: w\ninputs: { talk: { kind: audio, default: 48k-2.wav } }\nnodes:\n${lines}`;
const configOf = (plan: { nodes: readonly { id: string; config: unknown }[] }, id: string): unknown =>
  plan.nodes.find((node) => node.id === id)?.config;

test("the interpret workflow becomes sources, a conversion, nodes and edges in plan order", async () => {
  const plan = await planned(INTERPRET, { ...RUN, secrets: { azure: "key" } });
  expect(plan.nodes.map((node) => `${node.id} ${node.type} ${node.definition.shape}`)).toEqual([
    "inputs.talk core.file inline",
    "inputs.talk~1 core.convert inline",
    "vad webrtc.vad inline",
    "asr pocketsphinx.asr task",
    "translate apertium.translate task",
    "voice espeak.tts task",
    "speech core.wav inline",
    "subtitles core.subtitles inline",
    "live core.print inline",
  ]);
  expect(
    plan.edges.map((edge) => `${edge.id} [${edge.kinds}] ${edge.direct ? "direct" : edge.buffer.whenFull}`),
  ).toEqual([
    "inputs.talk.audio -> inputs.talk~1.audio [audio] direct",
    "inputs.talk~1.audio -> vad.audio [audio] direct",
    "vad.speech -> asr.audio [speech,audio] block",
    "asr.final -> translate.text [text] block",
    "translate.text -> voice.text [text] block",
    "voice.audio -> speech.audio [audio] direct",
    "asr.final -> subtitles.text [text] block",
    "translate.text -> subtitles.text [text] block",
    "asr.partial -> live.text [text] coalesce",
  ]);
  expect(plan.outputs).toEqual([
    {
      name: "captions",
      from: [
        { node: "asr", port: "partial" },
        { node: "asr", port: "final" },
        { node: "translate", port: "text" },
      ],
    },
    { name: "speech", from: [{ node: "voice", port: "audio" }] },
  ]);
  expect(plan.limits).toEqual({ startMs: 10_000, idleMs: 60_000, drainMs: 5_000 });
  const asr = plan.nodes.find((node) => node.id === "asr")!;
  expect(asr).toMatchObject({ candidates: ["pocketsphinx.asr", "azure.asr"], attempts: 3, onFailure: "end" });
  expect(plan.nodes.find((node) => node.id === "subtitles")?.onFailure).toBe("continue");
  expect(configOf(plan, "inputs.talk")).toEqual({ path: "/flows/samples/44k-2.wav", paced: false });
  expect(configOf(plan, "inputs.talk~1")).toEqual({ sampleRateHz: 16_000, channels: 1, frameMs: 20 });
  expect(configOf(plan, "vad")).toEqual({ aggressiveness: 3, preRollMs: 300, endpointMs: 500, maxSegmentMs: 15_000 });
  expect(configOf(plan, "speech")).toEqual({ path: "/runs/r1/speech.wav" });
  expect(plan.notes.map((note) => note.code).sort()).toEqual(["AUDIO_CONVERTED"]);
});

test("params, environment, secrets and labels are filled in with their types", async () => {
  const dir = folderWith({ "part.yaml": PART });
  const { plan, findings } = await planText(
    EVERYTHING,
    { ...RUN, secrets: { azure: "k" }, environment: { T: "250" }, params: { rate: "90" } },
    dir,
  );
  expect(brief(findings)).toEqual([]);
  expect(configOf(plan!, "say")).toEqual({ voice: "en", rate: 90 });
  expect(configOf(plan!, "print")).toEqual({ prefix: "r1 no " }); // `no` is Norwegian
  expect(configOf(plan!, "out")).toEqual({ path: `${dir}/out.wav` });
  expect(plan!.nodes.find((node) => node.id === "both")?.label).toBe("both sides");
  expect(plan!.nodes.find((node) => node.id === "again")?.openMs).toBe(2000);
});

test.each([
  { name: "a whole scalar keeps its type", value: '"${params.n}"', config: { preRollMs: 40 } },
  { name: "the environment takes the type of the field", value: '"${env:MS}"', config: { preRollMs: 60 } },
  { name: "and its default does too", value: '"${env:NONE|80}"', config: { preRollMs: 80 } },
  { name: "a variable that is set to nothing is not set", value: '"${env:EMPTY|90}"', config: { preRollMs: 90 } },
])("$name", async ({ value, config }) => {
  const text = `${nodes(`  v: { use: webrtc.vad, from: inputs.talk, with: { preRollMs: ${value} } }\n`)}params: { n: { type: integer, default: 40 } }\n`;
  const plan = await planned(text, { environment: { MS: "60", EMPTY: "" } });
  expect(configOf(plan, "v")).toMatchObject(config);
});

test.each([
  { name: "text around it makes a text", value: '"<${params.n}>"', prefix: "<40>" },
  { name: "a doubled dollar is a literal", value: '"$${params.n} ${params.n}"', prefix: "${params.n} 40" },
  { name: "a value is not filled in twice", value: '"${params.tricky}"', prefix: "${run.id}" },
  { name: "a typed number stays a text in a text field", value: '"${env:MS}"', prefix: "60" },
])("$name", async ({ value, prefix }) => {
  const text = `parlando: 1
inputs: { words: { kind: text } }
params: { n: { type: integer, default: 40 }, tricky: { type: string } }
nodes: { p: { use: core.print, from: inputs.words, with: { prefix: ${value} } } }
`;
  const plan = await planned(text, { environment: { MS: "60" }, params: { tricky: "${run.id}" } });
  expect(configOf(plan, "p")).toEqual({ prefix });
  expect(plan.name).toBe("w"); // from the name of the file
});

test("a relative path counts from the file, one that came as a param from the working folder", async () => {
  const text = `parlando: 1
params: { a: { type: file, default: a.wav }, b: { type: file } }
inputs: { x: { kind: audio, default: "\${params.a}" }, y: { kind: audio, default: "\${params.b}" }, z: { kind: audio } }
nodes:
  p: { use: core.file, with: { path: here.wav } }
  m: { use: core.mix, with: { inputs: [a, b, c, d] }, in: { a: inputs.x, b: inputs.y, c: inputs.z, d: p } }
`;
  const plan = await planned(text, { params: { b: "b.wav" }, bindings: { z: { location: "z.wav" } } });
  const paths = ["inputs.x", "inputs.y", "inputs.z", "p"].map((id) => (configOf(plan, id) as { path: string }).path);
  expect(paths).toEqual(["/flows/a.wav", "/cwd/b.wav", "/cwd/z.wav", "/flows/here.wav"]);
});

test("fields are filled from the environment when they are left out", async () => {
  const text = nodes("  a: { use: azure.asr, from: inputs.talk, with: { region: r }, retry: { attempts: 1 } }\n");
  const plan = await planned(text, { environment: { AZURE_SPEECH_KEY: "k", AZURE_TIMEOUT: "77" } });
  expect(configOf(plan, "a")).toEqual({ key: "k", region: "r", timeoutMs: 77 });
});

test("a fallback inherits no settings, and one whose secret is not set is left out", async () => {
  const text = nodes(`  v: { use: webrtc.vad, from: inputs.talk }
  a:
    use: azure.asr
    from: v
    with: { key: k, region: r, model: m }
    fallback:
      - { use: azure.asr, with: { key: "\${secret:none}", region: r } }
      - { use: pocketsphinx.asr }
`);
  const { plan, findings } = await planText(text);
  expect(brief(findings)).toEqual(["11:40 CANDIDATE_LEFT_OUT"]);
  expect(plan!.nodes.find((node) => node.id === "a")?.candidates).toEqual(["azure.asr", "pocketsphinx.asr"]);
});

/** Gives finals only. */
const recogniser = (type: string, audio: InputPort, textRole: TextRole = "transcript") =>
  defineNode({
    type,
    summary: "Recognises nothing.",
    role: "asr",
    inputs: { audio },
    outputs: { final: { kinds: ["text"], textRole, default: true } },
    config: z.strictObject({}),
    create: () => ({ onFrame() {} }),
  });
const echo = recogniser("test.echo", { kinds: ["audio"] }, "prompt");
const bell = recogniser("test.bell", { kinds: ["audio"], audio: { sampleRateHz: 44_100 } });

test.each([
  {
    name: "without an output that is used",
    fallback: "test.bell",
    from: "a.partial",
    found: ["FALLBACK_UNFIT", "FALLBACK_UNFIT"],
  },
  {
    name: "with nothing in common to take, and fewer details",
    fallback: "test.bell",
    from: "a",
    found: ["FALLBACK_POORER", "FALLBACK_UNFIT"],
  },
  { name: "with text of another role", fallback: "test.echo", from: "a", found: ["FALLBACK_UNFIT"] },
  { name: "with other ports", fallback: "espeak.tts", from: "a", found: ["FALLBACK_UNFIT", "FALLBACK_UNFIT"] },
])("a fallback $name cannot stand in", async ({ fallback, from, found }) => {
  const text = nodes(`  v: { use: webrtc.vad, from: inputs.talk }
  a: { use: pocketsphinx.asr, from: v, fallback: [{ use: ${fallback} }] }
  p: { use: core.print, from: ${from} }
`);
  const { findings } = await planText(text, { types: planningTypes(bell, echo) });
  expect(
    findings
      .filter((each) => each.severity !== "note")
      .map((each) => each.code as string)
      .sort(),
  ).toEqual([...found]);
});

test("candidates get audio that all of them take", async () => {
  const narrow = recogniser("test.narrow", { kinds: ["audio", "speech"], audio: { sampleRateHz: 8000 } });
  const text = nodes(`  v: { use: webrtc.vad, from: inputs.talk }
  a: { use: azure.asr, from: v, with: { key: k, region: r }, fallback: [{ use: test.narrow }] }
`);
  const plan = await planned(text, { types: planningTypes(narrow) });
  expect(plan.nodes.find((node) => node.id === "a")?.formats).toEqual({ audio: { sampleRateHz: 8000, channels: 1 } });
});

test("a live source's audio drops the oldest for as long as nodes pass it on, and what is made from it blocks", async () => {
  const text = `parlando: 1
nodes:
  mic: { use: test.microphone }
  v: { use: webrtc.vad, from: mic }
  a: { use: pocketsphinx.asr, from: v }
  s: { use: espeak.tts, from: a }
  w: { use: core.wav, from: { from: s, buffer: { frames: 9 } }, with: { path: a.wav } }
  x: { use: core.wav, from: { from: v, buffer: { ms: 100, whenFull: block } }, with: { path: b.wav } }
`;
  const plan = await planned(text, { types: planningTypes(microphone) });
  const buffers = Object.fromEntries(
    plan.edges.map((edge) => [edge.id, [edge.direct, edge.buffer.ms, edge.buffer.whenFull]]),
  );
  expect(buffers).toEqual({
    "mic.audio -> v.audio": [true, 500, "dropOldest"],
    "v.speech -> a.audio": [false, 500, "dropOldest"],
    "a.final -> s.text": [false, 2000, "block"],
    "s.audio -> w.audio": [false, 2000, "block"],
    "v.speech -> x.audio": [false, 100, "block"],
  });
});

test("the edge into a node that takes frames of many runs in one call is a queue", async () => {
  const batched = defineNode({
    type: "test.batched",
    summary: "Takes many frames at once.",
    role: "filter",
    inputs: { in: { kinds: ["audio"] } },
    outputs: { out: { kinds: ["audio"], audio: "same" } },
    config: z.strictObject({}),
    batch() {},
    create: () => ({ onFrame() {} }),
  });
  const text = `parlando: 1
nodes:
  mic: { use: test.microphone }
  b: { use: test.batched, from: mic }
  w: { use: core.wav, from: b, with: { path: a.wav } }
`;
  const plan = await planned(text, { types: planningTypes(microphone, batched) });
  expect(plan.edges.map((edge) => [edge.id, edge.direct])).toEqual([
    ["mic.audio -> b.in", false],
    ["b.out -> w.audio", true],
  ]);
});

test("conversions are shared by consumers that need the same, and a promised format needs none", async () => {
  const text = `parlando: 1
inputs: { talk: { kind: audio, default: 48k-2.wav } }
nodes:
  mic: { use: test.microphone }
  v: { use: webrtc.vad, from: mic }
  a: { use: webrtc.vad, from: inputs.talk }
  b: { use: webrtc.vad, from: inputs.talk }
  c: { use: webrtc.vad, from: { from: inputs.talk, channel: 1 } }
  w: { use: core.wav, from: inputs.talk, with: { path: a.wav } }
`;
  const plan = await planned(text, { types: planningTypes(microphone) });
  const inserted = plan.nodes.filter((node) => node.inserted).map((node) => [node.id, node.config]);
  expect(inserted).toEqual([
    ["inputs.talk~1", { sampleRateHz: 16_000, channels: 1, frameMs: 20 }],
    ["inputs.talk~2", { channel: 1, sampleRateHz: 16_000, frameMs: 20 }],
  ]);
  expect(plan.edges.filter((edge) => edge.from.node === "inputs.talk~1").map((edge) => edge.to.node)).toEqual([
    "a",
    "b",
  ]);
  expect(plan.nodes.find((node) => node.id === "w")?.formats).toEqual({ audio: { sampleRateHz: 48_000, channels: 2 } });
});

test("speech marks pass through a conversion with their audio", async () => {
  const slow = recogniser("test.slow", {
    kinds: ["audio", "speech"],
    requires: ["speech"],
    audio: { sampleRateHz: 8000 },
  });
  const text = `parlando: 1\nnodes:\n  mic: { use: test.microphone }\n  v: { use: webrtc.vad, from: mic }\n  a: { use: test.slow, from: v }\n`;
  const plan = await planned(text, { types: planningTypes(microphone, slow) });
  expect(plan.edges.map((edge) => `${edge.id} ${edge.kinds}`)).toEqual([
    "mic.audio -> v.audio audio",
    "v.speech -> v~1.audio speech,audio",
    "v~1.audio -> a.audio speech,audio",
  ]);
});

test("a caller's own source stands for an input, with its format", async () => {
  const text = nodes("  v: { use: webrtc.vad, from: inputs.talk }\n");
  const bindings = { talk: { definition: microphone, config: {} } };
  const plan = await planned(text, { ...RUN, bindings });
  expect(plan.nodes.map((node) => [node.id, node.type])).toEqual([
    ["inputs.talk", "test.microphone"],
    ["v", "webrtc.vad"],
  ]);
});

test("a file is found, too large, no file or no text", async () => {
  const dir = folderWith({
    "good.yaml": nodes("  v: { use: webrtc.vad, from: inputs.talk }\n"),
    "large.yaml": `#${" ".repeat(1 << 20)}\n`,
    "bytes.yaml": new Uint8Array([0x61, 0xff, 0xfe]),
  });
  const codes = async (path: string) =>
    (await planWorkflow({ path }, { ...planOptions(), cwd: dir })).findings
      .filter((each) => each.severity === "error")
      .map((each) => `${each.file} ${each.code}`);
  expect(await codes("good.yaml")).toEqual([]);
  expect(await codes("large.yaml")).toEqual(["large.yaml WORKFLOW_TOO_LARGE"]);
  expect(await codes("bytes.yaml")).toEqual(["bytes.yaml YAML_ENCODING"]);
  expect(await codes("none.yaml")).toEqual(["none.yaml WORKFLOW_NOT_FOUND"]);
  expect(await codes(".")).toEqual([". WORKFLOW_UNREADABLE"]);
  expect((await planText(`#${" ".repeat(1 << 20)}\n`)).findings.map((each) => each.code)).toEqual([
    "WORKFLOW_TOO_LARGE",
  ]);
});
