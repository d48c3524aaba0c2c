import { expect, test } from "bun:test";
import { planWorkflow } from "#engine/workflow";
import { folderWith, planOptions } from "#test/planning";

const OUTER = `parlando: 1
inputs: { talk: { kind: audio, default: 16k-1.wav } }
nodes:
  ear: { use: ./ear.yaml, from: inputs.talk, with: { pause: 900 } }
  print: { use: core.print, from: ear.words }
outputs: { all: ear.words }
`;
const EAR = `parlando: 1
inputs: { sound: { kind: audio }, second: { kind: audio, default: 8k-1.wav } }
params: { pause: { type: integer, default: 500, max: 1000 } }
nodes:
  vad: { use: webrtc.vad, from: inputs.sound, with: { endpointMs: "\${params.pause}" } }
  other: { use: webrtc.vad, from: inputs.second }
  asr: { use: pocketsphinx.asr, from: vad }
outputs: { words: [asr.partial, asr.final], cut: other }
`;

const lint = async (files: Record<string, string>, path = "w.yaml") => {
  const { plan, findings } = await planWorkflow({ path }, { ...planOptions(), cwd: folderWith(files) });
  return {
    plan,
    found: findings
      .filter((each) => each.severity !== "note")
      .map((each) => `${each.file}:${each.line}:${each.column} ${each.code}`),
  };
};

test("an included workflow's nodes stand under its node's name, and its outputs are ports", async () => {
  const { plan, found } = await lint({
    "w.yaml": OUTER.replace("from: inputs.talk", "in: { sound: inputs.talk }"),
    "ear.yaml": EAR,
  });
  expect(found).toEqual([]);
  expect(plan!.nodes.map((node) => node.id)).toEqual([
    "inputs.talk",
    "ear/inputs.second",
    "inputs.talk~1",
    "ear/vad",
    "ear/inputs.second~1",
    "ear/other",
    "ear/asr",
    "print",
  ]);
  expect(plan!.nodes.find((node) => node.id === "ear/vad")?.config).toMatchObject({ endpointMs: 900 });
  expect(plan!.edges.filter((edge) => edge.to.node === "print").map((edge) => edge.id)).toEqual([
    "ear/asr.partial -> print.text",
    "ear/asr.final -> print.text",
  ]);
  expect(plan!.outputs[0]?.from.map(({ node, port }) => `${node}.${port}`)).toEqual([
    "ear/asr.partial",
    "ear/asr.final",
  ]);
});

test.each([
  { name: "the file is missing", files: { "w.yaml": OUTER }, found: ["w.yaml:4:15 INCLUDE_NOT_FOUND"] },
  {
    name: "several inputs and no name",
    files: { "w.yaml": OUTER, "ear.yaml": EAR },
    found: ["w.yaml:4:3 INPUT_UNFED", "w.yaml:4:27 PORT_AMBIGUOUS"],
  },
  {
    name: "a fault inside names the included file",
    files: {
      "w.yaml": OUTER.replace("from: inputs.talk", "in: { sound: inputs.talk }"),
      "ear.yaml": EAR.replace("webrtc.vad", "webrtc.vat"),
    },
    found: ["ear.yaml:5:15 NODE_TYPE_UNKNOWN"],
  },
  {
    name: "a param that does not fit points to the including file",
    files: {
      "w.yaml": OUTER.replace("from: inputs.talk", "in: { sound: inputs.talk }").replace("900", "2000"),
      "ear.yaml": EAR,
    },
    found: ["w.yaml:4:70 PARAM_INVALID"],
  },
  {
    name: "an unknown param, input and output",
    files: {
      "w.yaml": OUTER.replace("from: inputs.talk", "in: { soud: inputs.talk, sound: inputs.talk }")
        .replace("pause", "puase")
        .replace("ear.words }", "ear.word }"),
      "ear.yaml": EAR,
    },
    found: ["w.yaml:4:33 INPUT_UNKNOWN", "w.yaml:4:82 PARAM_UNKNOWN", "w.yaml:5:35 PORT_UNKNOWN"],
  },
  {
    name: "a param that is not given is missing for lint too",
    files: {
      "w.yaml": "parlando: 1\nnodes: { a: { use: ./b.yaml } }\n",
      "b.yaml":
        "parlando: 1\nparams: { p: { type: integer } }\nnodes: { f: { use: core.file, with: { path: x.wav } } }\n",
    },
    found: ["b.yaml:2:11 PARAM_MISSING"],
  },
  {
    name: "a channel that is taken twice",
    files: {
      "w.yaml":
        "parlando: 1\ninputs: { talk: { kind: audio } }\nnodes: { a: { use: ./b.yaml, from: { from: inputs.talk, channel: 1 } } }\n",
      "b.yaml":
        "parlando: 1\ninputs: { in: { kind: audio } }\nnodes: { v: { use: webrtc.vad, from: { from: inputs.in, channel: 0 } } }\n",
    },
    found: ["b.yaml:3:46 CHANNEL_UNKNOWN"],
  },
  {
    name: "words that belong to single nodes",
    files: {
      "w.yaml": OUTER.replace("from: inputs.talk", "retry: { attempts: 2 }, in: { sound: inputs.talk }"),
      "ear.yaml": EAR,
    },
    found: ["w.yaml:4:27 WORD_NOT_HERE"],
  },
  {
    name: "a workflow that includes itself through another",
    files: {
      "w.yaml": "parlando: 1\nnodes: { a: { use: ./b.yaml } }\n",
      "b.yaml": "parlando: 1\nnodes: { c: { use: ./w.yaml } }\n",
    },
    found: ["b.yaml:2:20 INCLUDE_CYCLE"],
  },
  {
    name: "an output that is handed back to its own input",
    files: {
      "w.yaml": "parlando: 1\nnodes: { a: { use: ./b.yaml, from: a.out }, p: { use: core.print, from: a.out } }\n",
      "b.yaml":
        "parlando: 1\ninputs: { in: { kind: text } }\nnodes: { p: { use: core.print, from: inputs.in } }\noutputs: { out: inputs.in }\n",
    },
    found: ["b.yaml:4:17 GRAPH_CYCLE", "w.yaml:2:36 GRAPH_CYCLE"],
  },
])("$name", async ({ files, found }) => {
  const result = await lint(files as Record<string, string>);
  expect(result.found.sort()).toEqual([...found].sort());
});

test("a file that includes itself many times over stops growing", async () => {
  const doubling = (next: string) =>
    `parlando: 1\nnodes:\n${[..."abcdefgh"].map((id) => `  ${id}: { use: ./${next} }\n`).join("")}`;
  const leaf = `parlando: 1\nnodes:\n${Array.from({ length: 40 }, (_, i) => `  n${i}: { use: core.file, with: { path: x.wav } }\n`).join("")}`;
  const { found } = await lint({
    "w.yaml": doubling("b.yaml"),
    "b.yaml": doubling("c.yaml"),
    "c.yaml": doubling("d.yaml"),
    "d.yaml": leaf,
  });
  expect([...new Set(found.map((each) => each.split(" ")[1]))]).toEqual(["WORKFLOW_TOO_LARGE"]);
});
