import { describe, expect, setDefaultTimeout, test } from "bun:test";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { runWorkflowTests, type TestOptions, type TestResult } from "#engine/testing";
import { deliveredTypes } from "#test/built-in-types";
import { folderWith } from "#test/planning";

setDefaultTimeout(60_000);

const WORKFLOW = `parlando: 1
inputs: { talk: { kind: audio } }
params: { greeting: { type: string, default: hello } }
nodes:
  vad: { use: core.script, with: { as: source, events: [{ atMs: 0, text: unused }] } }
`;

/** A recogniser after a detector, a translation, a voice and files: all of it mocked in the tests below. */
const PIPELINE = `parlando: 1
inputs: { talk: { kind: audio } }
nodes:
  vad: { use: webrtc.vad, from: inputs.talk }
  asr:
    use: tencent.asr
    from: vad
    retry: { attempts: 2 }
    fallback: [{ use: pocketsphinx.asr }]
  translate: { use: apertium.translate, from: asr, with: { source: en, target: es } }
  voice: { use: espeak.tts, from: translate, with: { voice: es } }
  speech: { use: core.wav, from: voice, with: { path: "\${run.dir}/speech.wav" } }
  notes: { use: core.transcript, from: [asr, translate], with: { path: "\${run.dir}/notes.txt" } }
outputs: { said: asr }
bargeIn: { when: vad, minMs: 100, flush: [voice] }
tests:
`;
const MOCKS = `    in: { talk: [{ silence: 500 }, { noise: 1000 }, { silence: 500 }, { tone: 600, hz: 300 }, { silence: 1400 }] }
    mock:
      vad: { utterances: [{ fromMs: 500, toMs: 1500 }, { fromMs: 2000, toMs: 2600 }] }
      asr: { results: [{ text: one two, partials: [one] }, { text: three, delayMs: 300 }] }
      translate: { table: { one two: uno dos, three: tres } }
      voice: { results: [{ audioMs: 300 }, { audioMs: 200 }] }
`;

async function results(
  text: string,
  options: Partial<TestOptions> = {},
  files: Readonly<Record<string, string | Uint8Array>> = {},
) {
  const folder = folderWith({ "w.yaml": text, ...files });
  const told: TestResult[] = [];
  const types = deliveredTypes();
  const all = {
    types,
    environment: {},
    secret: () => undefined,
    cwd: folder,
    onResult: (result: TestResult) => void told.push(result),
  };
  const [file] = await runWorkflowTests(["w.yaml"], { ...all, ...options });
  return { folder, told, ...file! };
}

/** What the only test of the pipeline is told to have wrong. */
async function problemsOf(expected: string, mocks = MOCKS, options: Partial<TestOptions> = {}) {
  const { tests, findings } = await results(
    `${PIPELINE}  - name: it works\n${mocks}    expect: ${expected}\n`,
    options,
  );
  expect(findings.filter(({ severity }) => severity === "error").map(({ message }) => message)).toEqual([]);
  return tests.flatMap(({ problems }) => problems);
}

describe("what is expected and comes", () => {
  test.each([
    { name: "texts together", expected: "{ ports: { asr: { text: one two three } } }" },
    { name: "texts one by one", expected: "{ ports: { translate: { text: [uno dos, tres] } } }" },
    { name: "texts but for some words", expected: "{ ports: { asr: { text: one too three, wer: 0.4 } } }" },
    { name: "a pattern", expected: '{ ports: { asr: { pattern: "^one .* three$" } } }' },
    { name: "partials", expected: "{ ports: { asr.partial: { partials: [one] } } }" },
    { name: "the language that the port declares", expected: "{ ports: { translate: { language: es } } }" },
    {
      name: "a count, and one within bounds",
      expected: "{ ports: { asr: { count: 2 }, vad: { count: { min: 1, max: 2 } } } }",
    },
    { name: "times", expected: "{ ports: { asr: { atMs: [1500, 2900] } } }" },
    { name: "times within their tolerance", expected: "{ ports: { asr: { atMs: [1450, 2950], toleranceMs: 60 } } }" },
    { name: "latency in media time", expected: "{ ports: { asr: { latencyMs: { min: 0, max: 300 } } } }" },
    { name: "utterances", expected: "{ ports: { vad: { utterances: [[500, 1500], [2000, 2600]] } } }" },
    { name: "audio", expected: "{ ports: { voice: { audioMs: 500 }, vad: { audioMs: 1600 } } }" },
    { name: "an output of the workflow", expected: "{ ports: { outputs.said: { text: one two three } } }" },
    { name: "what comes in", expected: "{ ports: { inputs.talk: { audioMs: 4000 } } }" },
    {
      name: "an order",
      expected:
        "{ order: [vad, { port: asr.partial, partial: true }, asr, translate, voice, { port: vad, mark: end }, { port: asr, text: three }] }",
    },
    { name: "no drops", expected: "{ accounts: { dropped: 0, coalesced: 0 } }" },
    {
      name: "what an edge carried",
      expected: '{ accounts: { edges: { "asr.final -> translate.text": { in: 2, out: 2, dropped: 0, bargeIn: 0 } } } }',
    },
    { name: "what a node counted", expected: "{ accounts: { counters: { voice: { bargedInTexts: 0 } } } }" },
    {
      name: "what a node reported",
      expected: "{ events: [{ node: vad, type: bargeIn, heardMs: 100 }, { node: vad, type: bargeIn }] }",
    },
    {
      name: "files",
      expected:
        '{ files: { speech.wav: { audioMs: 500 }, notes.txt: { pattern: "uno dos" }, other.txt: { absent: true } } }',
    },
    { name: "how long the run takes", expected: "{ durationMs: { min: 4000, max: 4100 } }" },
  ])("is fine: $name", async ({ expected }) => {
    expect(await problemsOf(expected)).toEqual([]);
  });
});

describe("what is expected and does not come", () => {
  test.each([
    {
      expected: "{ ports: { asr: { text: one two four } } }",
      what: "asr: the text differs",
      lines: ["- one two four", "+ one two three", "  one two [-four-] {+three+}"],
    },
    {
      expected: "{ ports: { asr: { text: [one two, four] } } }",
      what: "asr: the text differs",
      lines: ["  one two", "- four", "+ three"],
    },
    {
      expected: "{ ports: { asr: { text: one too four, wer: 0.5 } } }",
      what: "asr: the text differs",
      lines: ["2 of 3 words are wrong: 0.667, at most 0.5 is wanted", "  one [-too four-] {+two three+}"],
    },
    {
      expected: "{ ports: { asr: { pattern: four } } }",
      what: "asr: the pattern does not match",
      lines: ["- four", "+ one two three"],
    },
    {
      expected: "{ ports: { asr.partial: { partials: [] } } }",
      what: "asr.partial: the partials differ",
      lines: ["+ one"],
    },
    { expected: "{ ports: { asr: { count: 3 } } }", what: "asr: there are 2", lines: ["- 3", "+ 2"] },
    {
      expected: "{ ports: { asr: { atMs: [1500, 2000] } } }",
      what: "asr: the times differ by more than 50 ms",
      lines: ["- 1500, 2000", "+ 1500, 2900"],
    },
    {
      expected: "{ ports: { asr: { latencyMs: { max: 200 } } } }",
      what: 'asr: the latency of "three" is 300 ms',
      lines: ["- at most 200 ms", "+ 300 ms"],
    },
    {
      expected: "{ ports: { vad: { utterances: [[500, 1500]] } } }",
      what: "vad: the utterances differ by more than 50 ms",
      lines: ["  500 to 1500 ms", "+ 2000 to 2600 ms"],
    },
    {
      expected: "{ ports: { voice: { audioMs: { max: 400 } } } }",
      what: "voice: the audio lasts 500 ms",
      lines: ["- at most 400 ms", "+ 500 ms"],
    },
    {
      expected: "{ ports: { translate: { language: fr } } }",
      what: "translate: the language differs",
      lines: ["- fr", "+ es: uno dos"],
    },
    {
      expected: "{ order: [translate, vad, { port: asr, text: one two }] }",
      what: 'the order differs: asr text "one two" does not come after vad; it came before that',
      lines: ["  translate", "  vad", '- asr text "one two"'],
    },
    { expected: "{ ends: failed }", what: "the run ends otherwise", lines: ["- failed", "+ done"] },
    {
      expected: "{ ends: { error: VENDOR_FAILED } }",
      what: "the run ends otherwise",
      lines: ["- failed: VENDOR_FAILED", "+ done"],
    },
    {
      expected: "{ accounts: { counters: { voice: { bargedInTexts: 1 } } } }",
      what: "voice counts bargedInTexts: 0",
      lines: ["- 1", "+ 0"],
    },
    {
      expected: "{ files: { other.txt: {} } }",
      what: "other.txt: there is no such file in the run's folder",
      lines: [],
    },
    {
      expected: "{ files: { notes.txt: { absent: true } } }",
      what: "notes.txt: the file is there",
      lines: ["- absent"],
    },
  ])("is told: $what", async ({ expected, what, lines }) => {
    const [problem] = await problemsOf(expected);
    expect(problem).toMatchObject({ what, lines });
  });

  test("an event is told with what the node did report", async () => {
    const [problem] = await problemsOf("{ events: [{ node: vad, type: bargeIn, heardMs: 7 }] }");
    expect(problem?.what).toBe("vad does not report bargeIn");
    expect(problem?.lines[0]).toBe('- {"node":"vad","type":"bargeIn","heardMs":7}');
    expect(problem?.lines[1]).toStartWith('+ {"node":"vad","type":"bargeIn"');
  });
});

describe("a mock", () => {
  const mocks = (asr: string, more = "") =>
    MOCKS.replace(/asr: .*\n/, `asr: ${asr}\n${more}`).replace(
      /translate: .*\n/,
      "translate: { table: { one: uno, two: dos, last: fin } }\n",
    );

  test("that fails once is tried again, and the script goes on where it stood", async () => {
    const asr = "{ results: [{ text: one, error: VENDOR_FAILED, times: 1 }, two] }";
    const expected =
      "{ ports: { asr: { text: [one, two] } }, events: [{ node: asr, type: retry, code: VENDOR_FAILED }] }";
    expect(await problemsOf(expected, mocks(asr))).toEqual([]);
  });

  test("that goes on failing is left for its fallback, which can be mocked, too", async () => {
    const asr = "{ results: [{ text: one, error: VENDOR_FAILED }, two] }";
    const fallback = "      asr.fallback.1: { results: [last, two] }\n";
    const expected =
      "{ ports: { asr: { text: [last, two] } }, events: [{ node: asr, type: retry }, { node: asr, type: fallback }] }";
    expect(await problemsOf(expected, mocks(asr, fallback))).toEqual([]);
  });

  test("that never answers is cut off by the run", async () => {
    const asr = "{ results: [one, { hang: true }] }";
    expect(await problemsOf("{ ends: { error: RUN_DEADLINE }, ports: { asr: { text: one } } }", mocks(asr))).toEqual(
      [],
    );
  });

  test("that fails to start fails the run", async () => {
    const text = MOCKS.replace("translate: { table", "translate: { error: LANGUAGE_UNSUPPORTED, table");
    expect(await problemsOf("{ ends: { error: LANGUAGE_UNSUPPORTED, node: translate } }", text)).toEqual([]);
  });

  test.each([
    { afterLast: "error", expected: "{ ends: { error: SCRIPT_INVALID } }" },
    { afterLast: "empty", expected: "{ ports: { translate: { text: [uno] } } }" },
    { afterLast: "repeat", expected: "{ ports: { translate: { text: [uno, uno] } } }" },
  ])("whose results are used up goes on by afterLast: $afterLast", async ({ afterLast, expected }) => {
    const text = MOCKS.replace(/translate: .*\n/, `translate: { results: [uno], afterLast: ${afterLast} }\n`);
    expect(await problemsOf(expected, text)).toEqual([]);
  });

  test("needs neither credentials nor an engine", async () => {
    const { findings } = await results(`${PIPELINE}  - name: it works\n${MOCKS}`);
    expect(findings.map(({ code }) => code)).not.toContain("SECRET_MISSING");
  });
});

describe("golden files", () => {
  const text = `${PIPELINE}  - name: it works\n${MOCKS}    expect: { ports: { asr: { golden: golden/asr.txt } }, files: { notes.txt: { golden: golden/notes.txt } } }\n`;

  test("are missed, written by update, and then compared", async () => {
    const missed = await results(text);
    expect(missed.tests[0]?.problems.map(({ what }) => what)).toEqual([
      "asr: there is no golden/asr.txt",
      "notes.txt: there is no golden/notes.txt",
    ]);
    expect(existsSync(join(missed.folder, "golden"))).toBe(false);
    const updated = await results(text, { update: true });
    expect(updated.tests[0]).toMatchObject({ status: "passed" });
    expect(readFileSync(join(updated.folder, "golden/asr.txt"), "utf8")).toBe("one two\nthree\n");
    const options = { types: deliveredTypes(), environment: {}, secret: () => undefined, cwd: updated.folder };
    const [again] = await runWorkflowTests(["w.yaml"], options);
    expect(again?.tests[0]).toMatchObject({ status: "passed", updated: [] });
  });

  test("that are not the same are told line by line", async () => {
    const folder = { "golden.txt": "one two\nfour\n" };
    const own = `${PIPELINE}  - name: it works\n${MOCKS}    expect: { ports: { asr: { golden: golden.txt } } }\n`;
    const { tests } = await results(own, {}, folder);
    expect(tests[0]?.problems).toEqual([
      { what: "asr: the text differs from golden.txt", lines: ["  one two", "- four", "+ three"] },
    ]);
  });
});

describe("what is given", () => {
  const ECHO = `parlando: 1
inputs: { talk: { kind: audio }, words: { kind: text } }
nodes:
  copy: { use: core.wav, from: inputs.talk, with: { path: "\${run.dir}/copy.wav" } }
  notes: { use: core.transcript, from: inputs.words, with: { path: "\${run.dir}/notes.txt" } }
tests:
  - name: it comes as it is given
    in:
      talk: { channels: [[{ tone: 400 }], [{ repeat: 3, of: [{ noise: 100 }, { silence: 100 }] }]], sampleRateHz: 8000, frameMs: 10 }
      words: { text: [first, { text: second, atMs: 700 }] }
    expect:
      ports: { inputs.talk: { audioMs: 600 }, inputs.words: { text: [first, second], atMs: [0, 700], toleranceMs: 1 } }
      files: { copy.wav: { audioMs: 600 }, notes.txt: { pattern: second } }
`;
  test("may be several channels, repeats, and texts at their times", async () => {
    const { tests } = await results(ECHO);
    expect(tests).toMatchObject([{ status: "passed", problems: [], mediaMs: 600 }]);
  });

  test("and is not there fails its test, and no other", async () => {
    const text = `${ECHO}  - name: it is missing
    in: { talk: none.wav, words: { text: [a] } }
`;
    const { tests } = await results(text);
    expect(tests.map(({ status }) => status)).toEqual(["passed", "failed"]);
    expect(tests[1]?.problems[0]?.lines[0]).toContain(
      "w.yaml:15:17 FIXTURE_ABSENT the recording none.wav is not there",
    );
  });

  test("and is damaged fails its test with its code", async () => {
    const text = ECHO.replace(/talk: \{ channels.*\n/, "talk: bad.wav\n");
    const { tests } = await results(text, {}, { "bad.wav": "RIFFand nothing else" });
    expect(tests[0]?.problems[0]?.what).toBe("what the test gives cannot be made");
  });
});

describe("the runner", () => {
  const many = `${PIPELINE}${Array.from({ length: 12 }, (_, i) => `  - name: number ${i}\n${MOCKS}    expect: { ports: { asr: { text: ${i === 7 ? "wrong" : "one two three"}, atMs: [1500, 2900], toleranceMs: 0 } } }\n`).join("")}`;

  test.each([1, 3, 12])("gives the same results in the order of the file, %d at once", async (jobs) => {
    const { tests, told, count } = await results(many, { jobs });
    expect(count).toBe(12);
    expect(told).toHaveLength(12);
    expect(tests.map(({ name }) => name)).toEqual(Array.from({ length: 12 }, (_, i) => `number ${i}`));
    expect(tests.filter(({ status }) => status === "failed").map(({ name }) => name)).toEqual(["number 7"]);
  });

  test("takes only those that are asked for", async () => {
    const { tests, count } = await results(many, { only: "number 1" });
    expect(tests.map(({ name }) => name)).toEqual(["number 1", "number 10", "number 11"]);
    expect(count).toBe(12);
  });

  test("runs no test of a file with an error", async () => {
    const { tests, findings } = await results(`${WORKFLOW}  broken: { use: core.prnt }\ntests: [{ name: a }]\n`);
    expect(tests).toEqual([]);
    expect(findings.map(({ code }) => code)).toContain("NODE_TYPE_UNKNOWN");
  });

  test("runs the others where one test is faulty, and tells of it as lint does", async () => {
    const text = `${PIPELINE}  - name: it works\n${MOCKS}`;
    const { findings, tests } = await results(
      `${text}  - name: faulty\n${MOCKS}    expect: { ports: { asr: { txt: a } } }\n`,
    );
    expect(findings.filter(({ severity }) => severity === "error").map(({ code }) => code)).toEqual(["KEY_UNKNOWN"]);
    expect(tests).toEqual([]);
  });
});
