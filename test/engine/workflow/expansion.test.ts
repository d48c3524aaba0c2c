import { expect, test } from "bun:test";
import type { Plan } from "#engine/workflow";
import { brief, marked, planned, planText } from "#test/planning";

const HEAD = `parlando: 1
inputs: { talk: { kind: audio } }
params:
  targets: { type: list, default: [es, ca] }
  vendor: { type: choice, of: [local, cloud], default: local }
nodes:
  vad: { use: webrtc.vad, from: inputs.talk }
`;
const ASR = "  asr: { use: pocketsphinx.asr, from: vad }\n";

const ids = (plan: Plan) => plan.nodes.filter((node) => !node.inserted).map((node) => node.id);
const edges = (plan: Plan) => plan.edges.map((edge) => edge.id);
const configOf = (plan: Plan, id: string) => plan.nodes.find((node) => node.id === id)?.config;

test("each makes a copy for every value, and a consumer gets all of them or one", async () => {
  const plan = await planned(`${HEAD}${ASR}  translate:
    each: { target: "\${params.targets}" }
    use: apertium.translate
    from: asr
    with: { source: en, target: "\${each.target}" }
  all: { use: core.print, from: translate }
  one: { use: core.print, from: "translate[ca]" }
outputs: { texts: translate, spanish: "translate[es]" }
`);
  expect(ids(plan)).toEqual(["inputs.talk", "vad", "asr", "translate[es]", "translate[ca]", "all", "one"]);
  expect(configOf(plan, "translate[ca]")).toMatchObject({ target: "ca" });
  expect(edges(plan).filter((id) => id.includes("print") || / (all|one)\./.test(id))).toEqual([
    "translate[es].text -> all.text",
    "translate[ca].text -> all.text",
    "translate[ca].text -> one.text",
  ]);
  expect(plan.outputs.map(({ from }) => from.map(({ node }) => node))).toEqual([
    ["translate[es]", "translate[ca]"],
    ["translate[es]"],
  ]);
});

test("a copy is fed by the copy of the same value where its reference says so", async () => {
  const plan = await planned(`${HEAD}${ASR}  translate:
    each: { target: [es, ca] }
    use: apertium.translate
    from: asr
    with: { source: en, target: "\${each.target}" }
  say: { each: { voice: [es, ca] }, use: espeak.tts, from: "translate[\${each.voice}]", with: { voice: "\${each.voice}" } }
`);
  expect(edges(plan).filter((id) => id.includes("-> say"))).toEqual([
    "translate[es].text -> say[es].text",
    "translate[ca].text -> say[ca].text",
  ]);
});

test("nodes in a node see what is around them, and are copied together", async () => {
  const plan = await planned(`${HEAD}${ASR}  listeners:
    each: { target: "\${params.targets}" }
    nodes:
      translate: { use: apertium.translate, from: asr, with: { source: en, target: "\${each.target}" } }
      voice: { use: espeak.tts, from: translate, with: { voice: "\${each.target}" } }
    outputs: { speech: voice, text: translate }
  file: { each: { target: "\${params.targets}" }, use: core.wav, from: "listeners[\${each.target}].speech", with: { path: "\${run.dir}/\${each.target}.wav" } }
  shown: { use: core.print, from: listeners.text }
`);
  expect(ids(plan)).toContain("listeners[es]/voice");
  expect(configOf(plan, "file[ca]")).toMatchObject({ path: "/run-folder/ca.wav" });
  expect(edges(plan)).toContain("listeners[ca]/translate.text -> listeners[ca]/voice.text");
  expect(edges(plan)).toContain("asr.final -> listeners[es]/translate.text");
  expect(edges(plan)).toContain("listeners[ca]/voice.audio -> file[ca].audio");
  expect(edges(plan).filter((id) => id.endsWith("shown.text"))).toHaveLength(2);
});

test.each([
  { vendor: "local", type: "pocketsphinx.asr", openMs: 1000 },
  { vendor: "cloud", type: "azure.asr", openMs: 2000 },
])("choose takes the case $vendor, with what stands beside it", async ({ vendor, type, openMs }) => {
  const plan = await planned(
    `${HEAD}  asr:
    choose: "\${params.vendor}"
    from: vad
    timeouts: { openMs: 1000 }
    cases:
      local: { use: pocketsphinx.asr }
      cloud: { use: azure.asr, with: { key: "\${secret:azure}", region: westeurope }, timeouts: { openMs: 2000 } }
  shown: { use: core.print, from: asr }
`,
    { purpose: "run", params: { vendor }, secrets: { azure: "set" }, bindings: { talk: { location: "16k-1.wav" } } },
  );
  const asr = plan.nodes.find((node) => node.id === "asr");
  expect(asr).toMatchObject({ type, openMs });
  expect(edges(plan)).toContain("vad.speech -> asr.audio");
});

test("a barge-in flushes the nodes that it names, all copies and conversions between them, over queues", async () => {
  const plan =
    await planned(`${HEAD}${ASR}  voice: { each: { of: [es, ca] }, use: espeak.tts, from: asr, with: { voice: "\${each.of}" } }
  low: { use: core.convert, from: "voice[es]", with: { sampleRateHz: 8000 } }
  part: { nodes: { inner: { use: webrtc.vad, from: low } }, outputs: { o: inner } }
  file: { use: core.wav, from: "voice[ca]", with: { path: x.wav } }
bargeIn: { when: vad, minMs: 150, flush: [voice, low, part] }
`);
  expect(plan.bargeIns).toEqual([
    {
      when: [{ node: "vad", port: "speech" }],
      minMs: 150,
      timed: false,
      flush: ["voice[es]", "voice[ca]", "low", "low~1", "part/inner"],
    },
  ]);
  const touching = plan.edges.filter(({ from, to }) => [from.node, to.node].some((id) => /voice|low|part/.test(id)));
  expect(touching.length).toBeGreaterThan(3);
  expect(touching.filter((edge) => edge.direct)).toEqual([]);
});

interface Case {
  readonly name: string;
  /** With `«CODE»` before the place of each finding; behind the nodes of HEAD. */
  readonly text: string;
  readonly secrets?: Readonly<Record<string, string>>;
}

const lintOf = async (text: string, secrets: Readonly<Record<string, string>> = {}) => {
  const bare = marked(text);
  const { findings } = await planText(bare.text, { secrets });
  return { found: brief(findings), expected: bare.expected };
};

test.each<Case>([
  { name: "each that is no mapping", text: "  a: { each: «VALUE_TYPE»[es], use: core.print, from: asr }\n" },
  {
    name: "each with two names",
    text: "  a: { each: «VALUE_OUT_OF_RANGE»{ x: [a], y: [b] }, use: core.print, from: asr }\n",
  },
  { name: "each over no list", text: "  a: { each: { x: «VALUE_TYPE»es }, use: core.print, from: asr }\n" },
  { name: "each over nothing", text: "  a: { each: { x: «VALUE_OUT_OF_RANGE»[] }, use: core.print, from: asr }\n" },
  { name: "a value twice", text: "  a: { each: { x: [es, «VALUE_NOT_ALLOWED»es] }, use: core.print, from: asr }\n" },
  {
    name: "a value that names nothing",
    text: '  a: { each: { x: [«NAME_INVALID»"a b"] }, use: core.print, from: asr }\n',
  },
  { name: "a value that is a list", text: "  a: { each: { x: [«NAME_INVALID»[es]] }, use: core.print, from: asr }\n" },
  { name: "a bad name", text: "  a: { each: { «NAME_INVALID»1x: [es] }, use: core.print, from: asr }\n" },
  {
    name: "a secret as a value",
    text: '  a: { each: { x: [«SECRET_EXPOSED»"${secret:azure}"] }, use: core.print, from: asr }\n',
    secrets: { azure: "hidden" },
  },
  {
    name: "a param that is no list",
    text: '  a: { each: { x: «VALUE_TYPE»"${params.vendor}" }, use: core.print, from: asr }\n',
  },
  {
    name: "a value of each outside copies",
    text: '  a: { use: core.print, from: asr, with: { prefix: «INTERPOLATION_NOT_HERE»"${each.x}" } }\n',
  },
  {
    name: "a value of each by the wrong name",
    text: '  a: { each: { lang: [es, ca] }, use: core.print, from: asr, with: { prefix: «PARAM_UNKNOWN»"${each.lnag}" } }\n',
  },
  {
    name: "a fault in what is copied, told once",
    text: "  a: { each: { x: [es, ca] }, use: core.print, from: asr, with: { «KEY_UNKNOWN»prefx: a } }\n",
  },
  {
    name: "a copy that is not there",
    text: '  a: { each: { x: [es, ca] }, use: apertium.translate, from: asr, with: { source: en, target: "${each.x}" } }\n  b: { use: core.print, from: «NODE_UNKNOWN»"a[fr]" }\n',
  },
  { name: "a copy of a node without each", text: '  b: { use: core.print, from: «NODE_UNKNOWN»"asr[es]" }\n' },
  {
    name: "a misspelt port of copies, told once",
    text: '  a: { each: { x: [es, ca] }, use: apertium.translate, from: asr, with: { source: en, target: "${each.x}" } }\n  b: { use: core.print, from: «PORT_UNKNOWN»a.txt }\n',
  },
  {
    name: "audio of several copies into one input",
    text: '  a: { each: { x: [es, ca] }, use: espeak.tts, from: asr, with: { voice: "${each.x}" } }\n  b: { use: core.wav, from: «AUDIO_TWICE»a, with: { path: x.wav } }\n',
  },
  { name: "nodes without nodes", text: "  a: { «KEY_MISSING»nodes: {} }\n" },
  {
    name: "nodes beside use",
    text: "  a: { «KEY_UNKNOWN»use: core.print, nodes: { b: { use: core.print, from: asr } } }\n",
  },
  {
    name: "nodes fed from outside by from",
    text: "  a: { «KEY_UNKNOWN»from: asr, nodes: { b: { use: core.print, from: asr } } }\n",
  },
  {
    name: "a name inside nodes that is nowhere",
    text: "  a: { nodes: { b: { use: core.print, from: «NODE_UNKNOWN»asrr } } }\n",
  },
  {
    name: "a node inside nodes that is called inputs",
    text: "  a: { nodes: { «NAME_INVALID»inputs: { use: core.print, from: asr } } }\n",
  },
  {
    name: "an output that nodes do not have",
    text: "  a: { nodes: { b: { use: espeak.tts, from: asr, with: { voice: es } } }, outputs: { speech: b } }\n  c: { use: core.wav, from: «PORT_UNKNOWN»a.spech, with: { path: x.wav } }\n",
  },
  {
    name: "outputs on a node of a type",
    text: "  a: { use: core.print, from: asr, «WORD_NOT_HERE»outputs: { x: a } }\n",
  },
  {
    name: "a reference from outside to a node inside",
    text: "  a: { nodes: { inner: { use: core.print, from: asr } } }\n  c: { use: core.print, from: «NODE_UNKNOWN»inner }\n",
  },
  { name: "cases without choose", text: "  a: { from: asr, «KEY_MISSING»cases: { x: { use: core.print } } }\n" },
  { name: "choose without cases", text: "  a: { from: asr, choose: «KEY_MISSING»x }\n" },
  { name: "no cases", text: "  a: { from: asr, choose: x, cases: «VALUE_TYPE»{} }\n" },
  {
    name: "a choice between none of the cases",
    text: "  a: { from: asr, choose: «VALUE_NOT_ALLOWED»printt, cases: { print: { use: core.print } } }\n",
  },
  {
    name: "a choice by a list",
    text: "  a: { from: asr, choose: «VALUE_TYPE»[x], cases: { x: { use: core.print } } }\n",
  },
  { name: "a case that is no node", text: "  a: { from: asr, choose: x, cases: { x: «VALUE_TYPE»7 } }\n" },
  {
    name: "each inside a case",
    text: "  a: { from: asr, choose: x, cases: { x: { use: core.print, «WORD_NOT_HERE»each: { l: [a] } } } }\n",
  },
  {
    name: "use beside choose",
    text: "  a: { «WORD_NOT_HERE»use: core.print, from: asr, choose: x, cases: { x: { use: core.print } } }\n",
  },
  {
    name: "a fault in the words beside choose",
    text: "  a: { «KEY_UNKNOWN»form: asr, from: asr, choose: x, cases: { x: { use: core.print } } }\n",
  },
  {
    name: "a value of the param without a case",
    text: '  a: { from: asr, choose: "${params.vendor}", «KEY_MISSING»cases: { local: { use: core.print } } }\n',
  },
  {
    name: "a case that is never chosen",
    text: '  a: { from: asr, choose: "${params.vendor}", cases: { local: { use: core.print }, cloud: { use: core.print }, «VALUE_NOT_ALLOWED»clod: { use: core.print } } }\n',
  },
  {
    name: "a fault in a case that is not chosen",
    text: '  a: { from: asr, choose: "${params.vendor}", cases: { local: { use: core.print }, cloud: { use: core.print, with: { «KEY_UNKNOWN»prefx: a } } } }\n',
  },
  {
    name: "a case that is not chosen and gives what nobody takes",
    text: '  a: { from: vad, choose: "${params.vendor}", cases: { local: { use: pocketsphinx.asr }, cloud: { use: webrtc.vad } } }\n  b: { use: core.print, from: «INPUT_REFUSED»a }\n',
  },
  {
    name: "a case inside a case that is not chosen",
    text: '  a: { from: asr, choose: "${params.vendor}", cases: { local: { use: core.print }, cloud: { choose: two, cases: { one: { use: «NODE_TYPE_UNKNOWN»core.prnt }, two: { use: core.print } } } } }\n',
  },
  {
    name: "a secret that only a case which is not chosen needs, as a warning",
    text: '  a: { from: vad, choose: "${params.vendor}", cases: { local: { use: pocketsphinx.asr }, cloud: { use: azure.asr, with: { key: «SECRET_MISSING»"${secret:azure}", region: westeurope } } } }\n',
  },
  {
    name: "where with no field",
    text: "  a: { use: core.print, from: { from: asr, where: «VALUE_OUT_OF_RANGE»{} } }\n",
  },
  {
    name: "where with a misspelt field",
    text: "  a: { use: core.print, from: { from: asr, where: { «KEY_UNKNOWN»langage: es } } }\n",
  },
  {
    name: "where with a language that is none",
    text: "  a: { use: core.print, from: { from: asr, where: { language: «VALUE_FORMAT»español } } }\n",
  },
  {
    name: "where with a confidence above 1",
    text: "  a: { use: core.print, from: { from: asr, where: { confidence: { min: «VALUE_OUT_OF_RANGE»60 } } } }\n",
  },
  {
    name: "where with min above max",
    text: "  a: { use: core.print, from: { from: asr, where: { channel: «VALUE_INVALID»{ min: 2, max: 1 } } } }\n",
  },
  {
    name: "where with a text for final",
    text: "  a: { use: core.print, from: { from: asr, where: { final: «VALUE_TYPE»yes } } }\n",
  },
  {
    name: "where with a stretch for a text",
    text: "  a: { use: core.print, from: { from: asr, where: { speaker: «VALUE_TYPE»{ min: 1 } } } }\n",
  },
  {
    name: "where with a role that is none",
    text: "  a: { use: core.print, from: { from: asr, where: { role: «VALUE_TYPE»transcrip } } }\n",
  },
  {
    name: "where with a field of another kind",
    text: "  a: { use: core.print, from: { from: asr, where: { «WHERE_UNFIT»topic: x } } }\n",
  },
  {
    name: "where with a role that never comes",
    text: "  a: { use: core.print, from: { from: asr, where: { role: «WHERE_NEVER»translation } } }\n",
  },
  {
    name: "where on an output of the workflow",
    text: "outputs: { x: «VALUE_TYPE»{ from: asr, where: { final: true } } }\n",
  },
])("lint tells of $name", async ({ text, secrets }) => {
  const { found, expected } = await lintOf(`${HEAD}${ASR}${text}`, secrets);
  expect(found).toEqual(expected);
});

test("copies of copies end before they are too many", async () => {
  const list = Array.from({ length: 100 }, (_, i) => `v${i}`).join(", ");
  const text = `${HEAD}${ASR}  a:
    each: { x: [${list}] }
    nodes:
      b: { each: { y: [${list}] }, use: core.print, from: asr }
`;
  const { findings } = await planText(text);
  const faults = findings.filter((each) => each.severity === "error");
  expect(new Set(faults.map((each) => each.code))).toEqual(new Set(["WORKFLOW_TOO_LARGE"]));
});
