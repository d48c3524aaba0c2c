import { expect, test } from "bun:test";
import { planWorkflow } from "#engine/workflow";
import { brief, folderWith, marked, planOptions, planText } from "#test/planning";

const WORKFLOW = `parlando: 1
inputs: { talk: { kind: audio }, words: { kind: text } }
params: { voice: { type: string, default: es } }
nodes:
  vad: { use: webrtc.vad, from: inputs.talk }
  asr: { use: pocketsphinx.asr, from: vad, fallback: [{ use: azure.asr, with: { key: x, region: westeurope } }] }
  say: { use: espeak.tts, from: [asr, inputs.words], with: { voice: "\${params.voice}" } }
outputs: { text: asr }
`;
const GIVEN = "in: { talk: [{ silence: 100 }], words: { text: [hi] } }";

interface Case {
  readonly name: string;
  /** Behind the workflow; with `«CODE»` before the place of each finding. */
  readonly tests: string;
}

const one = (words: string) => `tests: [{ name: a, ${GIVEN}, ${words} }]\n`;

test.each<Case>([
  { name: "no list", tests: "tests: «VALUE_TYPE»{ a: 1 }\n" },
  { name: "no name", tests: `tests: [«KEY_MISSING»{ ${GIVEN} }]\n` },
  { name: "one name twice", tests: `tests: [{ name: a, ${GIVEN} }, { name: «VALUE_NOT_ALLOWED»a, ${GIVEN} }]\n` },
  { name: "a misspelt word", tests: one("«KEY_UNKNOWN»expects: {}") },
  {
    name: "an input that is not there",
    tests: `tests: [{ name: a, in: { talk: [{ silence: 1 }], words: { text: [a] }, «INPUT_UNKNOWN»tlk: [{ silence: 1 }] } }]\n`,
  },
  { name: "an input that is left out", tests: "tests: [«INPUT_UNBOUND»{ name: a, in: { talk: [{ silence: 1 }] } }]\n" },
  {
    name: "texts for audio",
    tests: "tests: [{ name: a, in: { talk: «FIXTURE_UNFIT»{ text: [a] }, words: { text: [a] } } }]\n",
  },
  {
    name: "audio for texts",
    tests: "tests: [{ name: a, in: { talk: [{ silence: 1 }], words: «FIXTURE_UNFIT»[{ silence: 1 }] } }]\n",
  },
  {
    name: "a recording that is not there",
    tests: "tests: [{ name: a, in: { talk: «FIXTURE_ABSENT»none.wav, words: { text: [a] } } }]\n",
  },
  {
    name: "a recording in a piece of a piece that is not there",
    tests:
      "tests: [{ name: a, in: { talk: [{ repeat: 2, of: [{ file: «FIXTURE_ABSENT»none.wav }] }], words: { text: [a] } } }]\n",
  },
  {
    name: "a sound of no length",
    tests: "tests: [{ name: a, in: { talk: [{ silence: «VALUE_OUT_OF_RANGE»0 }], words: { text: [a] } } }]\n",
  },
  {
    name: "audio and texts at once",
    tests:
      "tests: [{ name: a, in: { talk: «VALUE_INVALID»{ audio: [{ silence: 1 }], text: [b] }, words: { text: [a] } } }]\n",
  },
  { name: "a param that is not there", tests: one("params: { «PARAM_UNKNOWN»voise: en }") },
  { name: "a mock of no node", tests: one("mock: { «NODE_UNKNOWN»asrr: {} }") },
  { name: "a mock of a fallback that is not there", tests: one("mock: { «NODE_UNKNOWN»asr.fallback.2: {} }") },
  { name: "a mock with a misspelt word", tests: one("mock: { asr: { «KEY_UNKNOWN»result: [] } }") },
  { name: "results of a detector", tests: one("mock: { vad: { «MOCK_UNFIT»results: [a] } }") },
  {
    name: "utterances of a recogniser",
    tests: one("mock: { asr: { «MOCK_UNFIT»utterances: [{ fromMs: 1, toMs: 2 }] } }"),
  },
  { name: "what a node gives that is no source", tests: one("mock: { say: { «MOCK_UNFIT»gives: [{ silence: 1 }] } }") },
  {
    name: "a code that is none",
    tests: one("mock: { asr: { results: [{ text: a, error: «VALUE_NOT_ALLOWED»VENDOR_FALED }] } }"),
  },
  { name: "times without a failure", tests: one("mock: { asr: { results: [{ text: a, times: «VALUE_INVALID»2 }] } }") },
  {
    name: "a failure that hangs",
    tests: one("mock: { asr: { results: [«VALUE_INVALID»{ error: VENDOR_FAILED, hang: true }] } }"),
  },
  {
    name: "some results with times on the stream",
    tests: one("mock: { asr: { results: «VALUE_INVALID»[{ text: a, untilMs: 3 }, { text: b }] } }"),
  },
  { name: "a port that is none", tests: one("expect: { ports: { «PORT_UNKNOWN»asr.finl: { text: a } } }") },
  { name: "a port of no node", tests: one("expect: { ports: { «NODE_UNKNOWN»asrr: { text: a } } }") },
  {
    name: "an output of the workflow that is not there",
    tests: one("expect: { ports: { «PORT_UNKNOWN»outputs.txt: { text: a } } }"),
  },
  { name: "a text of a port that gives none", tests: one("expect: { ports: { vad: { «TEST_UNFIT»text: a } } }") },
  { name: "audio of a port that gives none", tests: one("expect: { ports: { asr: { «TEST_UNFIT»audioMs: 3 } } }") },
  { name: "wer without a text", tests: one("expect: { ports: { asr: { wer: «KEY_MISSING»0.2 } } }") },
  { name: "a pattern that is none", tests: one('expect: { ports: { asr: { pattern: «VALUE_FORMAT»"(" } } }') },
  { name: "an order with a port that is none", tests: one("expect: { order: [asr, «PORT_UNKNOWN»say.spoken] }") },
  {
    name: "counters of no node",
    tests: one("expect: { accounts: { counters: { «NODE_UNKNOWN»vda: { utterances: 1 } } } }"),
  },
  { name: "an event of no node", tests: one("expect: { events: [{ node: «NODE_UNKNOWN»vda, type: engine }] }") },
  { name: "an end with a code that is none", tests: one("expect: { ends: { error: «VALUE_NOT_ALLOWED»NOPE } }") },
  { name: "an end that is none", tests: one("expect: { ends: «VALUE_TYPE»finished }") },
])("lint tells of tests with $name", async ({ tests }) => {
  const { text, expected } = marked(WORKFLOW + tests);
  const { findings } = await planText(text);
  expect(brief(findings)).toEqual(expected);
});

test("what feeds a mocked node wrongly is told once, and not of its mock too", async () => {
  const { text, expected } = marked(
    WORKFLOW.replace("from: vad,", "from: «NODE_UNKNOWN»vda,") + one("mock: { asr: { results: [hi] } }"),
  );
  const { findings } = await planText(text);
  expect(brief(findings)).toEqual(expected);
});

test("a run is not kept from starting by its tests, and a missing recording is a warning for lint", async () => {
  const text = `${WORKFLOW}tests: [{ name: a, in: { talk: none.wav, words: { text: [a] } } }]\n`;
  const linted = await planText(text);
  expect(linted.findings.map(({ code, severity }) => `${severity} ${code}`)).toContain("warning FIXTURE_ABSENT");
  expect(linted.plan).toBeDefined();
  expect(linted.tests?.map(({ name, faults }) => [name, faults.length])).toEqual([["a", 1]]);
});

test("paths of tests are relative to the workflow's file", async () => {
  const folder = folderWith({
    "w.yaml": `${WORKFLOW}tests: [{ name: a, in: { talk: here.wav, words: { text: [a] } } }]\n`,
    "here.wav": "RIFF",
  });
  const { findings, tests } = await planWorkflow({ path: "w.yaml" }, { ...planOptions(), cwd: folder });
  expect(findings.filter(({ code }) => code === "FIXTURE_ABSENT")).toEqual([]);
  expect(tests).toMatchObject([{ name: "a", dir: folder, line: 9 }]);
});
